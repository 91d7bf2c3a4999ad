"""The kind `tls`: what one endpoint shows to a client that reads everything and believes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import Annotated

import anyio
from anyio import to_thread
from msgspec import Meta
from OpenSSL import SSL

from agent.probe import Need, Probe, Seconds, checked

from . import connection, context, crl, handshake, judgement, names, starttls
from .connection import Place, Wire
from .crl import List
from .handshake import Offer
from .hello import Hello
from .judgement import Offers, Seen
from .reading import TlsReading
from .scan import Scan
from .starttls import Protocol

Port = Annotated[int, Meta(ge=1, le=65535)]

_SHARE = 0.8
"""Share of the time left that may go by waiting for what may never come, so that what was read is not lost."""


class TlsProbe(Probe, frozen=True):
    """Shake hands once with a TLS endpoint, read its chain as sent, and judge it.

    One connection to the first address of the host gives everything about the certificate, also from
    servers with versions and ciphers that no client takes any more.  Unless `scan` is switched off, further
    connections find the versions and weak ciphers that the server accepts.  An endpoint fails as
    unreachable when it does not shake hands: closed, refused, an alert, not TLS, no STARTTLS.
    """

    defaults = {"trusted": "true", "name_matches": "true", "expires_in_seconds": {"above": "0s"}}

    host: Annotated[str, checked(names.host)]
    """Name or address to connect to."""
    port: Port | None = None
    """Port; default 443, or the usual one of `starttls`: smtp 587, imap 143, pop3 110, postgres 5432, ldap 389,
    xmpp 5222, ftp 21."""
    starttls: Protocol | None = None
    """Protocol that is spoken before TLS and asked to turn to it; default: TLS from the first byte."""
    server_name: Annotated[str, checked(names.host)] = ""
    """Name to ask for (SNI) and to find in the certificate; default `host`."""
    connect_to: Annotated[str, checked(connection.place)] = ""
    """Other place to connect to, as `host:port`: one machine behind a name, or a new one before DNS names it."""
    ca: str = ""
    """File with the CA certificates to trust, in PEM, each as it is, root or not; default the system's."""
    cert: str = ""
    """File with the client certificate, and its chain, to show when asked, in PEM."""
    key: str = ""
    """File with its key, in PEM without a passphrase; default the one of `cert`."""
    crl: str = ""
    """File with revocation lists of the issuers, in PEM (any number) or DER (one)."""
    alpn: list[str] = []
    """Application protocols to offer, the preferred first: `[h2, http/1.1]`."""
    scan: bool = True
    """Find `protocols` and `weak_ciphers`.  It costs five more connections at once and then at least one for each
    version up to TLSv1.2 that is accepted; a server's log shows them as broken off handshakes."""
    silence: Seconds = 2.0
    """How long to wait, over what the first connection took, before silence after a hello of the scan says
    nothing; likewise for a server of TLSv1.3 to object that there is no client certificate; default 2 s."""

    def __post_init__(self) -> None:
        """Refuse names that are none and settings that do not fit together."""
        names.host(self.host)
        names.host(self.server_name or self.host)
        if self.connect_to:
            connection.place(self.connect_to)
        if self.key and not self.cert:
            raise ValueError("key is given without cert")
        if not all(name.isascii() and 0 < len(name) < 256 for name in self.alpn):
            raise ValueError("alpn holds a name that is not 1 to 255 ASCII characters")
        if self.silence <= 0:
            raise ValueError("silence is not above 0s")

    async def measure(self) -> TlsReading:
        """Connect, shake hands, scan, judge."""
        trusting, lists = await to_thread.run_sync(self._load, abandon_on_cancel=True)
        place = await connection.resolve(self._place())
        seen = await self._look(place, trusting, lists)
        offers = await self._scan(place, seen) if self.scan else Offers()
        now = datetime.now(UTC)
        return await to_thread.run_sync(judgement.judge, seen, offers, now, abandon_on_cancel=True)

    def prepare(self) -> None:
        """Load CA certificates, client certificate and revocation lists."""
        self._load()

    def target(self) -> str:
        """Host that is connected to."""
        return self._place().host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection and the files."""
        files = (self.ca, self.cert, self.key, self.crl)
        read = [Need("file", "read", path) for path in files if path]
        return (Need("network", "connect", str(self._place())), *read)

    def _place(self) -> Place:
        if self.connect_to:
            return connection.place(self.connect_to)
        usual = starttls.PORTS[self.starttls] if self.starttls else 443
        return Place(self.host, self.port or usual)

    def _load(self) -> tuple[SSL.Context, tuple[List, ...] | None]:
        lists = crl.load(self.crl) if self.crl else None
        return context.load(self.ca or None, self.cert or None, self.key or None), lists

    @property
    def _name(self) -> str:
        return self.server_name or self.host

    @property
    def _hello(self) -> Hello:
        """Name and protocols for the hello; an address is never a server name (RFC 6066, section 3)."""
        asked = None if names.address(self._name) else names.a_label(self._name)
        return Hello(asked, tuple(self.alpn))

    async def _dial(self, place: Place) -> Wire:
        """Connect, and speak until TLS begins."""
        wire = await connection.connect(place)
        if self.starttls:
            try:
                await starttls.start(wire, self.starttls, self._name)
            except BaseException:
                await wire.aclose()
                raise
        return wire

    async def _look(self, place: Place, trusting: SSL.Context, lists: tuple[List, ...] | None) -> Seen:
        async with await self._dial(place) as wire:
            before = wire.connect_seconds + perf_counter() - wire.opened
            offer = Offer(self._hello, certificate=bool(self.cert))
            session = await handshake.perform(wire, trusting, offer, min(self.silence, _time_to_spare()))
        latency = before + session.seconds
        return Seen(self._name, session, lists, place, wire.connect_seconds, latency)

    async def _scan(self, place: Place, seen: Seen) -> Offers:
        """Scan the same address, for a while that ends before the check's own time does."""
        scan = Scan(
            dial=lambda: self._dial(place),
            hello=self._hello,
            negotiated=seen.session.version,
            window=self.silence + seen.latency_seconds,
            until=anyio.current_time() + _time_to_spare(),
        )
        protocols = await scan.protocols()
        return Offers(protocols, await scan.weak_ciphers())


def _time_to_spare() -> float:
    """Tell how many seconds may go by before the check's own time is nearly over; endless without one."""
    return _SHARE * (anyio.current_effective_deadline() - anyio.current_time())
