"""A unary call of gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md), and what its answer says.

The frames are those of `probes.http.http2`, which bounds them; added are the trailers, which gRPC ends with,
and the one message in between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from h2.events import Event, TrailersReceived

from agent.probe import Unreachable
from probes.dial import AGENT
from probes.grpc.status import CODES, Code, of_http
from probes.http.connection import Stream
from probes.http.exchange import Head, Headers, Message
from probes.http.http2 import Http2
from probes.http.timing import Timing

__all__ = ["ALLOWED", "Answer", "Request", "call"]

ALLOWED = 1 << 20
"""Bytes that may come, frames and all."""

_LARGEST = 65536
"""Bytes of a message; that of the health service has two."""
_PREFIX = 5

_STATUS = re.compile(rb"0|[1-9]\d?")
_TYPE = re.compile(rb"application/grpc(?:[+;].*)?", re.IGNORECASE | re.DOTALL)


class Request(NamedTuple):
    """A call, ready to be made."""

    scheme: str
    authority: str
    method: str
    metadata: Sequence[tuple[str, str]]
    content: bytes


class Answer(NamedTuple):
    """What came of a call."""

    code: Code
    message: str | None
    """What the server says about the code."""
    http_status: int
    content: bytes
    """The one message of an answer that is OK, else nothing."""


class _Exchange(Http2):
    """One request over HTTP/2, whose trailers are kept."""

    trailers: Headers | None = None

    def _handle(self, event: Event) -> None:
        if isinstance(event, TrailersReceived):
            self.trailers = event.headers
        super()._handle(event)


async def call(stream: Stream, request: Request, timing: Timing) -> Answer:
    """Make a call.  Raises Unreachable for what is no answer of gRPC."""
    exchange = _Exchange(stream, timing)
    head = await exchange.ask(_message(request))
    body = bytearray()
    while (piece := await exchange.more()) is not None:
        body += piece
        if len(body) > _LARGEST + _PREFIX:
            raise Unreachable(f"sends a message of more than {_LARGEST} bytes")
    return _answer(head, bytes(body), exchange.trailers)


def _message(request: Request) -> Message:
    prefix = b"\0" + len(request.content).to_bytes(4, "big")
    headers = [("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", AGENT), *request.metadata]
    return Message(
        b"POST",
        request.scheme.encode(),
        request.authority.encode(),
        request.method.encode(),
        [(name.encode("ascii"), value.encode("ascii")) for name, value in headers],
        prefix + request.content,
    )


def _answer(head: Head, body: bytes, trailers: Headers | None) -> Answer:
    """Read what came; an answer without a body may have its end in its head ("Trailers-Only")."""
    end = head.headers if trailers is None and not body else trailers or []
    code = _code(end)
    if code is None:
        _refuse_what_is_no_grpc(head)
        return Answer(of_http(head.status), f"HTTP status is {head.status}, expected 200", head.status, b"")
    _refuse_other_content(head)
    content = _content(body) if code == "OK" else b""
    return Answer(code, _said(end), head.status, content)


def _refuse_what_is_no_grpc(head: Head) -> None:
    if head.status == 200:
        _refuse_other_content(head)
        raise Unreachable("ended its answer without a grpc-status")


def _refuse_other_content(head: Head) -> None:
    found = dict(head.headers).get(b"content-type", b"")
    if not _TYPE.fullmatch(found):
        shown = ascii(found[:40].decode("latin-1")) if found else "absent"
        raise Unreachable(f"does not speak gRPC: content-type is {shown}, expected application/grpc")


def _code(end: Headers) -> Code | None:
    """Read `grpc-status`; None when there is none."""
    found = [value for name, value in end if name == b"grpc-status"]
    if not found:
        return None
    if len(found) > 1:
        raise Unreachable("ended its answer with several grpc-status")
    if not _STATUS.fullmatch(found[0]) or int(found[0]) >= len(CODES):
        raise Unreachable(f"ended its answer with grpc-status {found[0][:20].decode('latin-1')!a}, expected 0 to 16")
    return CODES[int(found[0])]


def _said(end: Headers) -> str | None:
    """Read `grpc-message`, which is percent-encoded UTF-8."""
    found = b" ".join(value for name, value in end if name == b"grpc-message")
    return unquote(found.decode("latin-1"), errors="replace") or None


def _content(body: bytes) -> bytes:
    """Take the one message out of its frame."""
    if not body:
        raise Unreachable("answers OK without a message")
    size = int.from_bytes(body[1:_PREFIX], "big")
    if body[0] == 1:
        raise Unreachable("sends a compressed message, which nobody asked for")
    if body[0] or len(body) < _PREFIX:
        raise Unreachable("sends what is no message of gRPC")
    if len(body) < _PREFIX + size:
        raise Unreachable(f"sends a message that is cut short: {len(body) - _PREFIX} of {size} bytes came")
    if len(body) > _PREFIX + size:
        raise Unreachable("sends more than one message")
    return body[_PREFIX:]
