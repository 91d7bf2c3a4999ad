"""The metrics of `smtp`."""

from __future__ import annotations

from agent.probe import Reading, Unreadable

__all__ = ["SmtpReading"]


class SmtpReading(Reading, frozen=True, kw_only=True):
    """What a visit to a mail server showed.

    A server that refuses a step ends the visit; what comes after that step is absent.  Times are taken from
    the moment at which the kernel saw the last packet of a reply, where it tells (Linux).
    """

    refused: str | None = None
    """What the server refused and how, such as `recipient: 550 5.1.1 no such user`: one of `greeting`, `hello`,
    `starttls`, `login`, `sender`, `recipient` and `message`, and its reply.  A code of 4xx means "not now"
    (greylisting, overload), one of 5xx "never".  Absent when it refused nothing; a check that expects a refusal
    says `refused: {matches: "^recipient: 5"}`."""

    greeting: int
    """Code of the greeting: 220 from a server that is ready, 421 or 554 from one that is not."""

    banner: str
    """Text of the greeting."""

    extensions: list[str] | None = None
    """Keywords of the extensions that the server offers (`PIPELINING`, `SIZE`, `AUTH`), within TLS if there is any."""

    starttls: bool | None = None
    """Whether STARTTLS is offered before TLS; absent with `tls: implicit`."""

    auth_methods: list[str] | None = None
    """Ways to log in that the server offers, within TLS if there is any."""

    auth_in_clear: bool | None = None
    """Whether the server offers to log in without TLS; absent with `tls: implicit`."""

    size_limit_bytes: int | None = None
    """Size of a message that the server declares to take at most; absent when it declares none."""

    tls_version: str | None = None
    """Version of TLS that was agreed on, such as `TLSv1.3`; absent without TLS."""

    certificate_expires_in_seconds: float | Unreadable | None = None
    """Time until the server's certificate expires; absent without TLS.  The kind `tls` tells more."""

    authenticated: bool | None = None
    """Whether the credentials were accepted: false when they were denied, absent when none were given or the
    server could not tell for now."""

    accepted: bool | None = None
    """Whether the message was accepted: false when it was refused for good (5xx), absent when it was put off
    (4xx) or there is none."""

    reply_code: int
    """Code of the reply that the visit came to: of the last step, or of the one that was refused."""

    reply: str
    """Its text; of an accepted message most servers tell here how it is queued."""

    queue_id: str | None = None
    """Identifier under which the message was queued, where the reply names it in a usual way."""

    message_id: str | None = None
    """`Message-ID` of the message that was sent, to find it where it arrives."""

    address: str
    """Address that was talked to."""

    latency_seconds: float
    """From the beginning to the last reply."""

    resolve_seconds: float | None = None
    """Looking the name up; absent for an address."""

    connect_seconds: float
    """Opening the connection: from SYN to SYN-ACK."""

    greeting_seconds: float
    """From there to the end of the greeting."""

    tls_seconds: float | None = None
    """The TLS handshake; absent without TLS."""

    hello_seconds: float | None = None
    """EHLO, STARTTLS and EHLO again: from each command to its reply, together."""

    login_seconds: float | None = None
    """Logging in; absent when nobody did."""

    message_seconds: float | None = None
    """Sending the message, from MAIL to the reply to its end; absent when none was sent."""
