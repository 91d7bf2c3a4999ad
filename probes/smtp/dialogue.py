"""The visit, step by step; each takes what it learns into the metrics, and ends all when it is refused."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from time import time

from agent.probe import ProbeError, Unreachable
from probes.smtp import letter
from probes.smtp.letter import Letter
from probes.smtp.login import BROKEN, log_in
from probes.smtp.offers import offered, size_limit
from probes.smtp.seen import Seen
from probes.smtp.settings import SmtpSettings
from probes.smtp.wire import Reply, Wire

__all__ = ["Dialogue"]

_QUEUED = re.compile(r"(?:\bqueued as |\bid=)([\w.-]{1,100})", re.IGNORECASE)
"""As Postfix and Exim say it."""

_AFTER_MESSAGE = "after the message, which it may have taken or not"


class _Refused(Exception):
    """The server refused a step, with a reply of 4xx or 5xx."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(step)
        self.step, self.reply = step, reply


class Dialogue:
    """One visit over one connection."""

    def __init__(self, settings: SmtpSettings, wire: Wire, seen: Seen, trusting: ssl.SSLContext | None) -> None:
        self._settings, self._wire, self._seen, self._trusting = settings, wire, seen, trusting
        self._offers: Mapping[str, str] = {}

    async def hold(self) -> None:
        """Go as far as the settings say, or as the server lets us.  Raises Unreachable and ProbeError."""
        try:
            await self._talk()
        except _Refused as refused:
            self._seen.metrics["refused"] = f"{refused.step}: {refused.reply}"
        await self._wire.leave()

    async def _talk(self) -> None:
        if self._settings.tls == "implicit":
            await self._secure()
        await self._greeting()
        await self._hello()
        if self._settings.tls == "starttls":
            await self._starttls()
            await self._hello()
        if self._settings.user is not None:
            await self._login(self._settings.user, self._settings.password or "")
        if self._settings.message is not None:
            await self._send(self._settings.message)

    async def _greeting(self) -> None:
        reply, seconds = await self._wire.reply()
        self._seen.spend("greeting", seconds)
        self._seen.metrics |= {"greeting": reply.code, "banner": reply.text}
        self._judge("greeting", reply, 220)

    async def _hello(self) -> None:
        """Greet (RFC 5321 section 4.1.1.1); what was offered before TLS is forgotten (RFC 3207 section 4.2)."""
        reply = await self._ask("hello", "hello", f"EHLO {self._settings.hello}", 250)
        self._offers = offers = offered(reply)
        clear = self._settings.tls != "implicit" and self._seen.timing.tls is None
        if clear:
            self._seen.metrics |= {"starttls": "STARTTLS" in offers, "auth_in_clear": "AUTH" in offers}
        self._seen.metrics |= {
            "extensions": list(offers),
            "auth_methods": offers.get("AUTH", "").upper().split(),
            "size_limit_bytes": size_limit(offers.get("SIZE", "")),
        }

    async def _starttls(self) -> None:
        if "STARTTLS" not in self._offers:
            raise Unreachable("does not offer STARTTLS")
        await self._ask("starttls", "hello", "STARTTLS", 220)
        self._seen.forget("extensions", "auth_methods", "size_limit_bytes")
        await self._secure()

    async def _secure(self) -> None:
        assert self._trusting is not None  # noqa: S101  there is a context for every `tls` but none
        name = self._settings.server_name or self._settings.endpoint.host
        stream, self._seen.timing.tls = await self._wire.secure(self._trusting, name)
        expires = stream.expires
        self._seen.metrics["tls_version"] = stream.version
        self._seen.metrics["certificate_expires_in_seconds"] = (
            expires - time() if isinstance(expires, float) else expires
        )

    async def _login(self, user: str, password: str) -> None:
        reply, seconds = await log_in(self._wire, self._seen.metrics["auth_methods"], user, password)
        self._seen.spend("login", seconds)
        self._note(reply)
        if reply.code >= 500 and reply.code not in BROKEN:
            self._seen.metrics["authenticated"] = False
            if self._settings.denied == "error":
                raise ProbeError(f"denies the credentials: {reply}")
        self._judge("login", reply, 235)
        self._seen.metrics["authenticated"] = True

    async def _send(self, message: Letter) -> None:
        """Send a message (RFC 5321 section 3.3)."""
        try:
            await self._deliver(message)
        except _Refused as refused:
            if refused.reply.code >= 500:
                self._seen.metrics["accepted"] = False
            raise
        self._seen.metrics["accepted"] = True

    async def _deliver(self, message: Letter) -> None:
        await self._ask("sender", "message", f"MAIL FROM:<{message.sender}>", 250)
        await self._ask("recipient", "message", f"RCPT TO:<{message.to}>", 250, 251)
        await self._ask("message", "message", "DATA", 354)
        identifier = letter.message_id(message)
        self._seen.metrics["message_id"] = identifier
        reply, seconds = await self._wire.send(letter.written(message, identifier), _AFTER_MESSAGE)
        self._seen.spend("message", seconds)
        self._judge("message", reply, 250)
        self._seen.metrics["queue_id"] = _queue_id(reply)

    async def _ask(self, step: str, phase: str, command: str, *wanted: int) -> Reply:
        reply, seconds = await self._wire.ask(command)
        self._seen.spend(phase, seconds)
        self._judge(step, reply, *wanted)
        return reply

    def _judge(self, step: str, reply: Reply, *wanted: int) -> None:
        """End the visit unless a reply is the one that leads on."""
        self._note(reply)
        if reply.code >= 400:
            raise _Refused(step, reply)
        if reply.code not in wanted:
            raise Unreachable(f"is out of step: its reply is {reply.code}, expected {wanted[0]} ({step})")

    def _note(self, reply: Reply) -> None:
        self._seen.metrics |= {"reply_code": reply.code, "reply": reply.text}


def _queue_id(reply: Reply) -> str | None:
    found = _QUEUED.search(reply.text)
    return found[1] if found else None
