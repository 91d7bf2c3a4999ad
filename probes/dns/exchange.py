"""One question to one server, over UDP (TCP when the answer is cut), TCP or TLS (RFC 7766, RFC 7858).

What comes back is an answer only if it is whole, well formed, and to the question asked: id, name, type.
"""

from __future__ import annotations

import ssl
from time import perf_counter
from typing import Literal, TypeAlias

import anyio
import dns.exception
import dns.flags
import dns.message
import msgspec
from anyio import to_thread
from anyio.abc import ByteStream

from agent.probe import Unreachable
from probes.dns.endpoint import Address, Endpoint, resolve
from probes.dns.question import Question
from probes.dns.secure import open_tls
from probes.dns.wire import Connection, ask_datagram, named

__all__ = ["Channel", "Reply", "Server", "Transport"]

Transport: TypeAlias = Literal["udp", "tcp", "tls"]
_LARGE = 4096  # octets; more is read in a worker thread, as 64 KiB take 100 ms


class Server(msgspec.Struct, frozen=True):
    """Somebody to ask."""

    label: str
    """As the operator wrote it."""
    endpoint: Endpoint


class Reply(msgspec.Struct, frozen=True):
    """What a server answered, and after how long (connection set-up included)."""

    server: Server
    message: dns.message.QueryMessage
    seconds: float


class Channel(msgspec.Struct, frozen=True):
    """How servers are asked."""

    transport: Transport = "udp"
    server_name: str = ""
    """With TLS: the name that certificates must match, instead of each server's host."""
    context: ssl.SSLContext | None = None
    """With TLS: whom to trust."""

    async def ask(self, server: Server, question: Question) -> Reply:
        """Ask once.  Raises Unreachable for no answer or none that counts, ProbeError for this machine."""
        address = (await resolve(server.endpoint))[0]
        label = named(server.endpoint, address)
        query = question.message()
        if self.transport == "udp":
            wire, seconds = await ask_datagram(server.endpoint, address, query.to_wire())
            if not _is_cut(query, wire):
                return Reply(server, await _read(query, wire, label), seconds)
        else:
            seconds = 0.0
        started = perf_counter()
        wire = await self._ask_stream(server.endpoint, address, query)
        seconds += perf_counter() - started
        return Reply(server, await _read(query, wire, label), seconds)

    async def _ask_stream(self, endpoint: Endpoint, address: Address, query: dns.message.Message) -> bytes:
        label = named(endpoint, address)
        async with await Connection.open(endpoint, address) as connection:
            if self.transport != "tls" or self.context is None:
                return await _exchange(connection, query, label)
            name = self.server_name or endpoint.host.removesuffix(".")
            async with await open_tls(connection, name, self.context, label) as stream:
                return await _exchange(stream, query, label)


async def _exchange(stream: ByteStream, query: dns.message.Message, label: str) -> bytes:
    try:
        await stream.send(query.to_wire(prepend_length=True))
        size = int.from_bytes(await _exactly(stream, 2), "big")
        return await _exactly(stream, size)
    except anyio.EndOfStream:
        raise Unreachable(f"{label}: closed before a whole answer came") from None
    except anyio.BrokenResourceError as error:
        raise Unreachable(f"{label}: {error} before a whole answer came") from error
    except ssl.SSLError as error:
        raise Unreachable(f"{label}: TLS broke before a whole answer came") from error


async def _exactly(stream: ByteStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await stream.receive(size - len(data))
    return data


def _is_cut(query: dns.message.Message, wire: bytes) -> bool:
    """Tell an answer to this query that did not fit from others, before it is read: its end is missing."""
    flags = dns.flags.QR | dns.flags.TC
    return (
        len(wire) >= 12
        and int.from_bytes(wire[:2], "big") == query.id
        and int.from_bytes(wire[2:4], "big") & flags == flags
    )


async def _read(query: dns.message.QueryMessage, wire: bytes, label: str) -> dns.message.QueryMessage:
    if len(wire) > _LARGE:
        return await to_thread.run_sync(_parse, query, wire, label, abandon_on_cancel=True)
    return _parse(query, wire, label)


def _parse(query: dns.message.QueryMessage, wire: bytes, label: str) -> dns.message.QueryMessage:
    try:
        message = dns.message.from_wire(wire)
    except dns.exception.DNSException as error:
        raise Unreachable(f"{label}: what came is no DNS message") from error
    if not isinstance(message, dns.message.QueryMessage) or not query.is_response(message):
        raise Unreachable(f"{label}: what came is no answer to this question{_difference(query, message)}")
    if message.flags & dns.flags.TC:
        raise Unreachable(f"{label}: the answer is cut short, over TCP too")
    return message


def _difference(query: dns.message.Message, message: dns.message.Message) -> str:
    if message.id != query.id:
        return " (another id)"
    if not message.flags & dns.flags.QR:
        return " (a question)"
    return " (another question)"
