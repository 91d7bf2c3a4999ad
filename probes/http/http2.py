"""HTTP/2 (RFC 9113) over a stream, by h2: one connection, one stream on it.

Loaded only by who may need it, because h2 takes 30 ms to import.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter

from anyio.lowlevel import checkpoint
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
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
from probes.http.words import inside

__all__ = ["Http2"]

_WINDOW = 1 << 20
"""Bytes that may be under way to us; the 64 KiB of the standard would measure the round trips instead."""

_STREAM = 1
_FRAME_HEAD, _FRAME_LIMIT = 9, 16384
_DATA, _HEADERS, _SETTINGS, _GOAWAY, _CONTINUATION = 0, 1, 4, 7, 9
"""Of frames: bytes of the head, bytes of the rest at most, and types (RFC 9113 sections 4 and 6)."""

_IDLE_FRAMES = 1000
"""Frames that bring the answer no further before it is called a flood."""

_FRAMES_IN_A_ROW = 64
"""Frames that are taken before others get a turn: each costs about 50 µs."""

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
        self._partial = bytearray()
        self._interim = self._idle = 0
        self._sent = self._began = 0.0
        self._ended = self._spoken = False

    async def ask(self, message: Message) -> Head:
        """Send the request and wait for the head of its answer.  Raises Unreachable."""
        await self._send(message)
        while self._head is None:
            await self._take(await self._stream.receive_first())
        return self._head

    async def more(self) -> bytes | None:
        """Wait for more of the body; None when it is whole.  Raises Unreachable when it is cut short."""
        while not self._pieces and not self._ended:
            await self._take(await self._stream.receive())
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
        self._sent = self._stream.sent
        self._timing.send = self._sent - started

    async def _upload(self, rest: memoryview) -> None:
        """Send the content as fast as the server takes it, unless it answers before it has it all."""
        self._idle -= len(rest) // 1024  # the server has to say again and again that it takes more
        while rest and self._head is None:
            size = min(self._h2.local_flow_control_window(_STREAM), self._h2.max_outbound_frame_size, len(rest))
            if size > 0:  # below it when the server took back what it had granted
                self._h2.send_data(_STREAM, bytes(rest[:size]), end_stream=size == len(rest))
                rest = rest[size:]
                await self._flush()
            else:
                await self._take(await self._stream.receive_first())

    async def _flush(self) -> None:
        with suppress(Unreachable):  # what was said before the connection broke may still be read
            await self._stream.send(self._h2.data_to_send())

    async def _take(self, data: bytes) -> None:
        """Take what came, one frame at a time; now and then others get a turn."""
        if not data:
            raise Unreachable(self._how_it_ended())
        self._partial += data
        for number, frame in enumerate(self._frames(), start=1):
            self._take_frame(frame)
            if number % _FRAMES_IN_A_ROW == 0:
                await checkpoint()
        await self._flush()

    def _frames(self) -> Iterator[bytes]:
        """Cut whole frames off what came (RFC 9113 section 4.1); the first is the server's settings."""
        at = 0
        while len(self._partial) - at >= _FRAME_HEAD:
            length, kind = int.from_bytes(self._partial[at : at + 3], "big"), self._partial[at + 3]
            if not self._spoken and (kind != _SETTINGS or length > _FRAME_LIMIT):
                raise Unreachable("does not speak HTTP/2")
            if length > _FRAME_LIMIT:
                raise Unreachable(f"breaks HTTP/2: a frame has {length} bytes, expected {_FRAME_LIMIT} at most")
            if len(self._partial) - at < _FRAME_HEAD + length:
                break
            self._spoken = True
            yield bytes(self._partial[at : at + _FRAME_HEAD + length])
            at += _FRAME_HEAD + length
        del self._partial[:at]

    def _take_frame(self, frame: bytes) -> None:
        if frame[3] == _GOAWAY:  # h2 would take nothing more, although the server may still serve us
            self._take_farewell(frame[_FRAME_HEAD:])
            return
        self._count(frame)
        try:
            events = self._h2.receive_data(frame)
        except ProtocolError as error:
            raise Unreachable(f"breaks HTTP/2: {_said(error)}") from error
        for event in events:
            self._handle(event)

    def _count(self, frame: bytes) -> None:
        """Bound what a server may send that brings the answer no further."""
        brings = frame[3] in (_HEADERS, _CONTINUATION) or (frame[3] == _DATA and len(frame) > _FRAME_HEAD)
        self._idle += not brings
        if self._idle > _IDLE_FRAMES:
            raise Unreachable("sends frames without end that bring nothing")

    def _take_farewell(self, payload: bytes) -> None:
        """Take a GOAWAY (RFC 9113 section 6.8), which names the last request that is still served."""
        last, code = int.from_bytes(payload[:4], "big") & 0x7FFFFFFF, int.from_bytes(payload[4:8], "big")
        if not self._ended and (code or last < _STREAM):
            raise Unreachable(_given_up(code))

    def _handle(self, event: Event) -> None:
        match event:
            case ResponseReceived(headers=headers):
                self._answer(headers or [])
            case InformationalResponseReceived():
                self._count_interim()
            case DataReceived(data=data, flow_controlled_length=length):
                if data:
                    self._pieces.append(data)
                self._h2.acknowledge_received_data(length or 0, _STREAM)
            case StreamEnded():
                self._ended = True
            case StreamReset(error_code=code) if not self._ended:
                raise Unreachable(_given_up(code or 0))

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


def _given_up(code: int) -> str:
    try:
        name = ErrorCodes(code).name.lower().replace("_", " ")
    except ValueError:
        name = f"error {code}"
    return f"gave the request up: {name}"


def _said(error: ProtocolError) -> str:
    """Give what h2 says, without the name of its class."""
    name = type(error).__name__
    said = inside(str(error).removeprefix(f"{name}: ")) or name
    return f"a frame for stream {said}, which does not exist" if said.isdigit() else said
