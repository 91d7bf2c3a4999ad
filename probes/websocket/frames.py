"""Messages over a connection that stands (RFC 6455 sections 5 to 7), by wsproto, with bounds of our own."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from anyio.lowlevel import checkpoint
from wsproto.frame_protocol import CloseReason, Frame, FrameProtocol, Opcode, ParseFailed

from agent.probe import Unreachable
from probes.http.connection import Stream
from probes.http.words import inside

__all__ = ["Closed", "Frames", "Message"]

_IDLE_FRAMES = 1000
"""Frames that bring no message any further before they are called a flood."""

_FRAMES_IN_A_ROW = 64
"""Frames that are taken before others get a turn."""


class Message(NamedTuple):
    """One message."""

    content: bytes
    binary: bool


class Closed(NamedTuple):
    """The server's farewell."""

    code: int
    reason: str | None


class Frames:
    """One connection, of which the handshake is done."""

    def __init__(self, stream: Stream, surplus: bytes, limit: int) -> None:
        self._stream = stream
        self._frames = FrameProtocol(client=True, extensions=[])
        self._frames.receive_bytes(surplus)
        self._limit = self._left = limit
        self._content = bytearray()
        self._idle = self._taken = 0

    async def send(self, text: str) -> None:
        """Send a message of text.  Raises Unreachable."""
        with suppress(Unreachable):  # what was said before the connection broke may still be read
            await self._stream.send(bytes(self._frames.send_data(text)))

    async def leave(self) -> None:
        """Say good-bye; what the server says to that is no matter of ours."""
        with suppress(Unreachable):
            await self._stream.send(bytes(self._frames.close(CloseReason.NORMAL_CLOSURE)))

    async def receive(self) -> Message | Closed:
        """Wait for a message or the server's farewell.  Raises Unreachable."""
        while True:
            while (frame := self._next()) is not None:
                if (whole := await self._take(frame)) is not None:
                    return whole
            data = await self._stream.receive()
            if not data:
                raise Unreachable("ended the connection without a farewell (a close frame)")
            self._frames.receive_bytes(data)

    def _next(self) -> Frame | None:
        """Take a frame, or what is there of one, off what came."""
        try:
            return next(self._frames.received_frames(), None)
        except ParseFailed as error:
            raise Unreachable(f"breaks WebSocket: {_said(error)}") from error

    async def _take(self, frame: Frame) -> Message | Closed | None:
        self._taken += 1
        if self._taken % _FRAMES_IN_A_ROW == 0:
            await checkpoint()
        if isinstance(frame.payload, tuple):
            code, reason = frame.payload
            return Closed(int(code), reason or None)
        content = frame.payload.encode() if isinstance(frame.payload, str) else bytes(frame.payload)
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            await self._answer(frame.opcode, content)
            return None
        return self._collect(frame, content)

    async def _answer(self, opcode: Opcode, content: bytes) -> None:
        """Answer a ping with a pong (RFC 6455 section 5.5.3)."""
        self._count()
        if opcode is Opcode.PING:
            with suppress(Unreachable):
                await self._stream.send(bytes(self._frames.pong(content)))

    def _collect(self, frame: Frame, content: bytes) -> Message | None:
        self._left -= len(content)
        if self._left < 0:
            raise Unreachable(f"sends messages of more than {self._limit} bytes (`message_limit`)")
        self._content += content
        if not frame.message_finished:
            if not content:
                self._count()
            return None
        whole, self._content = bytes(self._content), bytearray()
        return Message(whole, frame.opcode is Opcode.BINARY)

    def _count(self) -> None:
        self._idle += 1
        if self._idle > _IDLE_FRAMES:
            raise Unreachable("sends frames without end that bring nothing")


_WORDS = {
    "client received unexpected masked": "a frame is masked, which is for clients",
    "Reserved bit": "a frame has a reserved bit set, which belongs to an extension that nobody offered",
    "unexpected CONTINUATION": "a frame continues a message that has not begun",
    "expected CONTINUATION": "a message begins within another",
    "Invalid attempt to fragment": "a control frame is fragmented",
    "Control frame with payload": "a control frame has more than 125 bytes",
    "'utf-8' codec": "a message of text is not UTF-8",
    "Error decoding CLOSE": "the reason of a close frame is not UTF-8",
}
"""What wsproto says in words that only a programmer understands, by how it begins."""


def _said(error: ParseFailed) -> str:
    text = str(error)
    return next((words for start, words in _WORDS.items() if text.startswith(start)), inside(text))
