"""Take a body out of its content coding: every byte bounded, and never taken for whole when it is not.

httpx's own decoders have no bound (317 bytes of brotli became 200 MiB), and give the empty text for a gzip
stream that is cut short.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from agent.probe import Unreachable

__all__ = ["ACCEPTED", "Decoder"]

ACCEPTED = "gzip, deflate"
"""What is asked for, and all that is understood."""

_STEP = 262144
"""Bytes decoded in one go, so that others get a turn in between."""

_GZIP, _ZLIB, _RAW = 31, 15, -15
"""zlib's words (`wbits`) for RFC 1952, 1950 and 1951."""


class Decoder:
    """Decodes one body of at most `limit` bytes; `feed` what comes, then `finish`."""

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = _known(coding)
        self._limit = self._left = limit
        self._zlib: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode what comes next, piece by piece.  Raises Unreachable."""
        if not self._coding:
            yield self._counted(data)
            return
        full = False
        while data or full:  # zlib may hold more than it was allowed to give, with nothing left to take
            size = min(_STEP, self._left + 1)
            data, piece = self._step(data, size)
            full = len(piece) == size
            yield self._counted(piece)

    def finish(self) -> None:
        """Refuse a body that ended before its coding did."""
        if self._coding and (self._zlib is None or not self._zlib.eof):
            raise Unreachable(f"the body is cut short: its {self._coding} does not end")

    def _step(self, data: bytes, size: int) -> tuple[bytes, bytes]:
        """Decode to at most `size` bytes; returns what is left to decode and what came out."""
        stream = self._stream(data)
        try:
            piece = stream.decompress(data, size)
        except zlib.error as error:
            raise Unreachable(f"the body is broken: it is not {self._coding}") from error
        return stream.unconsumed_tail or stream.unused_data, piece

    def _stream(self, data: bytes) -> zlib._Decompress:
        if self._zlib is None or (data and self._zlib.eof):
            if self._zlib is not None and self._coding != "gzip":  # gzip has members, RFC 1952 section 2.2
                raise Unreachable(f"the body is broken: something follows its {self._coding}")
            self._zlib = zlib.decompressobj(self._format(data[0]))
        return self._zlib

    def _format(self, first: int) -> int:
        """Tell zlib, which `deflate` means, from raw deflate, which some servers send."""
        if self._coding == "gzip":
            return _GZIP
        return _ZLIB if first & 0x8F == 0x08 else _RAW

    def _counted(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise Unreachable(f"the body is larger than {self._limit} bytes (`body_limit`)")
        return piece


def _known(header: str) -> str:
    """Read a content-encoding; empty when there is none.  Raises Unreachable for what was not asked for."""
    codings = [name for part in header.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if not codings:
        return ""
    if codings in (["gzip"], ["x-gzip"]):
        return "gzip"
    if codings == ["deflate"]:
        return "deflate"
    raise Unreachable(f"the body is coded in {', '.join(codings)}, expected {ACCEPTED} or none")
