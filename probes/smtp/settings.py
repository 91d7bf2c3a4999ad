"""The settings of `smtp`, and which of them do not go together."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

from agent.probe import Probe, checked
from probes.dial import host_name
from probes.dns.endpoint import Endpoint, parse_endpoint
from probes.smtp.letter import Letter

__all__ = ["PORTS", "SmtpSettings"]

Port = Annotated[int, Meta(ge=1, le=65535)]

PORTS = {"none": 25, "starttls": 587, "implicit": 465}
"""The port of each way to TLS: relay (RFC 5321), submission (RFC 6409) and submission over TLS (RFC 8314)."""

_HELLO = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Za-z:.]{1,60}\]")


def _host(text: str) -> Endpoint:
    found = parse_endpoint(text, 25)
    if parse_endpoint(text, 26).port != 26:
        raise ValueError(f"{text!r} has a port, which goes into `port`")
    return Endpoint(host_name(found.host), found.port)


def _hello(text: str) -> None:
    if not _HELLO.fullmatch(text):
        raise ValueError(f"{text!r} is no name to greet with, expected a host name or an address in brackets")


class SmtpSettings(Probe, frozen=True, kw_only=True):
    """Which server, by which way to TLS, and how far the visit goes."""

    host: Annotated[str, checked(_host)]
    """Name or address of the server."""

    port: Port | None = None
    """Port; default 587, with `tls: none` 25 and with `tls: implicit` 465."""

    tls: Literal["none", "starttls", "implicit"] = "starttls"
    """How the visit becomes TLS: `starttls`, which the server must then offer, `implicit` from the first
    byte, or `none`."""

    verify: bool = True
    """Whether the certificate must be trusted and carry the name; an untrusted one is a failure.  Without it,
    whoever answers is told the password."""

    ca: str | None = None
    """File with the certificates (PEM) that are trusted, instead of the system's."""

    server_name: str | None = None
    """Name that is asked for and verified in TLS, instead of the host's."""

    hello: Annotated[str, checked(_hello)] = "gonogo.invalid"
    """Name to greet with (EHLO).  Some servers want one that exists, or an address in brackets."""

    user: str | None = None
    """User to log in as, by AUTH PLAIN or LOGIN."""

    password: str | None = None
    """The password; it is never shown."""

    denied: Literal["error", "metric"] = "error"
    """What denied credentials are: an `error`, because it is then not known how the server is, or a
    `metric` (`authenticated: false`, and a text in `refused`) for `expect` to judge."""

    clear_password: bool = False
    """Whether the password may go over a connection without TLS."""

    message: Letter | None = None
    """A message to be sent: `{from: …, to: …, subject: …, body: …}`.  A check that sends needs `active: true`."""

    def __post_init__(self) -> None:
        _host(self.host)
        _hello(self.hello)
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` go together")
        if "\0" in f"{self.user}{self.password}":
            raise ValueError("`user` or `password` holds a zero byte")
        if self.user is not None and self.tls == "none" and not self.clear_password:
            raise ValueError(
                "the password would be sent without TLS: choose another `tls`, or say `clear_password: true`"
            )
        if self.tls == "none" and (self.ca or self.server_name or not self.verify):
            raise ValueError("`ca`, `server_name` and `verify` have no meaning with `tls: none`")

    @property
    def endpoint(self) -> Endpoint:
        """Where the server is."""
        return Endpoint(_host(self.host).host, self.port or PORTS[self.tls])
