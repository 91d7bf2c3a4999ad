"""One fresh connection to a database, bounded in what it takes in, and dropped when it is not wanted any more.

psycopg does the work.  What is different here: the wait for the socket is anyio's, so that a check that is cut
short ends at once and asks no server for leave; what arrives is counted, so that an endless answer does not
fill the memory; and the session cannot write.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from psycopg import AsyncConnection
from psycopg.abc import RV, PQGen
from psycopg.pq import ConnStatus, PGconn, PollingStatus
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

from agent.probe import Bytes, ProbeError, Unreachable
from probes.postgres import trace
from probes.postgres.dsn import Dsn
from probes.postgres.failures import refused

__all__ = ["LIMIT", "Link", "Overflow", "opened"]

LIMIT: Bytes = 8 * 2**20
"""Bytes that a session may take in."""
_COUNT = struct.Struct("i")
_TCP_INFO_SIZE, _RECEIVED_AT = 136, 128  # struct tcp_info of Linux: tcpi_bytes_received, a u64


class Overflow(Exception):
    """More came than is taken in; the text says how much that is."""


class Link(AsyncConnection[TupleRow]):
    """A connection of psycopg that counts and can be cut short."""

    meter: Meter

    @property
    def role(self) -> str:
        """Who we are to the server."""
        return self.pgconn.user.decode(errors="replace")

    def drop(self) -> None:
        """Close at once, whatever is under way; the server ends it when it wants to answer."""
        self.pgconn.finish()

    async def wait(self, gen: PQGen[RV], interval: float = 0.0, timeout: float | None = None) -> RV:  # noqa: ASYNC109
        """Run one of psycopg's dialogues.  Raises Overflow."""
        try:
            need = next(gen)
            while True:
                need = gen.send(await self._ready(need))
        except StopIteration as end:
            answer: RV = end.value
            return answer
        except (anyio.get_cancelled_exc_class(), Overflow):
            self.drop()
            raise

    async def _ready(self, need: Wait) -> Ready:
        if need & Wait.W:
            await anyio.wait_writable(self.pgconn.socket)
            return Ready.W
        await anyio.wait_readable(self.pgconn.socket)
        self.meter.read()
        return Ready.R


class Meter:
    """What arrived at a socket, read before libpq takes it in.

    On Linux the kernel counts for TCP.  Else what waits is added up each time, which misses what arrives while
    libpq reads: it is a bound all the same, because libpq at most doubles its buffer each time.
    """

    def __init__(self, descriptor: int, limit: int) -> None:
        self._limit = limit
        self._descriptor = descriptor
        self._socket = socket.socket(fileno=descriptor)  # borrowed from libpq
        self._counted = sys.platform == "linux" and self._socket.family != socket.AF_UNIX
        self._arrived = 0

    def read(self) -> None:
        """Add what came.  Raises Overflow."""
        if self._counted:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
            self._arrived = int.from_bytes(info[_RECEIVED_AT:_TCP_INFO_SIZE], sys.byteorder)
        else:
            waiting = fcntl.ioctl(self._descriptor, termios.FIONREAD, _COUNT.pack(0))
            self._arrived += _COUNT.unpack(waiting)[0]
        if self._arrived > self._limit:
            raise Overflow(f"more than {self._limit} bytes")

    def close(self) -> None:
        """Give the socket back, open."""
        self._socket.detach()


@asynccontextmanager
async def opened(dsn: Dsn, limit: int = LIMIT) -> AsyncIterator[Link]:
    """Connect, once, and close in the end.  Raises Unreachable and ProbeError."""
    pgconn = await _connect(dsn)
    link = Link(pgconn)
    link.meter = Meter(pgconn.socket, limit)
    try:
        await link.set_autocommit(True)
        yield link
    finally:
        link.meter.close()
        await link.close()  # waits for nothing


async def _connect(dsn: Dsn) -> PGconn:
    conninfo = (await dsn.located()).encode()
    pgconn = PGconn.connect_start(conninfo)
    try:
        await _shake_hands(pgconn)
    except BaseException:
        pgconn.finish()
        raise
    if pgconn.status == ConnStatus.OK:
        pgconn.nonblocking = 1
        return pgconn
    text, role = pgconn.get_error_message(), pgconn.user.decode(errors="replace")
    pgconn.finish()
    raise refused(text, role) or await _diagnosed(conninfo, text, role)


async def _shake_hands(pgconn: PGconn) -> None:
    """Do what libpq asks for until it is connected or has failed."""
    status = PollingStatus.WRITING  # libpq's documentation: begin as if it had said so
    while pgconn.status != ConnStatus.BAD and status != PollingStatus.OK:
        if status == PollingStatus.READING:
            await anyio.wait_readable(pgconn.socket)
        elif status == PollingStatus.WRITING:
            await anyio.wait_writable(pgconn.socket)
        else:
            break
        status = PollingStatus(pgconn.connect_poll())


async def _diagnosed(conninfo: bytes, text: str, role: str) -> Unreachable | ProbeError:
    """Look a second time at a server that refuses in words that nobody here knows, for its code."""
    with trace.Trace() as traced:
        pgconn = PGconn.connect_start(conninfo)
        try:
            traced.follow(pgconn)
            await _shake_hands(pgconn)
        finally:
            traced.let_go(pgconn)
            pgconn.finish()
    return refused(text, role, traced.code() or "?") or ProbeError(text)
