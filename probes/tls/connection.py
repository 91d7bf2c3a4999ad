"""Connections: one address of the target, and a wire whose every failure says what happened."""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import NamedTuple

import anyio
from anyio import to_thread
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from agent.probe import ProbeError, Unreachable

from . import names

_OURS = frozenset(
    {
        errno.EACCES,
        errno.EADDRNOTAVAIL,
        errno.EMFILE,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EPERM,
    }
)
"""Errors of connect(2) that are about this machine and say nothing about the target."""

_ABSENT = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""Answers of a resolver that are about the name: it, or its address, does not exist."""

_TCP_INFO_SIZE, _RTT_AT, _RETRANSMITS_AT = 104, 68, 100
"""Size and places of tcpi_rtt and tcpi_total_retrans in Linux's struct tcp_info."""

_RESET = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


class Closed(Unreachable):
    """The other side closed or reset the connection."""


class Place(NamedTuple):
    """A host, by name or address, and a port."""

    host: str
    port: int
    name: str = ""
    """Name that was looked up to find the host."""

    def __str__(self) -> str:
        """Write it as an operator knows it: `db:5432 (10.0.0.7)`, `[::1]:443`."""
        host = self.name or self.host
        known = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        return f"{known} ({self.host})" if self.name else known


def place(text: str) -> Place:
    """Read `host:port` or `[address]:port`; raises ValueError with a message for the operator."""
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]+)):(\d{1,5})", text)
    if not found or not 1 <= int(found[3]) <= 65535:
        raise ValueError(f"{text!r} is no host and port, expected something like 10.0.0.5:443 or [::1]:443")
    return Place(names.host(found[1] or found[2]), int(found[3]))


async def resolve(where: Place) -> Place:
    """Find the first address of a host, in the order of this machine's resolver."""
    if names.address(where.host):
        return where
    # as bytes, because text goes through a codec that is slow to load and knows an older IDNA
    question = partial(socket.getaddrinfo, names.a_label(where.host).encode(), where.port, type=socket.SOCK_STREAM)
    try:
        found = await to_thread.run_sync(question, abandon_on_cancel=True)
    except socket.gaierror as error:
        raise unresolved(where.host, error) from error
    return Place(str(found[0][4][0]), where.port, where.host)


def unresolved(host: str, error: socket.gaierror) -> Unreachable | ProbeError:
    """Tell a name that does not exist from a resolver that does not answer."""
    if error.errno in _ABSENT:
        return Unreachable(f"{host}: no such host name")
    return ProbeError(f"{host}: the name cannot be looked up: {str(error.strerror).lower()}")


async def connect(where: Place) -> Wire:
    """Open a connection to one address, once: half up must not look up."""
    started = perf_counter()
    try:
        stream = await anyio.connect_tcp(where.host, where.port)
    except OSError as error:
        raise unconnected(where, error) from error
    waited = perf_counter() - started
    sock = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  not Django's
    return Wire(stream, where, _round_trip(sock, waited))


def _round_trip(sock: socket.socket, waited: float) -> float:
    """Take the time of the TCP handshake from Linux, which was not busy with other checks meanwhile.

    A lost packet shows in the time waited only.
    """
    if sys.platform != "linux":
        return waited
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    microseconds, retransmits = (struct.unpack_from("I", info, at)[0] for at in (_RTT_AT, _RETRANSMITS_AT))
    return min(waited, microseconds / 1e6) if microseconds and not retransmits else waited


def unconnected(where: Place, error: OSError) -> Unreachable | ProbeError:
    """Tell a target that can't be reached from a machine of ours that can't reach anything."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    number = cause.errno or 0
    reason = os.strerror(number).lower() if number else str(cause)
    if number in _OURS:
        return ProbeError(f"{where}: cannot connect from this machine: {reason}")
    return Unreachable(f"{where}: {reason}")


class Wire:
    """One connection; what goes wrong on it becomes Unreachable or Closed, with place and phase."""

    def __init__(self, stream: SocketStream, where: Place, connect_seconds: float) -> None:
        self.where = where
        self.connect_seconds = connect_seconds
        self.opened = perf_counter()
        """When the connection was there, for the time of what comes after."""
        self.phase = "the TLS handshake"
        """What is going on, for messages."""
        self._stream = stream
        self._buffer = BufferedByteReceiveStream(stream)

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close at once, also while being cancelled."""
        await anyio.aclose_forcefully(self._stream)

    @property
    def ahead(self) -> bytes:
        """What has arrived and nobody has asked for."""
        return self._buffer.buffer

    async def send(self, data: bytes) -> None:
        """Send, or let it be: what the other side said before it closed is read next, and tells more."""
        try:
            await self._stream.send(data)
        except anyio.BrokenResourceError:
            return

    async def receive(self) -> bytes:
        """Wait for whatever comes next; never empty."""
        with self._said():
            return await self._buffer.receive()

    async def exactly(self, size: int) -> bytes:
        """Wait for a number of bytes; what came with them is `ahead`."""
        with self._said():
            while len(self.ahead) < size:
                self._buffer.feed_data(await self._stream.receive())
            return await self._buffer.receive_exactly(size)

    async def until(self, end: bytes, limit: int) -> bytes:
        """Wait for everything up to an end, which is dropped; refuse more than a limit of bytes."""
        endless = self.no_answer(f"sends more than {limit} bytes without an end during {self.phase}")
        with self._said():
            try:
                found = await self._buffer.receive_until(end, limit)
            except anyio.DelimiterNotFound as error:
                raise endless from error
        if len(found) > limit:
            raise endless
        return found

    def no_answer(self, what: str) -> Unreachable:
        """Make the error for an answer that is none: `127.0.0.1:25: refuses …`."""
        return Unreachable(f"{self.where}: {what}", connect_seconds=self.connect_seconds)

    def _closed(self, how: str) -> Closed:
        what = f"{self.where}: {how} the connection during {self.phase}"
        return Closed(what, connect_seconds=self.connect_seconds)

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except (anyio.EndOfStream, anyio.IncompleteRead) as error:
            raise self._closed("closed") from error
        except anyio.BrokenResourceError as error:
            raise self._closed("reset" if isinstance(error.__cause__, _RESET) else "lost") from error


def excerpt(data: bytes, limit: int = 40) -> str:
    """Quote the start of what a server sent, in ASCII, on one line."""
    text = ascii(data[:limit].decode("latin-1"))
    return text + "…" if len(data) > limit else text
