"""HTTP/2 (RFC 9113) over a stream, by h2: one connection, one stream on it.

Loaded only by who may need it, because h2 takes 30 ms to import.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from time import perf_counter

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from agent.probe import ProbeError, Unreachable
from probes.http.connection import Stream
from probes.http.exchange import HEAD_LIMIT, INTERIM_LIMIT, Head, Headers, Message
from probes.http.timing import Timing

__all__ = ["Http2"]

_WINDOW = 1 << 20
"""Bytes that may be under way to us; the 64 KiB of the standard would measure the round trips instead."""

_STREAM = 1
_HOP_BY_HOP = frozenset({b"connection", b"host", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
"""What HTTP/2 says otherwise, RFC 9113 section 8.2.2."""


class Http2:
    """One request and its answer."""

    def __init__(self, stream: Stream, timing: Timing) -> None:
        self._stream, self._timing = stream, timing
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._h2.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: HEAD_LIMIT,
            },
        )
        self._head: Head | None = None
        self._pieces: deque[bytes] = deque()
        self._interim = 0
        self._sent = self._began = 0.0
        self._ended = self._spoken = False

    async def ask(self, message: Message) -> Head:
        """Send the request and wait for the head of its answer.  Raises Unreachable."""
        await self._send(message)
        while self._head is None:
            self._feed(await self._stream.receive_first())
            await self._flush()
        return self._head

    async def more(self) -> bytes | None:
        """Wait for more of the body; None when it is whole.  Raises Unreachable when it is cut short."""
        while not self._pieces and not self._ended:
            self._feed(await self._stream.receive())
            await self._flush()
        if self._pieces:
            return self._pieces.popleft()
        self._timing.transfer = max(0.0, self._stream.arrived - self._began)
        return None

    async def _send(self, message: Message) -> None:
        started = perf_counter()
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW - 65535)
        try:
            self._h2.send_headers(_STREAM, _headers(message), end_stream=not message.content)
        except ProtocolError:  # its own message would show the header, and headers hold secrets
            raise ProbeError("the request is not valid HTTP/2") from None
        await self._flush()
        await self._upload(memoryview(message.content))
        self._sent = perf_counter()
        self._timing.send = self._sent - started

    async def _upload(self, rest: memoryview) -> None:
        """Send the content as fast as the server takes it, unless it answers before it has it all."""
        while rest and self._head is None:
            size = min(self._h2.local_flow_control_window(_STREAM), self._h2.max_outbound_frame_size, len(rest))
            if size:
                self._h2.send_data(_STREAM, bytes(rest[:size]), end_stream=size == len(rest))
                rest = rest[size:]
            else:
                self._feed(await self._stream.receive_first())
            await self._flush()

    async def _flush(self) -> None:
        with suppress(Unreachable):  # what was said before the connection broke may still be read
            await self._stream.send(self._h2.data_to_send())

    def _feed(self, data: bytes) -> None:
        if not data:
            raise Unreachable(self._how_it_ended())
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as error:
            raise self._hostile(error) from error
        self._spoken = True
        for event in events:
            self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case ResponseReceived(headers=headers):
                self._answer(headers or [])
            case InformationalResponseReceived():
                self._count_interim()
            case DataReceived(data=data, flow_controlled_length=length):
                self._pieces.append(data or b"")
                self._h2.acknowledge_received_data(length or 0, _STREAM)
            case StreamEnded():
                self._ended = True
            case StreamReset(error_code=code) | ConnectionTerminated(error_code=code):
                self._refuse_unless_ended(event, code)

    def _answer(self, headers: Headers) -> None:
        status = dict(headers).get(b":status", b"")
        if not (len(status) == 3 and status.isdigit()):
            raise Unreachable("the head of the answer is broken: bad status")
        self._began = self._stream.began
        self._timing.first_byte = max(0.0, self._began - (self._sent or self._began))
        rest = [(name, value) for name, value in headers if not name.startswith(b":")]
        self._head = Head(int(status), rest, "2")

    def _count_interim(self) -> None:
        self._interim += 1
        if self._interim > INTERIM_LIMIT:
            raise Unreachable(f"sent more than {INTERIM_LIMIT} interim (1xx) answers")

    def _refuse_unless_ended(self, event: StreamReset | ConnectionTerminated, code: ErrorCodes | int | None) -> None:
        """Let pass what harms nothing: a reset after the answer, or a farewell that still serves our stream."""
        farewell = isinstance(event, ConnectionTerminated) and (event.last_stream_id or 0) >= _STREAM
        if self._ended or (farewell and code == ErrorCodes.NO_ERROR):
            return
        name = code.name if isinstance(code, ErrorCodes) else f"error {code}"
        raise Unreachable(f"gave the request up: {name.lower().replace('_', ' ')}")

    def _hostile(self, error: ProtocolError) -> Unreachable:
        if not self._spoken:
            return Unreachable("does not speak HTTP/2")
        return Unreachable(f"breaks HTTP/2: {_lower(str(error)) or type(error).__name__}")

    def _how_it_ended(self) -> str:
        if self._head is not None:
            return "the body is cut short: the connection ended before it did"
        return "closed the connection without an answer"


def _headers(message: Message) -> Headers:
    """Make the head of a request: what HTTP/1.1 has in its first line comes first."""
    return [
        (b":method", message.method),
        (b":authority", message.authority),
        (b":scheme", message.scheme),
        (b":path", message.target),
        *((name.lower(), value) for name, value in message.headers if name.lower() not in _HOP_BY_HOP),
    ]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
