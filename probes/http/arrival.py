"""When bytes reached this machine, by the kernel's clock and not by the moment at which we woke.

With a thousand checks open, the time at which a task wakes says how busy this process is.  Linux stamps
every segment as it arrives (SO_TIMESTAMPNS) and knows how long the SYN took (TCP_INFO).  Elsewhere, and
where a kernel does not tell, the moment of waking is used.

All times are seconds on the clock of `time.perf_counter`.
"""

from __future__ import annotations

import socket
import struct
import sys
from time import perf_counter, time_ns

__all__ = ["connect_seconds", "receive", "stamp"]

_LINUX = sys.platform == "linux"

_TIMESTAMPNS = 35
"""SO_TIMESTAMPNS in Linux's asm-generic/socket.h; the socket module has no name for it."""

_TCP_INFO_SIZE = 104
_timespec = struct.Struct("@ll")
_u32 = struct.Struct("@I")
_RTT, _TOTAL_RETRANS = 68, 100
"""Offsets in Linux's struct tcp_info (linux/tcp.h), which only ever grows at its end."""


def stamp(sock: socket.socket) -> None:
    """Ask the kernel to stamp what arrives on this socket, where it can."""
    if _LINUX:
        sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)


def receive(sock: socket.socket, size: int) -> tuple[bytes, float]:
    """Receive what is there, and when the last byte of it arrived.  Raises OSError, BlockingIOError too."""
    if not _LINUX:
        return sock.recv(size), perf_counter()
    data, ancillary, _, _ = sock.recvmsg(size, 64)
    age = 0.0
    for level, kind, value in ancillary:
        if kind == _TIMESTAMPNS and level == socket.SOL_SOCKET:
            age = _age(value)
    # The clock is read last: should this process be stopped in between, times get longer and never shorter.
    return data, perf_counter() - age


def _age(value: bytes) -> float:
    """Seconds since a stamp; never negative, should the wall clock have been set back."""
    seconds, nanoseconds = _timespec.unpack_from(value)
    age: float = (time_ns() - seconds * 1_000_000_000 - nanoseconds) / 1e9
    return max(0.0, age)


def connect_seconds(sock: socket.socket) -> float | None:
    """How long the handshake of TCP took, from SYN to SYN-ACK; None where the kernel does not tell.

    After a lost SYN the kernel measures nothing that we could use.
    """
    if not _LINUX or sock.family == socket.AF_UNIX:
        return None
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    if len(info) < _TCP_INFO_SIZE or _u32.unpack_from(info, _TOTAL_RETRANS)[0]:
        return None
    return _u32.unpack_from(info, _RTT)[0] / 1e6 or None
