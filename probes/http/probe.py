"""The kind `http`: send one request and measure the answer.

An instrument, not a browser: one connection of its own, one address, no retry, no cache, no redirect unless
asked, no proxy but the one that the profile names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import msgspec

from agent.probe import Need, Value
from probes.extract import check_jmespath, check_pattern, check_xpath
from probes.http import addresses, forms, heavy, message, readings, trust, urls
from probes.http.metrics import HttpReading
from probes.http.resolve import Address, Family
from probes.http.route import Route
from probes.http.settings import HttpSettings
from probes.http.trust import Trust
from probes.http.visit import Rules, Visit, visit

__all__ = ["HttpProbe"]

_FAMILIES = {"ipv4": Family.AF_INET, "ipv6": Family.AF_INET6}


class HttpProbe(HttpSettings, frozen=True, kw_only=True):
    """Send one HTTP request over a connection of its own, and measure the answer phase by phase.

    No answer, or none that is HTTP, whole and trusted, is a failure of the target; so is a part (206) unless
    `headers` ask for one with `range`.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"status": {"min": "200", "max": "299"}}

    accept: ClassVar[str] = "*/*"
    """The `accept` header, unless the profile gives one."""

    async def measure(self) -> HttpReading:
        """Ask, follow if told to, and read the answer.  Raises Unreachable and ProbeError."""
        request = await message.build(self, self.accept)
        return HttpReading(**await self.look(request))

    async def look(self, request: httpx.Request) -> dict[str, Value]:
        """Measure one request, at one address or at each."""
        route = self.route()
        if self.addresses != "all":
            return await self._look(request, route)
        found = await route.addresses(request.url)

        async def look_at(address: Address) -> dict[str, Value]:
            return await self._look(_copy(request), msgspec.structs.replace(route, address=address))

        metrics = addresses.merged(await addresses.each(found.addresses, look_at))
        return metrics | addresses.resolved(metrics, found)

    async def _look(self, request: httpx.Request, route: Route) -> dict[str, Value]:
        return await readings.taken(await self.ask(request, route), self)

    async def ask(self, request: httpx.Request, route: Route) -> Visit:
        """Ask, and follow if told to."""
        return await visit(request, route, self.rules())

    def rules(self) -> Rules:
        """Tell how far a visit goes."""
        return Rules(follow=self.redirects, downgrade=self.downgrade, body_limit=self.body_limit)

    def route(self) -> Route:
        """Lay the way to the URL's own origin."""
        return Route(
            trust=self._trust(),
            server_name=self.server_name,
            connect_to=forms.host_and_port(self.connect_to) if self.connect_to else None,
            socket=self.socket,
            proxy=message.proxy(self.proxy),
            family=_FAMILIES.get(self.addresses, Family.AF_UNSPEC),
        )

    def _trust(self) -> Trust:
        return Trust(self.verify, self.ca, self.cert, self.key, self.key_password, self.http_version)

    def prepare(self) -> None:
        """Load certificates and libraries.  Raises ProbeError for a file that is no good."""
        message.user_agent()
        for check, expressions in ((check_jmespath, self.json), (check_xpath, self.xpath), (check_pattern, self.regex)):
            for expression in expressions.values():
                check(expression)
        secure = urls.parse(self.url).scheme == "https" or bool(self.redirects)
        if self.http_version == "2" or (secure and self.http_version is None):
            heavy.http2()
        if secure:
            self._prepare_tls()

    def _prepare_tls(self) -> None:
        trust.prepare(self._trust())
        if self.redirects:
            trust.prepare(self._trust().anonymous())
        if not self.verify:
            heavy.unverified()

    def target(self) -> str:
        """Name the host of the URL."""
        return urls.origin(urls.parse(self.url))[1]

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, and the files that are read for it."""
        sent = [part if isinstance(part, str) else part.file for part in self.multipart.values()]
        files = [Need("file", "read", path) for path in (self.ca, self.cert, self.key, *sent) if path]
        return (self._connection(), *files)

    def _connection(self) -> Need:
        if self.socket:
            return Need("file", "connect", self.socket)
        place = self.connect_to or urls.place(*urls.origin(urls.parse(self.proxy or self.url))[1:])
        return Need("network", "connect", place)


def _copy(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
