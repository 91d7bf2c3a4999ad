"""How a server is reached, for every kind here: its address, what it is shown, and what it is trusted by.

The settings are those of `http` under the names that fit an API, and it is the transport of `http` that
carries the requests: each over a connection of its own, no retry, no redirect, no proxy of the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import httpx
from msgspec import field

from agent.probe import Bytes, Need, Probe, checked
from probes.http import forms, message, urls
from probes.http.forms import Basic
from probes.http.probe import HttpProbe
from probes.http.visit import Visit

__all__ = ["Connection", "Query", "base_url"]

Query = Mapping[str, str | list[str]]
"""Parameters of a request; a list repeats its own."""

_LONG = 4000
"""Characters of parameters above which they travel in a body: some proxies take no longer line than 8 KiB."""
_FORMS = ("/api/v1/query", "/api/v1/query_range", "/api/v1/format_query")
"""What takes its parameters in a body as well."""


def base_url(text: str) -> httpx.URL:
    """Read the address of a server: what stands before `/api`."""
    url = urls.parse(text)
    if url.query or url.fragment:
        raise ValueError("has a `?` or `#`, expected the address of the server alone")
    if "/api/v" in url.path:
        raise ValueError(f"has the path {url.path}, expected what stands before /api")
    return url


class Connection(Probe, frozen=True, kw_only=True):
    """The settings of a connection."""

    url: Annotated[str, checked(base_url)]
    """Where the server is, with its path prefix if it has one and without `/api`.  User and password in it
    are sent as `basic`."""

    token: str | None = None
    """A token, sent as `authorization: Bearer TOKEN`."""

    basic: Basic | None = None
    """User and password of basic authentication: `{user: …, password: …}`."""

    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of each request, such as `X-Scope-OrgID` for a tenant."""

    verify: bool = True
    """Whether the certificate must be trusted and carry the name."""

    ca: str | None = None
    """File with the certificates (PEM) that are trusted, instead of the system's."""

    server_name: str | None = None
    """Name that is asked for and verified in TLS, instead of the URL's."""

    cert: str | None = None
    """File with the client's certificate (PEM)."""

    key: str | None = None
    """File with its private key (PEM); by default it is in `cert`."""

    key_password: str | None = None
    """Password of an encrypted key."""

    proxy: Annotated[str, checked(forms.proxy_url)] | None = None
    """Go through this HTTP proxy: `http://[user:password@]host:port`.  Variables of the environment are ignored."""

    body_limit: Bytes = 32 << 20
    """Bytes that an answer may have, decoded; a larger one is no answer."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        given = [name for name in ("token", "basic") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("`token` and `basic` exclude each other")
        self.http()

    def http(self, path: str = "", query: Query | None = None) -> HttpProbe:
        """Make the request for a path under the address; long queries are sent as a form."""
        long = path in _FORMS and sum(map(len, (query or {}).values())) > _LONG
        asked = {"form": query or {}, "method": "POST"} if long else {"query": query or {}}
        return HttpProbe(
            url=f"{self.url.rstrip('/')}{path}" if path else self.url,
            bearer=self.token,
            basic=self.basic,
            headers=self.headers,
            verify=self.verify,
            ca=self.ca,
            server_name=self.server_name,
            cert=self.cert,
            key=self.key,
            key_password=self.key_password,
            proxy=self.proxy,
            body_limit=self.body_limit,
            **asked,
        )

    def accepts(self) -> str:
        """Tell which media types are wanted, as the header `accept`."""
        return "application/json"

    async def visit(self, path: str = "", query: Query | None = None) -> Visit:
        """Ask once.  Raises Unreachable and ProbeError."""
        probe = self.http(path, query)
        request = await message.build(probe, self.accepts())
        return await probe.ask(request, probe.route())

    @property
    def place(self) -> str:
        """Host and port, as messages name them."""
        return urls.place(*urls.origin(urls.parse(self.url))[1:])

    def prepare(self) -> None:
        """Load certificates.  Raises ProbeError for a file that is no good."""
        self.http().prepare()

    def target(self) -> str:
        """Name the host of the URL."""
        return self.http().target()

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, and the files that are read for it."""
        return self.http().permissions()
