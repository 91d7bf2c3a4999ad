"""The name servers of the sample system: two, over UDP and TCP, that speak for one zone."""

from __future__ import annotations

import socketserver
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

ZONE = "shop.demo.test"
_TTL = 60
Answer = Callable[[bytes], bytes]


def answerer(address: str | None) -> Answer:
    """Give what answers a query: the shop's address, or that there is no such name."""

    def answer(wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        if address is None or question.name.to_text(omit_final_dot=True).lower() != ZONE:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == 1:
            reply.answer.append(dns.rrset.from_text(question.name, _TTL, "IN", "A", address))
        return reply.to_wire()

    return answer


class UdpServer(socketserver.ThreadingUDPServer):
    """Answers over UDP."""

    daemon_threads = True

    def __init__(self, at: tuple[str, int], answer: Answer) -> None:
        self.answer = answer
        super().__init__(at, _OverUdp)


class _OverUdp(socketserver.BaseRequestHandler):
    server: UdpServer

    def handle(self) -> None:
        wire, sock = self.request
        sock.sendto(self.server.answer(wire), self.client_address)
