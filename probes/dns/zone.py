"""The name servers of the zone that a name lives in: the nearest name upward that has NS records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import dns.name
import dns.rcode
import dns.rrset
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from agent.probe import ProbeError, Unreachable
from probes.dns.endpoint import Endpoint
from probes.dns.exchange import Reply, Server
from probes.dns.question import Question

__all__ = ["name_servers"]

_Ask: TypeAlias = Callable[[Question], Awaitable[Reply]]


async def name_servers(question: Question, ask: _Ask, port: int) -> tuple[Server, ...]:
    """Find who must know the answer, by asking upward.

    Raises Unreachable when there is no such zone, ProbeError when the resolver that is asked cannot tell.
    """
    name = question.name
    zone = name.parent() if question.rdtype == RdataType.DS and len(name) > 1 else name  # RFC 4035 3.1.4.1
    while True:
        reply = await ask(Question(zone, RdataType.NS))
        if reply.message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            said = dns.rcode.to_text(reply.message.rcode())
            raise ProbeError(f"{reply.server.label} answers {said} when asked for the name servers of {zone}")
        records = reply.message.get_rrset(reply.message.answer, zone, IN, RdataType.NS)
        if records:
            return _servers(records, port)
        if zone == dns.name.root:
            raise Unreachable(f"{name}: no zone with name servers holds this name")
        zone = zone.parent()


def _servers(records: dns.rrset.RRset, port: int) -> tuple[Server, ...]:
    names = sorted(str(record.target).removesuffix(".").lower() for record in records)
    return tuple(Server(name, Endpoint(name, port)) for name in names)
