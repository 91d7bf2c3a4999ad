"""Ask for the records of a name, of one server or of several, and see whether they agree."""

from __future__ import annotations

from typing import Annotated

from anyio import create_task_group
from msgspec import Meta

from agent.probe import Need, Probe, ProbeError, Unreachable, checked
from probes.dns.agreement import DnsReading, agree
from probes.dns.answer import Finding, find
from probes.dns.endpoint import parse_endpoint
from probes.dns.exchange import Channel, Reply, Server, Transport
from probes.dns.machine import machine
from probes.dns.question import Question, parse_name, parse_type
from probes.dns.secure import tls_context
from probes.dns.zone import name_servers

__all__ = ["DnsProbe"]

_PORT, _TLS_PORT = 53, 853


def _parse_server(text: str) -> Server:
    return Server(text, parse_endpoint(text, _PORT))


_ServerText = Annotated[str, checked(_parse_server)]
_Outcome = Finding | Unreachable | ProbeError


class DnsProbe(Probe, frozen=True):
    """Ask each server once.

    By default there must be records of this type (`rcode: NOERROR`), and all servers asked must agree.  An
    `expect` for another code, such as `rcode: NXDOMAIN` or `rcode: NODATA`, stands by itself.  A server that
    refuses or sends garbage does not agree; when none answers, that is a failure of the servers that the
    profile names, and an error when they are this machine's own.
    """

    defaults = {"rcode": "NOERROR", "agree": "true"}

    name: Annotated[str, checked(parse_name)]
    """Name to ask for, complete (no search list is added), in Unicode or ASCII; with type PTR also an address."""
    type: Annotated[str, checked(parse_type)] = "A"
    """Type of the records: A, AAAA, CAA, CNAME, DNSKEY, DS, HTTPS, MX, NS, PTR, SOA, SRV, SSHFP, TLSA, TXT …"""
    resolver: _ServerText | None = None
    """Server to ask, as `address`, `name` or either with `:port`, IPv6 with a port in brackets; default: this
    machine's own, in their order, as other programs do."""
    resolvers: Annotated[list[_ServerText], Meta(min_length=1)] | None = None
    """Several servers to ask, all at once, instead of `resolver`."""
    authoritative: bool = False
    """Ask each of the zone's own name servers (found through the resolvers), without recursion."""
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    """Port of servers that are named without; default 53, with `tls` 853."""
    transport: Transport = "udp"
    """`udp` (and TCP when the answer does not fit), `tcp`, or `tls` (DoT, certificate verified)."""
    server_name: str = ""
    """With `tls`: name that certificates must match; default: each server's host."""
    ca: str = ""
    """With `tls`: PEM file of the authorities to trust; default: this machine's."""
    recurse: bool = True
    """Have the server find out what it does not know."""
    dnssec: bool = False
    """Ask for signatures as well."""
    resolv_conf: str = "/etc/resolv.conf"
    """File that names this machine's own resolvers."""

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        parse_name(self.name, parse_type(self.type))
        if self.resolver and self.resolvers:
            raise ValueError("give either resolver or resolvers")
        named = [server.endpoint for server in self._named()]
        for endpoint in named:
            if named.count(endpoint) > 1:
                raise ValueError(f"resolvers names {endpoint} twice")
        if (self.server_name or self.ca) and self.transport != "tls":
            raise ValueError("server_name and ca are for transport: tls")

    async def measure(self) -> DnsReading:
        """Ask, and put what came together."""
        channel = await self._channel()
        question = Question(
            parse_name(self.name, parse_type(self.type)),
            parse_type(self.type),
            recurse=self.recurse and not self.authoritative,
            dnssec=self.dnssec,
        )
        if self.authoritative:
            return await _ask_all(await self._zone_servers(question, channel), question, channel)
        if named := self._named():
            return await _ask_all(named, question, channel)
        return agree([find(await self._ask_machine(question, channel))], {})

    def target(self) -> str:
        """Server that is asked, when it is one and named."""
        named = self._named()
        return named[0].endpoint.host if len(named) == 1 and not self.authoritative else ""

    def permissions(self) -> tuple[Need, ...]:
        """List the servers."""
        scopes = [str(server.endpoint) for server in self._named()] or [f"resolvers of {self.resolv_conf}"]
        if self.authoritative:
            scopes.append(f"name servers of {self.name}")
        return tuple(Need("network", "connect", scope) for scope in scopes)

    def _named(self) -> tuple[Server, ...]:
        texts = [self.resolver] if self.resolver else self.resolvers or []
        return tuple(Server(text, parse_endpoint(text, self._port())) for text in texts)

    def _port(self) -> int:
        return self.port or self._standard_port()

    def _standard_port(self) -> int:
        return _TLS_PORT if self.transport == "tls" else _PORT

    async def _channel(self) -> Channel:
        if self.transport != "tls":
            return Channel(self.transport)
        return Channel(self.transport, self.server_name, await tls_context(self.ca))

    async def _ask_machine(self, question: Question, channel: Channel) -> Reply:
        own = await machine(self.resolv_conf, self._standard_port())
        return await own.ask(question, channel)

    async def _zone_servers(self, question: Question, channel: Channel) -> tuple[Server, ...]:
        async def ask(step: Question) -> Reply:
            named = self._named()
            return await (channel.ask(named[0], step) if named else self._ask_machine(step, channel))

        return await name_servers(question, ask, self._port())


async def _ask_all(servers: tuple[Server, ...], question: Question, channel: Channel) -> DnsReading:
    """Ask all at once.  Raises Unreachable when none answers, ProbeError when one cannot be asked from here."""
    outcomes: dict[Server, _Outcome] = {}

    async def ask(server: Server) -> None:
        try:
            outcomes[server] = find(await channel.ask(server, question))
        except (Unreachable, ProbeError) as error:
            outcomes[server] = error

    async with create_task_group() as tasks:
        for server in servers:
            tasks.start_soon(ask, server)
    for outcome in outcomes.values():
        if isinstance(outcome, ProbeError):
            raise outcome
    in_order = [(server.label, outcomes[server]) for server in servers]
    silent = {label: outcome for label, outcome in in_order if isinstance(outcome, Unreachable)}
    findings = [outcome for _, outcome in in_order if isinstance(outcome, Finding)]
    if not findings:
        raise Unreachable("; ".join(map(str, silent.values())))
    return agree(findings, silent)
