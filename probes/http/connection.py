"""One fresh TCP or Unix connection that knows when its bytes arrived."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import ExitStack, suppress
from time import perf_counter
from typing import Protocol

import anyio
from anyio.lowlevel import checkpoint

from agent.probe import Unreachable, Unreadable
from probes.http import arrival, failures
from probes.http.resolve import Address

__all__ = ["Connection", "Stream", "connect"]

_CHUNK = 65536
_EAGER = 16
"""Reads in a row that found data waiting before others get a turn: a flood must not hold the loop."""


class Stream(Protocol):
    """Bytes to and from a peer: a connection, with or without TLS over it."""

    @property
    def sent(self) -> float:
        """When the last of what was sent was handed to the kernel."""

    @property
    def began(self) -> float:
        """When the first byte arrived of what `receive_first` returned."""

    @property
    def arrived(self) -> float:
        """When the last byte arrived of what was received last."""

    @property
    def complete(self) -> bool:
        """Whether its end, once received, was the peer's word and not merely the end of the connection."""

    @property
    def expires(self) -> float | Unreadable | None:
        """When the peer's certificate expires, in seconds since the epoch; None without TLS."""

    @property
    def protocol(self) -> str | None:
        """What ALPN chose (RFC 7301), if anything."""

    async def send(self, data: bytes) -> None:
        """Hand all of it to the kernel.  Raises Unreachable."""

    async def receive(self) -> bytes:
        """Wait for data; empty at the end.  Raises Unreachable."""

    async def receive_first(self) -> bytes:
        """Do the same and set `began`, which costs a little more."""

    def close(self) -> None:
        """Close at once; to do it twice is harmless."""


class Connection:
    """A connected socket.  Who opened it closes it."""

    expires: float | Unreadable | None = None
    protocol: str | None = None
    complete = True

    __slots__ = ("_allowed", "_eager", "_sock", "arrived", "began", "sent")

    def __init__(self, family: int) -> None:
        # With its protocol named: asyncio and others set TCP_NODELAY only then, and so do we below.
        protocol = 0 if family == socket.AF_UNIX else socket.IPPROTO_TCP
        self._sock = socket.socket(family, socket.SOCK_STREAM, protocol)
        self._sock.setblocking(False)
        self._eager = 0
        self._allowed: float = float("inf")
        self.began = self.arrived = self.sent = 0.0
        if protocol:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            arrival.stamp(self._sock)

    def allow(self, size: int) -> None:
        """Bound what may still be received, in bytes on the wire."""
        self._allowed = size

    async def open(self, address: Address) -> float:
        """Connect; returns the seconds that it took.  Raises Unreachable or ProbeError."""
        started = perf_counter()
        error = self._sock.connect_ex(address.location)
        if error in (errno.EINPROGRESS, errno.EINTR):
            await self._connected(address)
        elif error:
            raise failures.not_opened(OSError(error, os.strerror(error)))
        return min(perf_counter() - started, arrival.connect_seconds(self._sock) or float("inf"))

    async def _connected(self, address: Address) -> None:
        """Wait until it is; on this machine itself that is already so, which Linux tells if asked again."""
        linux = sys.platform == "linux"
        error = self._sock.connect_ex(address.location) if linux else errno.EINPROGRESS
        if error in (errno.EALREADY, errno.EINPROGRESS):
            await anyio.wait_writable(self._sock)
            error = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error not in (0, errno.EISCONN):
            raise failures.broken(OSError(error, os.strerror(error)))

    async def send(self, data: bytes) -> None:
        """Hand all of it to the kernel.  Raises Unreachable."""
        rest = memoryview(data)
        while rest:
            self.sent = perf_counter()  # before, not after: an answer may be on its way before we go on
            try:
                rest = rest[self._sock.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._sock)
            except OSError as error:
                raise failures.broken(error) from error

    def send_last(self, data: bytes) -> None:
        """Send what fits without waiting, and whether or not anybody listens."""
        with suppress(OSError):
            self._sock.send(data)

    async def receive(self, size: int = _CHUNK) -> bytes:
        """Wait for at most so many bytes; empty at the end.  Raises Unreachable."""
        while True:
            try:
                data, self.arrived = arrival.receive(self._sock, size)
            except BlockingIOError:
                self._eager = 0
                await anyio.wait_readable(self._sock)
            except OSError as error:
                raise failures.broken(error) from error
            else:
                self._account(data)
                break
        if self._eager >= _EAGER:
            self._eager = 0
            await checkpoint()
        return data

    async def receive_first(self) -> bytes:
        """Take one byte by itself, because the kernel's stamp is that of the last one taken.

        It is taken and not peeked at: a peek would swallow a reset that follows it.
        """
        await anyio.wait_readable(self._sock)  # no answer is ever there before the first wait
        first = await self.receive(1)
        self.began = self.arrived
        try:
            rest, self.arrived = arrival.receive(self._sock, _CHUNK)
        except BlockingIOError:
            return first
        except OSError as error:
            raise failures.broken(error) from error
        self._account(rest)
        return first + rest

    def _account(self, data: bytes) -> None:
        self._eager += 1
        self._allowed -= len(data)
        if self._allowed < 0:
            raise Unreachable("sends without end")

    def close(self) -> None:
        """Close at once; to do it twice is harmless."""
        self._sock.close()


async def connect(address: Address) -> tuple[Connection, float]:
    """Open a connection; with it, the seconds that it took.  Raises Unreachable or ProbeError."""
    try:
        connection = Connection(address.family)
    except OSError as error:
        raise failures.not_opened(error) from error
    with ExitStack() as cleanup:
        cleanup.callback(connection.close)
        seconds = await connection.open(address)
        cleanup.pop_all()
    return connection, seconds
