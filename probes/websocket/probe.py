"""The kind `websocket`: shake hands, and talk if told to."""

from __future__ import annotations

from time import perf_counter, time

import msgspec

from agent.probe import Need, Unreadable, Value
from probes.dial import explained, opened
from probes.dial import parse as host_and_port
from probes.dns.endpoint import Endpoint
from probes.extract import check_jmespath, check_pattern
from probes.http.connection import Stream
from probes.http.timing import Timing
from probes.websocket import urls
from probes.websocket.extracts import extracted
from probes.websocket.frames import Closed, Frames, Message
from probes.websocket.handshake import SWITCHED, shake_hands
from probes.websocket.reading import WebsocketReading
from probes.websocket.settings import WebsocketSettings
from probes.websocket.urls import Place

__all__ = ["WebsocketProbe", "WebsocketReading"]

_HTTP = "1.1"
_JSON = msgspec.json.Encoder(decimal_format="number")

_WIRE_FACTOR, _WIRE_EXTRA = 8, 1 << 21
"""Bytes that may come per byte of a message (three, when each has a frame of its own), and for all else."""


class WebsocketProbe(WebsocketSettings, frozen=True, kw_only=True):
    """Open a WebSocket over a connection of its own, and where told to send a message and await the answer.

    No answer, or none that is WebSocket, whole and trusted, is a failure of the target, and so are by default a
    handshake that is refused and a connection that the server closes before it has sent what is awaited.
    No extension is offered, so that messages come as they are.
    """

    defaults = {"status": "101", "close_code": {"exists": "false"}}

    async def measure(self) -> WebsocketReading:
        """Shake hands, and talk if told to.  Raises Unreachable and ProbeError."""
        talk = _Talk(self, urls.parse(self.url))
        endpoint = self._endpoint()
        tls = (self.trust(_HTTP), self.server_name or talk.place.endpoint.host) if talk.place.secure else None
        allowed = self.message_limit * _WIRE_FACTOR + _WIRE_EXTRA
        with explained(endpoint, talk.timing, talk.known):
            async with opened(endpoint, talk.timing, allowed, tls) as stream:
                await talk.hold(stream)
        found = await extracted(talk.messages, whole=talk.whole, json=self.json, regex=self.regex)
        return WebsocketReading(**talk.known(), **found)

    def prepare(self) -> None:
        """Load certificates and libraries.  Raises ProbeError for a file that is no good."""
        for check, expressions in ((check_jmespath, self.json), (check_pattern, self.regex)):
            for expression in expressions.values():
                check(expression)
        if urls.parse(self.url).secure:
            self.prepare_tls(_HTTP)

    def target(self) -> str:
        """Name the host of the URL."""
        return urls.parse(self.url).endpoint.host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, and the files that are read for it."""
        return self.needs(self._endpoint())

    def _endpoint(self) -> Endpoint:
        return host_and_port(self.connect_to) if self.connect_to else urls.parse(self.url).endpoint


class _Talk:
    """One connection, and what came of it."""

    def __init__(self, settings: WebsocketSettings, place: Place) -> None:
        self.settings, self.place = settings, place
        self.timing = Timing()
        self.messages: list[Message] = []
        self._metrics: dict[str, Value] = {}
        self._spent = 0.0

    @property
    def whole(self) -> bool:
        """Whether every message that was awaited came."""
        return len(self.messages) == self.settings.awaited

    def known(self) -> dict[str, Value]:
        """Give all metrics so far, but for the messages."""
        timing = self.timing
        return {
            **self._metrics,
            "address": timing.peer or None,
            "resolve_seconds": timing.resolve,
            "connect_seconds": timing.connect,
            "tls_seconds": timing.tls,
            "latency_seconds": timing.total + self._spent,
        }

    async def hold(self, stream: Stream) -> None:
        """Shake hands, and go on if the server does.  Raises Unreachable."""
        self._metrics["certificate_expires_in_seconds"] = _time_left(stream.expires)
        headers = [("host", self.place.authority), *self.settings.headers.items()]
        if self.settings.bearer is not None:
            headers.append(("authorization", f"Bearer {self.settings.bearer}"))
        opening = await shake_hands(stream, self.place.target, headers, self.settings.subprotocols)
        self._spend("handshake", opening.seconds)
        self._metrics |= {"status": opening.status, "subprotocol": opening.subprotocol}
        if opening.status == SWITCHED:
            frames = Frames(stream, opening.surplus, self.settings.message_limit)
            await self._talk(stream, frames)
            await frames.leave()

    async def _talk(self, stream: Stream, frames: Frames) -> None:
        began = stream.arrived
        if self.settings.send is not None:
            began = perf_counter()
            await frames.send(_text(self.settings.send))
        while not self.whole:
            answer = await frames.receive()
            if isinstance(answer, Closed):
                self._metrics |= {"close_code": answer.code, "close_reason": answer.reason}
                break
            self.messages.append(answer)
        if self.settings.awaited and self.whole:
            self._spend("message", max(0.0, stream.arrived - began))

    def _spend(self, phase: str, seconds: float) -> None:
        self._metrics[f"{phase}_seconds"] = seconds
        self._spent += seconds


def _text(message: Value) -> str:
    return message if isinstance(message, str) else _JSON.encode(message).decode()


def _time_left(expires: float | Unreadable | None) -> float | Unreadable | None:
    return expires - time() if isinstance(expires, float) else expires
