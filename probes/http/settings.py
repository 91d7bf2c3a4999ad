"""The settings of `http` and `api`, and which of them do not go together."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import field

from agent.probe import Bytes, Json, Names, Probe, checked
from probes.extract import JmesPaths, Patterns, XPaths
from probes.http import forms
from probes.http.forms import Basic, Part
from probes.http.transport import BODY_LIMIT

__all__ = ["FOLLOWED", "HttpSettings"]

FOLLOWED = 10
"""Redirects that `follow: true` allows."""


class HttpSettings(Probe, frozen=True, kw_only=True):
    """What is asked, how it is reached, and what is read from the answer."""

    url: Annotated[str, checked(forms.url)]
    """What is asked for: an http or https URL. User and password in it are sent as `basic`."""

    method: Annotated[str, checked(forms.method)] = "GET"
    """What is done with it: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or another word in capitals."""

    headers: dict[str, str] = field(default_factory=dict)
    """Headers of the request. They replace the agent's own: `accept`, `accept-encoding`, `user-agent`, `host`, …"""

    query: dict[str, str | list[str]] = field(default_factory=dict)
    """Parameters added to the URL, with what must be escaped escaped. A list repeats its parameter."""

    body: Json = None
    """What is sent: a mapping or a list as JSON (`content-type: application/json`), a text as it is."""

    form: dict[str, str | list[str]] = field(default_factory=dict)
    """What is sent, as an HTML form sends it (`application/x-www-form-urlencoded`)."""

    multipart: dict[str, str | Part] = field(default_factory=dict)
    """What is sent as `multipart/form-data`: each field's file, or `{value: TEXT}`, or `{file, name, content_type}`."""

    basic: Basic | None = None
    """User and password of basic authentication: `{user: …, password: …}`."""

    bearer: str | None = None
    """A token, sent as `authorization: Bearer TOKEN`."""

    json: JmesPaths = field(default_factory=dict)
    """Readings from a JSON body, each by a JMESPath: `{release: version}`."""

    xpath: XPaths = field(default_factory=dict)
    """Readings from an XML or HTML body, each by an XPath 1.0."""

    regex: Patterns = field(default_factory=dict)
    """Readings from a body of text, each by a regular expression: its first group, else the match."""

    header: Names = field(default_factory=dict)
    """Readings from the headers of the answer, each by a header's name: `{digest: docker-content-digest}`."""

    follow: bool | int = False
    """How many redirects are followed; `true` is 10. By default none is: the redirect is the answer.
    One to another scheme, or in a circle, is a failure. To another origin go no credentials, no headers of the
    profile but `accept` and its like, and no body."""

    downgrade: bool = False
    """Whether a redirect may lead from https to http; else that is a failure."""

    addresses: Literal["one", "all", "ipv4", "ipv6"] = "one"
    """Whom to ask: the address that the system prefers (`one`), the first of a family, or `all`: then every
    address of the name must answer, with the same status, and what is read must be the same everywhere."""

    connect_to: Annotated[str, checked(forms.host_and_port)] | None = None
    """Connect to this `host:port` instead of the URL's, which is still what is asked for."""

    socket: Annotated[str, checked(forms.socket_path)] | None = None
    """Connect to this Unix socket instead."""

    proxy: Annotated[str, checked(forms.proxy_url)] | None = None
    """Go through this HTTP proxy: `http://[user:password@]host:port`. Variables of the environment are ignored."""

    http_version: Literal["1.1", "2"] | None = None
    """Speak this version only. By default a server of https chooses; `2` without TLS is spoken unasked."""

    verify: bool = True
    """Whether the certificate must be trusted and carry the name; an untrusted one is a failure."""

    ca: str | None = None
    """File with the certificates (PEM) that are trusted, instead of the system's."""

    server_name: str | None = None
    """Name that is asked for and verified in TLS, instead of the URL's."""

    cert: str | None = None
    """File with the client's certificate (PEM), shown to the URL's own origin only."""

    key: str | None = None
    """File with its private key (PEM); by default it is in `cert`."""

    key_password: str | None = None
    """Password of an encrypted key."""

    body_limit: Bytes = BODY_LIMIT
    """Bytes that a body may have, decoded; a larger one is no answer."""

    def __post_init__(self) -> None:
        forms.only_one(self, "body", "form", "multipart")
        forms.only_one(self, "connect_to", "socket", "proxy")
        forms.only_one(self, "basic", "bearer")
        forms.check_credentials(self.url, self.headers, named=self.basic is not None or self.bearer is not None)
        forms.check_headers({**self.headers, "bearer": self.bearer or ""})
        forms.check_names(self.json, self.xpath, self.regex, self.header)
        self._check_combinations()

    def _check_combinations(self) -> None:
        if (self.form or self.multipart) and self.method in ("GET", "HEAD"):
            raise ValueError(f"a {self.method} cannot send a form: give `method: POST`")
        if self.addresses != "one" and (self.socket or self.proxy):
            raise ValueError(f"`addresses: {self.addresses}` has no meaning with `socket` or `proxy`")
        if self.cert is None and (self.key or self.key_password):
            raise ValueError("`key` has no meaning without `cert`")
        if self.follow < 0:
            raise ValueError(f"`follow` is {self.follow}, expected 0 or more")
        if self.body_limit < 1:
            raise ValueError("`body_limit` is 0, expected 1 or more")

    @property
    def redirects(self) -> int:
        """How many redirects are followed."""
        return FOLLOWED if self.follow is True else int(self.follow)
