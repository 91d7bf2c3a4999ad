"""The kind `smtp`: visit a mail server."""

from __future__ import annotations

from contextlib import closing

from agent.probe import Need
from probes.dial import dial, explained
from probes.smtp import security
from probes.smtp.dialogue import Dialogue
from probes.smtp.reading import SmtpReading
from probes.smtp.seen import Seen
from probes.smtp.settings import SmtpSettings
from probes.smtp.wire import ALLOWED, Wire

__all__ = ["SmtpProbe"]


class SmtpProbe(SmtpSettings, frozen=True, kw_only=True):
    """Visit a mail server: greet, turn to TLS, and as told log in and send a message.

    One connection to the address that this machine prefers.  What a visit is asked to do must succeed: a step
    that the server refuses shows in `refused`, which must be absent by default.  A server without STARTTLS,
    with an untrusted certificate, or whose replies are none, is a failure.  Denied credentials are an error,
    unless `denied: metric` leaves them to `expect`.  A check with a `message` sends mail: say `active: true`.
    """

    defaults = {"refused": {"exists": "false"}}

    async def measure(self) -> SmtpReading:
        """Visit the server.  Raises Unreachable and ProbeError."""
        trusting = None if self.tls == "none" else security.context(verify=self.verify, ca=self.ca)
        seen = Seen()
        with (
            explained(self.endpoint, seen.timing, seen.known),
            closing(Wire(*await dial(self.endpoint, seen.timing, ALLOWED))) as wire,
        ):
            await Dialogue(self, wire, seen, trusting).hold()
        return SmtpReading(**seen.known())

    def prepare(self) -> None:
        """Load certificates.  Raises ProbeError for a file that is no good."""
        if self.tls != "none":
            security.prepare(verify=self.verify, ca=self.ca)

    def target(self) -> str:
        """Name the server."""
        return self.endpoint.host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, the mail that is sent, and the file that is read."""
        needs = [Need("network", "connect", str(self.endpoint))]
        if self.message is not None:
            needs.append(Need("mail", "send", self.message.to))
        if self.ca is not None:
            needs.append(Need("file", "read", self.ca))
        return tuple(needs)
