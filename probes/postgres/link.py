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
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter

import anyio
import psycopg
from psycopg import AsyncConnection, pq
from psycopg.abc import RV, PQGen
from psycopg.pq import ConnStatus, PollingStatus
from psycopg.pq.abc import PGconn
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

from agent.probe import Bytes, ProbeError, Unreachable
from probes.postgres import trace
from probes.postgres.dsn import Dsn, label
from probes.postgres.failures import refused, spoiled

__all__ = ["LIMIT", "Link", "Overflow", "opened"]

LIMIT: Bytes = 8 * 2**20
"""Bytes that a session may take in."""
_GREETING = 1 << 20
"""Bytes that may come before there is a session; certificates are the most of it."""
_WINDOW = 1 << 16
"""What waits in the kernel at most: libpq reads until nothing waits, and could else take in a huge value at once."""
_COUNT = struct.Struct("i")
_TCP_INFO_SIZE, _RECEIVED_AT = 136, 128  # struct tcp_info of Linux: tcpi_bytes_received, a u64


class Overflow(Exception):
    """More came than is taken in; the text says how much that is."""


class Link(AsyncConnection[TupleRow]):
    """A connection of psycopg that counts and can be cut short."""

    meter: Meter
    seconds: float
    """How long connecting took, without the look-up of names."""

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        text = {name: getattr(pgconn, name).decode(errors="replace") for name in ("user", "host", "hostaddr", "port")}
        self.role = text["user"]
        """Who we are to the server."""
        self.place = label(text["host"] or text["hostaddr"], text["port"])
        """Which of the hosts it is, as the dsn names it."""
        self.address = label(text["hostaddr"] or text["host"], text["port"])
        """Address or socket of it."""

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
        self.meter.read(self.pgconn.socket)
        return Ready.R


class Meter:
    """What arrived, read before libpq takes it in.

    On Linux the kernel counts for TCP.  Else what waits is added up each time, which misses what arrives while
    libpq reads: one huge value can come through, and its size must be looked at afterwards.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._added = 0

    def read(self, descriptor: int) -> None:
        """See what came at a socket.  Raises Overflow."""
        if (self._counted(descriptor) or self._add(descriptor)) > self._limit:
            raise Overflow(f"more than {self._limit} bytes")

    def _counted(self, descriptor: int) -> int:
        """Ask the kernel; 0 where it does not count."""
        with _borrowed(descriptor) as sock:
            if sys.platform != "linux" or sock.family == socket.AF_UNIX:
                return 0
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
            return int.from_bytes(info[_RECEIVED_AT:_TCP_INFO_SIZE], sys.byteorder)

    def _add(self, descriptor: int) -> int:
        waiting = fcntl.ioctl(descriptor, termios.FIONREAD, _COUNT.pack(0))
        self._added += _COUNT.unpack(waiting)[0]
        return self._added


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """Use libpq's socket, which stays its own."""
    sock = socket.socket(fileno=descriptor)
    try:
        yield sock
    finally:
        sock.detach()


@asynccontextmanager
async def opened(dsn: Dsn, limit: int = LIMIT) -> AsyncIterator[Link]:
    """Connect, once, and close in the end.  What goes wrong meanwhile names the place.

    Raises Unreachable and ProbeError.
    """
    conninfo = (await dsn.located()).encode()
    started = perf_counter()
    try:
        pgconn = await _connect(conninfo)
    except Overflow as error:
        raise Unreachable(f"{dsn}: sends {error} before there is a session") from error
    _refuse_strange(pgconn, dsn)
    link = Link(pgconn)
    link.seconds = perf_counter() - started
    link.meter = Meter(limit)
    with _borrowed(pgconn.socket) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
    try:
        await link.set_autocommit(True)
        yield link
    except psycopg.Error as error:
        verdict = spoiled(error, link.role)
        raise type(verdict)(f"{link.place}: {verdict}") from error
    except (Unreachable, ProbeError) as error:
        raise type(error)(f"{link.place}: {error}", **error.partial) from error
    finally:
        await link.close()  # waits for nothing


def _refuse_strange(pgconn: PGconn, dsn: Dsn) -> None:
    """Raise Unreachable for a server that does not report what each one does (section 54.2.7 of the manual).

    Older versions of psycopg bring the process down when they read an answer in an unknown encoding.
    """
    for name in ("server_version", "client_encoding"):
        if pgconn.parameter_status(name.encode()) is None:
            pgconn.finish()
            raise Unreachable(f"{dsn}: is no PostgreSQL: it reports no {name}")


async def _connect(conninfo: bytes) -> PGconn:
    pgconn = pq.PGconn.connect_start(conninfo)
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
    """Do what libpq asks for until it is connected or has failed.  Raises Overflow."""
    meter = Meter(_GREETING)
    status = PollingStatus.WRITING  # libpq's documentation: begin as if it had said so
    while pgconn.status != ConnStatus.BAD and status != PollingStatus.OK:
        if status == PollingStatus.READING:
            await anyio.wait_readable(pgconn.socket)
            meter.read(pgconn.socket)
        else:
            await anyio.wait_writable(pgconn.socket)
        status = PollingStatus(pgconn.connect_poll())


async def _diagnosed(conninfo: bytes, text: str, role: str) -> Unreachable | ProbeError:
    """Look a second time at a server that refuses in words that nobody here knows, for its code."""
    with trace.Trace() as traced:
        pgconn = pq.PGconn.connect_start(conninfo)
        try:
            traced.follow(pgconn)
            await _shake_hands(pgconn)
        finally:
            traced.let_go(pgconn)
            pgconn.finish()
    return refused(text, role, traced.code() or "?") or ProbeError(text)
