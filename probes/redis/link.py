"""One fresh connection to a server, bounded in what it takes in.

redis.asyncio does the work.  What is different here: it connects to one address, says nothing by itself (no
HELLO, no CLIENT SETINFO, no retry, no timeout), reads through a meter, and is dropped without waiting for the
other side.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from anyio import to_thread
from redis.asyncio.connection import AbstractConnection, Connection, UnixDomainSocketConnection
from redis.exceptions import InvalidResponse, RedisError

from agent.probe import Bytes, Unreachable, Value
from probes.http.resolve import numeric, resolve
from probes.redis.failures import Overflow, disconnected
from probes.redis.trust import Trust
from probes.redis.url import Place

__all__ = ["LIMIT", "STRANGER", "Command", "Link", "reached"]

LIMIT: Bytes = 8 * 2**20
"""Bytes that a session may take in."""
_STRANGE = (InvalidResponse, ValueError, RecursionError)
"""What redis.asyncio raises on bytes that are no answer."""
Command = tuple[str | bytes | int, ...]
STRANGER = "does not speak Redis' protocol"


class _Source(Protocol):
    async def read(self, n: int) -> bytes: ...
    async def readexactly(self, n: int) -> bytes: ...
    async def readline(self) -> bytes: ...


class _Meter:
    """A stream that counts.  Raises Overflow before more is read than may be."""

    def __init__(self, source: _Source, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._left = limit

    async def read(self, n: int) -> bytes:
        return self._spent(await self._source.read(n))

    async def readline(self) -> bytes:
        return self._spent(await self._source.readline())

    async def readexactly(self, n: int) -> bytes:
        self._allow(n)
        return self._spent(await self._source.readexactly(n))

    def _spent(self, data: bytes) -> bytes:
        self._left -= len(data)
        self._allow(0)
        return data

    def _allow(self, more: int) -> None:
        if more > self._left:
            raise Overflow(f"more than {self._limit} bytes")


class _Silent(AbstractConnection):
    """A connection of redis.asyncio that says nothing by itself and reads through a meter."""

    bound: int

    async def on_connect(self) -> None:
        reader: Any = self._reader
        if not isinstance(reader, _Meter):
            self._reader = _Meter(reader, self.bound)  # type: ignore[assignment]  # it has all that parsers use
        self._parser.on_connect(self)  # type: ignore[no-untyped-call]

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        del check_health
        await self.on_connect()


class _Tcp(_Silent, Connection):
    context: ssl.SSLContext | None
    name: str

    def _connection_arguments(self) -> Mapping[str, Any]:
        place: dict[str, Any] = {"host": self.host, "port": self.port}
        return place if self.context is None else place | {"ssl": self.context, "server_hostname": self.name}


class _Unix(_Silent, UnixDomainSocketConnection):
    pass


class Link:
    """A dialogue with one server."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self.tls: ssl.SSLObject | None = None
        """What TLS is spoken."""

    async def connect(self) -> None:
        """Connect.  Raises Unreachable and ProbeError."""
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]
        except RedisError as error:
            raise disconnected(error) from error
        self.tls = self._writer.get_extra_info("ssl_object")

    def drop(self) -> None:
        """Close at once, without TLS's good-bye, which a server may never return."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._connection._reader = self._connection._writer = None  # noqa: SLF001

    @property
    def _writer(self) -> Any:  # noqa: ANN401  asyncio's, which only redis.asyncio knows here
        return self._connection._writer  # noqa: SLF001

    async def ask(self, *command: str | bytes | int) -> Value:
        """Send a command and give the answer: bytes, a whole number, nothing, or a list of these.

        Raises redis' own errors for an error of the server or a broken connection, Unreachable for what is no
        answer, Overflow.
        """
        return (await self.ask_all([command]))[0]

    async def ask_all(self, commands: Sequence[Command]) -> list[Value]:
        """Send several commands at once and give their answers.  Raises as `ask`; it is of no use after that."""
        try:
            await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
            return [await self._connection.read_response(disconnect_on_error=False) for _ in commands]
        except _STRANGE as error:
            raise Unreachable(STRANGER) from error


async def reached(place: Place, trust: Trust, limit: int) -> Link:
    """Make a connection to a place, not open yet.  Raises Unreachable and ProbeError."""
    settings: dict[str, Any] = {"protocol": 2, "socket_timeout": None, "socket_connect_timeout": None}
    connection: _Silent
    if place.socket:
        connection = _Unix(path=place.socket, **settings)
    else:
        address = numeric(place.host, place.port) or (await resolve(place.host, place.port)).addresses[0]
        connection = _Tcp(host=str(address), port=place.port, socket_keepalive=False, **settings)
        connection.name = place.host
        connection.context = await to_thread.run_sync(trust.context, abandon_on_cancel=True) if place.tls else None
    connection.bound = limit
    return Link(connection)
