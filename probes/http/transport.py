"""An httpx transport that gives each request a connection of its own and times it.

It can stand under an `httpx.AsyncClient`; the kinds here drive it by hand, because a client costs more than
the request.  What goes wrong is raised as Unreachable or ProbeError where it is known, with words for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack

import httpx
from anyio.lowlevel import checkpoint

from agent.probe import Unreachable, Unreadable
from probes.http import heavy
from probes.http.connection import Stream
from probes.http.decode import Decoder
from probes.http.exchange import Exchange, Head, Message
from probes.http.http1 import Http1
from probes.http.route import Route
from probes.http.timing import Timing

__all__ = ["BODY_LIMIT", "Answer", "Transport"]

BODY_LIMIT = 10 << 20
"""Bytes that a body may have, decoded, unless something else is said."""

_IN_A_ROW = 32
"""Pieces of a body before others get a turn: much may come of little, and very little may come very often."""

_WIRE_FACTOR, _WIRE_EXTRA = 8, 1 << 21
"""Bytes that may come per byte of the body (six, when each has a chunk of its own), and for all heads."""


class _Body(httpx.AsyncByteStream):
    """The rest of an exchange, which owns its connection."""

    def __init__(self, exchange: Exchange, stream: Stream) -> None:
        self._exchange, self._stream = exchange, stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._exchange.more()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._stream.close()


class Answer(httpx.Response):
    """A response that decodes within its limit, and refuses what is cut short."""

    timing: Timing
    version: str
    """Of HTTP, as `http_version` has it."""
    expires: float | Unreadable | None
    """When the certificate expires, in seconds since the epoch; None without one."""
    body_limit: int

    stream: httpx.AsyncByteStream

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Yield the body as it comes, decoded.  Raises Unreachable."""
        coding = "" if self.bodiless else self.headers.get("content-encoding", "")
        decoder = Decoder(coding, self.body_limit)
        pieces = 0
        async for data in self.stream:
            for piece in decoder.feed(data):
                pieces += 1
                if pieces % _IN_A_ROW == 0:
                    await checkpoint()
                yield piece
        await self.aclose()
        decoder.finish()

    @property
    def bodiless(self) -> bool:
        """Whether there can be no body (RFC 9110 section 6.4.1), or it is declared to be empty."""
        none = self.request.method == "HEAD" or self.status_code in (204, 304)
        return none or self.headers.get("content-length") == "0"


class Transport(httpx.AsyncBaseTransport):
    """Opens, asks, and leaves the body to be read; the connection is closed with the answer."""

    def __init__(self, route: Route, body_limit: int = BODY_LIMIT) -> None:
        self._route, self._body_limit = route, body_limit

    async def handle_async_request(self, request: httpx.Request) -> Answer:
        """Ask.  Raises Unreachable and ProbeError.

        The phases are in the request's extension `timing`, if it has one, also when this fails.
        """
        timing = request.extensions.get("timing") or Timing()
        await request.aread()
        allowed = self._body_limit * _WIRE_FACTOR + _WIRE_EXTRA
        stream = await self._route.open(request.url, timing, allowed)
        with ExitStack() as cleanup:
            cleanup.callback(stream.close)
            exchange = self._exchange(request.url, stream, timing)
            head = await exchange.ask(self._message(request))
            if self._route.proxy is not None and request.url.scheme == "http":
                self._route.proxy.check(head.status)
            _refuse_part(request, head)
            answer = _answer(request, head, _Body(exchange, stream))
            answer.timing, answer.expires = timing, stream.expires
            answer.body_limit = self._body_limit
            cleanup.pop_all()
        return answer

    def _exchange(self, url: httpx.URL, stream: Stream, timing: Timing) -> Exchange:
        """Choose the version of HTTP: what TLS agreed upon, or what was asked for."""
        wanted, agreed = self._route.trust.http_version, stream.protocol
        if agreed == "h2" or (wanted == "2" and url.scheme == "http"):
            return heavy.http2().Http2(stream, timing)
        if wanted == "2":
            raise Unreachable(f"does not offer HTTP/2 but {agreed or 'nothing'} (by ALPN)")
        return Http1(stream, timing)

    def _message(self, request: httpx.Request) -> Message:
        url = request.url
        authority = request.headers.get("host", "").encode("utf-8") or url.netloc
        headers, target = request.headers.raw, url.raw_path
        if self._route.proxy is not None and url.scheme == "http":
            headers = [*headers, *self._route.proxy.headers()]
            target = b"http://" + url.netloc + url.raw_path
        return Message(request.method.encode(), url.raw_scheme, authority, target, headers, request.content)


def _refuse_part(request: httpx.Request, head: Head) -> None:
    """Refuse a part of the body that no `range` asked for (RFC 9110 section 15.3.7): it would pass as the whole."""
    if head.status == httpx.codes.PARTIAL_CONTENT and "range" not in request.headers:
        raise Unreachable("answers with a part that nobody asked for: 206 Partial Content")


def _answer(request: httpx.Request, head: Head, body: _Body) -> Answer:
    version = b"HTTP/" + head.version.encode("ascii")
    answer = Answer(
        head.status, headers=head.headers, stream=body, request=request, extensions={"http_version": version}
    )
    answer.version = head.version
    return answer
