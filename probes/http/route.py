"""The way that a request takes: which address, through which proxy, with which TLS."""

from __future__ import annotations

from contextlib import ExitStack
from time import perf_counter

import httpx
import msgspec

from agent.probe import ProbeError, Unreachable
from probes.http import trust
from probes.http.connection import Connection, Stream, connect
from probes.http.proxy import Proxy, tunnel
from probes.http.resolve import Address, Family, Found, numeric, resolve
from probes.http.secure import handshake
from probes.http.timing import Timing
from probes.http.trust import Trust
from probes.http.urls import origin, same_party

__all__ = ["Route"]


class Route(msgspec.Struct, frozen=True):
    """How the first origin of a check is reached."""

    trust: Trust = Trust()
    server_name: str | None = None
    connect_to: tuple[str, int] | None = None
    socket: str | None = None
    """Path of a Unix socket."""
    proxy: Proxy | None = None
    family: int = Family.AF_UNSPEC
    address: Address | None = None
    """One of the addresses, when each of them is asked."""

    def towards(self, url: httpx.URL, home: httpx.URL) -> Route:
        """How `url` is reached, where a redirect led; what was said of `home`'s address holds only there.

        The client's certificate is shown to no other party.
        """
        if origin(url) == origin(home):
            return self
        trusted = self.trust if same_party(home, url) else self.trust.anonymous()
        return Route(trust=trusted, proxy=self.proxy)

    async def addresses(self, url: httpx.URL) -> Found:
        """Find every address at the end of this way.  Raises Unreachable and ProbeError."""
        if self.socket is not None:
            return Found((Address(Family.AF_UNIX, self.socket),), None)
        host, port = self._next_hop(url)
        known = numeric(host, port)
        if known is None:
            return await resolve(host, port, self.family)
        if self.family not in (Family.AF_UNSPEC, known.family):
            raise Unreachable(f"{host} is not an address of that family")
        return Found((known,), None)

    def _next_hop(self, url: httpx.URL) -> tuple[str, int]:
        if self.proxy is not None:
            return self.proxy.host, self.proxy.port
        return self.connect_to or origin(url)[1:]

    async def open(self, url: httpx.URL, timing: Timing, allowed: int) -> Stream:
        """Connect, and shake hands for https.  Raises Unreachable and ProbeError."""
        connection = await self._connected(url, timing)
        with ExitStack() as cleanup:
            cleanup.callback(connection.close)
            connection.allow(allowed)
            stream = await self._secured(connection, url, timing)
            cleanup.pop_all()
        return stream

    async def _connected(self, url: httpx.URL, timing: Timing) -> Connection:
        try:
            address = self.address or await self._first(url, timing)
            timing.peer = str(address)
            connection, timing.connect = await connect(address)
        except Unreachable as error:
            if self.proxy is None:
                raise
            raise ProbeError(f"{self.proxy.name}: {error}") from error
        return connection

    async def _first(self, url: httpx.URL, timing: Timing) -> Address:
        """Take the one address that the system prefers, and no other: half up must not look up."""
        found = await self.addresses(url)
        timing.resolve = found.seconds
        return found.addresses[0]

    async def _secured(self, connection: Connection, url: httpx.URL, timing: Timing) -> Stream:
        scheme, host, port = origin(url)
        if scheme == "http":
            return connection
        if self.proxy is not None:
            started = perf_counter()
            await tunnel(connection, self.proxy, host, port)
            timing.connect = (timing.connect or 0.0) + perf_counter() - started
        context = trust.context(self.trust)
        name = self.server_name or host.partition("%")[0]
        stream, timing.tls = await handshake(connection, context, name)
        return stream
