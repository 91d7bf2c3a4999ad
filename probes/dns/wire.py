"""Sockets that the probes open themselves: one connection or one datagram, to one address, once.

No second address, no second attempt: what is half up must not look up.  On Linux the kernel tells how long
the handshake took (TCP_INFO) and when a datagram came (SO_TIMESTAMPNS), so that a busy event loop does not
count as a slow target.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from errno import EACCES, ECONNREFUSED, EINPROGRESS, EINTR, ENETDOWN, ENETUNREACH, EPERM
from time import perf_counter, time_ns
from typing import Self

import anyio
from anyio.abc import ByteStream

from agent.probe import ProbeError, Unreachable
from probes.dns.endpoint import Address, Endpoint

__all__ = ["Connection", "ask_datagram", "named"]

_ON_LINUX = sys.platform == "linux"
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has no name for it
_TIMESPEC = struct.Struct("qq")
_TCP_INFO_SIZE, _RTT_AT, _RETRANSMITS_AT = 104, 68, 100  # struct tcp_info: tcpi_rtt, tcpi_total_retrans
_DATAGRAM = 65535
_OURS = {EACCES, ENETDOWN, ENETUNREACH, EPERM}
"""Refusals that are about the way from here, however late they come, and say nothing about the target."""


class Connection(ByteStream):
    """A TCP connection as an anyio byte stream, with the time that opening it took."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.seconds = 0.0
        """From SYN to SYN-ACK, as far as the kernel tells."""

    @classmethod
    async def open(cls, endpoint: Endpoint, address: Address) -> Self:
        """Connect to one address of an endpoint.

        Raises Unreachable when the network or the target says no, ProbeError when this machine does.
        """
        sock = _socket(endpoint, address, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            connection = cls(sock)
            await connection._connect(endpoint, address)
        except BaseException:
            sock.close()
            raise
        return connection

    async def _connect(self, endpoint: Endpoint, address: Address) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = perf_counter()
        error = _start(self._socket, endpoint, address)
        if error in (EINPROGRESS, EINTR):
            await anyio.wait_writable(self._socket)
            error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error in _OURS:
            raise _cannot(endpoint, address, error)
        if error:
            raise Unreachable(f"{named(endpoint, address)}: {_said(error)}")
        self.seconds = _handshake_seconds(self._socket, perf_counter() - started)

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Give what is there, at least a byte; anyio's EndOfStream and BrokenResourceError end it."""
        while True:
            try:
                data = self._socket.recv(max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self._socket)
            except OSError as error:
                raise anyio.BrokenResourceError(_said(error.errno)) from error
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def send(self, item: bytes) -> None:
        """Send all of it."""
        rest = memoryview(item)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)
            except OSError as error:
                raise anyio.BrokenResourceError(_said(error.errno)) from error

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """Close at once."""
        self._socket.close()


async def ask_datagram(endpoint: Endpoint, address: Address, question: bytes) -> tuple[bytes, float]:
    """Send one datagram; give the first that comes back from there, and the seconds in between.

    Raises Unreachable when the target's machine says that nobody listens, ProbeError as `Connection.open`.
    """
    with _socket(endpoint, address, socket.SOCK_DGRAM, socket.IPPROTO_UDP) as sock:
        if _ON_LINUX:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        _start(sock, endpoint, address)  # connected: the kernel drops what others send
        started = perf_counter()
        try:
            sock.send(question)
        except OSError as error:
            raise _cannot(endpoint, address, error.errno) from error
        try:
            answer, notes = await _datagram(sock)
        except OSError as error:
            raise Unreachable(f"{named(endpoint, address)}: {_said(error.errno)}") from error
        elapsed = perf_counter() - started
    return answer, elapsed - min(elapsed, _lag(notes))


async def _datagram(sock: socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    while True:
        await anyio.wait_readable(sock)
        try:
            answer, notes, _, _ = sock.recvmsg(_DATAGRAM, 64)
        except BlockingIOError:  # its checksum was wrong
            continue
        return answer, notes


def _socket(endpoint: Endpoint, address: Address, kind: socket.SocketKind, protocol: int) -> socket.socket:
    try:
        sock = socket.socket(address.family, kind, protocol)
    except OSError as error:
        raise _cannot(endpoint, address, error.errno) from error
    sock.setblocking(False)
    return sock


def _start(sock: socket.socket, endpoint: Endpoint, address: Address) -> int:
    """Start connecting.  What the kernel refuses before a packet left is this machine's doing."""
    error = sock.connect_ex(address.sockaddr)
    if error in (0, EINPROGRESS, EINTR, ECONNREFUSED):
        return error
    raise _cannot(endpoint, address, error)


def named(endpoint: Endpoint, address: Address) -> str:
    """Name an address as an operator knows it: `db:5432 (10.0.0.7)`."""
    host = str(address.sockaddr[0])
    return str(endpoint) if host == endpoint.host else f"{endpoint} ({host})"


def _said(number: int | None) -> str:
    return os.strerror(number or 0).lower()


def _cannot(endpoint: Endpoint, address: Address, number: int | None) -> ProbeError:
    return ProbeError(f"{named(endpoint, address)}: this machine cannot connect: {_said(number)}")


def _handshake_seconds(sock: socket.socket, waited: float) -> float:
    """Give the kernel's round trip instead of the time until this task woke, unless a packet was lost."""
    if not _ON_LINUX:
        return waited
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    if len(info) < _TCP_INFO_SIZE:
        return waited
    microseconds, lost = (
        struct.unpack_from("I", info, _RTT_AT)[0],
        struct.unpack_from("I", info, _RETRANSMITS_AT)[0],
    )
    return min(waited, microseconds / 1e6) if microseconds and not lost else waited


def _lag(notes: list[tuple[int, int, bytes]]) -> float:
    """Seconds between a datagram's arrival and now; 0 where the kernel does not tell."""
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(max(0.0, (time_ns() - seconds * 10**9 - nanoseconds) / 1e9))
    return 0.0
