"""Pipes to and from a child process: our end never blocks, and each end is closed once."""

from __future__ import annotations

import os
from contextlib import suppress
from types import TracebackType
from typing import Self

import anyio

from agent.probe import ProbeError

__all__ = ["Sink", "Source"]

_CHUNK = 65536


class _Pipe:
    """Two ends, of which the child gets one; `with` closes what is still open."""

    def __init__(self, *, reads: bool) -> None:
        try:
            ends = os.pipe()
        except OSError as error:
            raise ProbeError(f"no pipe to a command: {(error.strerror or '').lower()}") from error
        self._ours, self.child = ends if reads else ends[::-1]
        os.set_blocking(self._ours, False)

    def hand_over(self) -> None:
        """Close the child's end here, once the child has it."""
        child, self.child = self.child, -1
        _close(child)

    def close(self) -> None:
        """Close our end."""
        ours, self._ours = self._ours, -1
        _close(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hand_over()
        self.close()


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        os.close(descriptor)


class Sink(_Pipe):
    """What a child writes, up to a limit of bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(reads=True)
        self._limit = limit
        self._data = bytearray()
        self.ended = False
        """Whether everybody who could write has closed their end, so that what came is whole."""

    @property
    def flooded(self) -> bool:
        """Whether more came than the limit allows."""
        return len(self._data) > self._limit

    async def fill(self) -> None:
        """Read until the child's end is closed or the limit is passed."""
        more = True
        while more and not self.flooded:
            await anyio.wait_readable(self._ours)
            more = self._take()

    def rest(self) -> bytes:
        """Read what stands in the pipe now, wait for nothing, and give everything that came."""
        with suppress(BlockingIOError):
            while not self.flooded and self._read():
                pass
        return bytes(self._data)

    def _take(self) -> bool:
        """Read once; False at the end.  Nothing there, after all, is not the end."""
        try:
            return self._read()
        except BlockingIOError:
            return True

    def _read(self) -> bool:
        chunk = os.read(self._ours, _CHUNK)
        self._data += chunk
        self.ended = not chunk
        return not self.ended


class Source(_Pipe):
    """What a child is given to read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(reads=False)
        self._left = memoryview(data)

    async def feed(self) -> None:
        """Write until everything is taken or the child has closed its end."""
        with suppress(BrokenPipeError):
            while self._left:
                await anyio.wait_writable(self._ours)
                with suppress(BlockingIOError):
                    self._left = self._left[os.write(self._ours, self._left[:_CHUNK]) :]
        self.close()
