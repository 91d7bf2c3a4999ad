"""The opening handshake (RFC 6455 section 4): HTTP/1.1 becomes WebSocket, or the server says why not."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import NamedTuple

import h11

from agent.probe import Unreachable
from probes.dial import AGENT
from probes.http.connection import Stream
from probes.http.exchange import INTERIM_LIMIT, Head, Headers, Message
from probes.http.http1 import Http1
from probes.http.timing import Timing

__all__ = ["SWITCHED", "Opening", "shake_hands"]

SWITCHED = 101
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Opening(NamedTuple):
    """The server's answer."""

    status: int
    subprotocol: str | None
    surplus: bytes
    """What came right after it: the first frames."""
    seconds: float


class _Upgrade(Http1):
    """One request over HTTP/1.1 after which the protocol may be another."""

    async def _head(self) -> Head:
        """Wait for the head of the answer, past interim ones."""
        for _ in range(INTERIM_LIMIT + 1):
            event = await self._next()
            if isinstance(event, h11.Response):
                return self._accepted(event)
            assert isinstance(event, h11.InformationalResponse)  # noqa: S101  h11 gives nothing else before it
            if event.status_code == SWITCHED:
                return Head(SWITCHED, event.headers.raw_items(), event.http_version.decode("ascii"))
        raise Unreachable(f"sent more than {INTERIM_LIMIT} interim (1xx) answers")


async def shake_hands(
    stream: Stream, target: str, headers: Sequence[tuple[str, str]], subprotocols: Sequence[str]
) -> Opening:
    """Ask for WebSocket.  Raises Unreachable for an answer that is none, or that accepts what nobody asked."""
    key = base64.b64encode(os.urandom(16))
    http = _Upgrade(stream, Timing())
    head = await http.ask(_message(target, headers, subprotocols, key))
    seconds = max(0.0, stream.arrived - stream.sent)
    if head.status != SWITCHED:
        return Opening(head.status, None, b"", seconds)
    _check(head, key)
    return Opening(SWITCHED, _chosen(head.headers, subprotocols), http.surplus, seconds)


def _message(target: str, headers: Sequence[tuple[str, str]], subprotocols: Sequence[str], key: bytes) -> Message:
    written = [
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", key),
    ]
    if subprotocols:
        written.append((b"sec-websocket-protocol", ", ".join(subprotocols).encode("ascii")))
    if not any(name.lower() == "user-agent" for name, _ in headers):
        written.append((b"user-agent", AGENT.encode("ascii")))
    written = [*((name.encode("ascii"), value.encode()) for name, value in headers), *written]
    return Message(b"GET", b"", b"", target.encode("ascii"), written, b"")


def _check(head: Head, key: bytes) -> None:
    """Refuse an acceptance that is not of this handshake (RFC 6455 section 4.1)."""
    if head.version < "1.1":
        raise Unreachable("accepts the handshake over HTTP/1.0")
    if [value.lower() for value in _all(head.headers, b"upgrade")] != [b"websocket"]:
        raise Unreachable("accepts the handshake, and not with `upgrade: websocket`")
    tokens = b",".join(_all(head.headers, b"connection")).lower().split(b",")
    if b"upgrade" not in [token.strip() for token in tokens]:
        raise Unreachable("accepts the handshake, and not with `connection: upgrade`")
    proof = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    if _all(head.headers, b"sec-websocket-accept") != [proof]:
        raise Unreachable("accepts the handshake without proof that it knows WebSocket (sec-websocket-accept)")
    if _all(head.headers, b"sec-websocket-extensions"):
        raise Unreachable("accepts the handshake with an extension that nobody offered")


def _chosen(headers: Headers, offered: Sequence[str]) -> str | None:
    """Read the subprotocol."""
    chosen = _all(headers, b"sec-websocket-protocol")
    if not chosen:
        return None
    if len(chosen) > 1 or chosen[0].decode("latin-1") not in offered:
        raise Unreachable("accepts the handshake with a subprotocol that nobody offered")
    return chosen[0].decode("ascii")


def _all(headers: Headers, name: bytes) -> list[bytes]:
    return [value.strip() for known, value in headers if known.lower() == name]
