"""HTTP/1.1 (RFC 9112) over a stream, by h11, with the words for what hostile servers do."""

from __future__ import annotations

import re
from contextlib import suppress
from time import perf_counter

import h11

from agent.probe import ProbeError, Unreachable
from probes.http.connection import Stream
from probes.http.exchange import HEAD_LIMIT, INTERIM_LIMIT, Head, Message
from probes.http.timing import Timing
from probes.http.words import inside

__all__ = ["Http1"]

_SHOWN = 40
"""Characters of what is not HTTP that a message shows."""

_TOO_LONG = "Receive buffer too long"
"""How h11 begins to say that `max_incomplete_event_size` is exceeded."""


class Http1:
    """One request and its answer: h11 is strict about what comes, this about when it comes and ends."""

    __slots__ = ("_answered", "_began", "_h11", "_method", "_seen", "_stream", "_timing", "_until_closed")

    def __init__(self, stream: Stream, timing: Timing) -> None:
        self._stream, self._timing = stream, timing
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        self._began = 0.0
        self._seen = self._method = b""
        self._answered = self._until_closed = False

    async def ask(self, message: Message) -> Head:
        """Send the request and wait for the head of its answer.  Raises Unreachable."""
        self._method = message.method
        sent = await self._send(message)
        self._feed(await self._stream.receive_first())
        self._began = self._stream.began
        self._timing.first_byte = max(0.0, self._began - sent)
        head = await self._head()
        self._timing.first_byte = max(0.0, self._began - sent)
        return head

    async def more(self) -> bytes | None:
        """Wait for more of the body; None when it is whole.  Raises Unreachable when it is cut short."""
        event = await self._next()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self._timing.transfer = max(0.0, self._stream.arrived - self._began)
        return None

    @property
    def surplus(self) -> bytes:
        """What came right after an answer to CONNECT, where no HTTP can follow."""
        return self._h11.trailing_data[0]

    async def _send(self, message: Message) -> float:
        """Send the request; returns when it was sent."""
        data = self._encoded(message)
        started = perf_counter()
        with suppress(Unreachable):  # an answer that came early, saying why, may still be read
            await self._stream.send(data)
        sent = self._stream.sent
        self._timing.send = sent - started
        return sent

    def _encoded(self, message: Message) -> bytes:
        try:
            request = h11.Request(method=message.method, target=message.target, headers=message.headers)
            head = self._h11.send(request) or b""
            body = self._h11.send(h11.Data(data=message.content)) if message.content else b""
            return head + (body or b"") + (self._h11.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError:  # its own message would show the header, and headers hold secrets
            raise ProbeError("the request is not valid HTTP") from None

    async def _head(self) -> Head:
        interim = 0
        while isinstance(event := await self._next(), h11.InformationalResponse):
            interim += 1
            if interim > INTERIM_LIMIT:
                raise Unreachable(f"sent more than {INTERIM_LIMIT} interim (1xx) answers")
        if interim:
            self._began = self._stream.arrived
        assert isinstance(event, h11.Response)  # noqa: S101  h11 gives nothing else before it
        return self._accepted(event)

    def _accepted(self, event: h11.Response) -> Head:
        names = {name for name, _ in event.headers}
        chunked, sized = b"transfer-encoding" in names, b"content-length" in names
        if chunked and event.http_version < b"1.1":
            raise Unreachable("the answer is of HTTP/1.0 and has a transfer-encoding")
        if chunked and sized:  # RFC 9112 section 6.3: an attempt at smuggling, or a broken server
            raise Unreachable("the answer has both a content-length and a transfer-encoding")
        self._answered, self._until_closed = True, not chunked and not sized
        return Head(event.status_code, event.headers.raw_items(), event.http_version.decode("ascii"))

    async def _next(self) -> object:
        """Wait for h11's next event."""
        try:
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                self._feed(await self._stream.receive())
        except h11.RemoteProtocolError as error:
            raise self._hostile(str(error)) from error
        return event

    def _feed(self, data: bytes) -> None:
        if not data:
            self._check_end()
        elif not self._seen:
            self._seen = data[:_SHOWN]
        self._h11.receive_data(data)

    def _check_end(self) -> None:
        """Refuse an end of the connection that cannot be the end of the answer."""
        if not self._seen:
            raise Unreachable("closed the connection without an answer")
        if not self._answered:
            raise Unreachable("closed the connection in the middle of the answer's head")
        if self._until_closed and not self._stream.complete:  # RFC 9112 section 9.8
            raise Unreachable("the body is cut short: the connection ended without the end of TLS")

    def _hostile(self, why: str) -> Unreachable:
        """Put h11's words, which are for programmers, into an operator's."""
        if self._answered:
            return Unreachable(_body_mistake(why))
        if why.startswith(_TOO_LONG):
            return Unreachable(f"the head of the answer is larger than {HEAD_LIMIT} bytes")
        if why.startswith(("illegal status line", "illegal request line", "no response line")):
            if self._seen.startswith(self._method):  # what is shown is cut, and a cut secret cannot be masked
                return Unreachable("answers with an echo of the request")
            shown = self._seen.decode("ascii", "replace").split("\n", 1)[0].rstrip()
            return Unreachable(f"answers with what is not HTTP: {shown!r}")
        words = next((words for start, words in _HEAD.items() if why.startswith(start)), _said(why))
        return Unreachable(f"the head of the answer is broken: {words}")


_HEAD = {
    "Only Transfer-Encoding": "a transfer-encoding other than chunked",
    "Received server": "it switches to another protocol unasked",
}
"""What h11 says of heads in words that only a programmer understands."""

_SHORT = re.compile(r"received (\d+) bytes, expected (\d+)")


def _body_mistake(why: str) -> str:
    if why.startswith(_TOO_LONG):
        return f"the head of a chunk, or the trailer, is larger than {HEAD_LIMIT} bytes"
    if not why.startswith("peer "):
        return f"the body is broken: {_said(why)}"
    short = _SHORT.search(why)
    return f"the body is cut short: {f'{short[1]} of {short[2]} bytes came' if short else 'its chunks do not end'}"


def _said(why: str) -> str:
    """Give what h11 says, without the bytes that it shows."""
    return inside(why.partition(":")[0])
