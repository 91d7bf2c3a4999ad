"""A name server of the test's own: UDP, TCP and TLS on one port, answering as it is told to."""

import os
import selectors
import socket
import ssl
import threading
from contextlib import suppress

import anyio
import anyio.to_thread
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

CLOSED = 1
"""A port that nobody listens at, on UDP and TCP (tcpmux); no system hands it out."""


class Raw(bytes):
    """Bytes for a TCP connection as they are, without a length; then it is closed."""


class Torn(bytes):
    """Bytes beneath TLS, where a record should be; then it is closed."""


RESET = object()
"""Instead of an answer over TCP: reset the connection."""


class DnsServer:
    """Runs in a thread from `with` to `with`.

    `answer(query, transport)` gives a message, bytes, or None for silence; `asked` lists what came.  One that
    `greets` says its bytes to whatever comes first; one that `drips` begins an answer over TCP, and stops there.
    """

    def __init__(self, answer, host="127.0.0.1", *, tls=None, port=0, greets=False, drips=b""):
        self._answer = answer
        self._tls = tls
        self._greets = greets
        self._drips = drips
        self._udp, self._tcp = _pair(host, port)
        self.port = self._udp.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.asked = []
        self.heard = threading.Event()
        self._bell, self._ear = socket.socketpair()
        self._open = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._bell.send(b"x")
        self._thread.join()
        for sock in (self._udp, self._tcp, self._bell, self._ear, *self._open):
            sock.close()

    def _run(self):
        with selectors.DefaultSelector() as selector:
            for sock, work in ((self._udp, self._datagram), (self._tcp, self._accept), (self._ear, None)):
                selector.register(sock, selectors.EVENT_READ, work)
            while True:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    key.data()

    def _datagram(self):
        wire, sender = self._udp.recvfrom(65535)
        reply = self._reply(wire, "udp")
        if reply is not None:
            self._udp.sendto(reply, sender)

    def _accept(self):
        sock, _ = self._tcp.accept()
        sock.settimeout(10)
        with suppress(OSError):  # a client that refuses our certificate, or goes away
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            if self._answer_stream(sock):
                return
        sock.close()

    def _answer_stream(self, sock):
        """Answer one query; tell whether the connection stays open, in silence."""
        if self._greets:
            sock.recv(65535)
            sock.sendall(self._answer(None, "tcp"))
            return False
        size = int.from_bytes(_exactly(sock, 2), "big")
        reply = self._reply(_exactly(sock, size), "tls" if self._tls else "tcp")
        if reply is None:
            sock.sendall(self._drips)
            self._open.append(sock)
            return True
        if reply is RESET:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        elif isinstance(reply, Torn):
            os.write(sock.fileno(), reply)
        else:
            sock.sendall(reply if isinstance(reply, Raw) else len(reply).to_bytes(2, "big") + reply)
        return False

    def _reply(self, wire, transport):
        query = dns.message.from_wire(wire)
        question = query.question[0]
        self.asked.append((question.name.to_text(), dns.rdatatype.to_text(question.rdtype), transport))
        self.heard.set()
        reply = self._answer(query, transport)
        return reply.to_wire(max_size=65535) if isinstance(reply, dns.message.Message) else reply


def _exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


def _pair(host, port):
    """Give a UDP and a TCP socket on the same free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        tcp = socket.create_server((host, port), family=family)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
            if port:
                raise
        else:
            return udp, tcp


def zone(*lines, flags=dns.flags.RA, rcode=None):
    """Answer like a name server that knows these records (`www.example.com. 300 A 192.0.2.1`)."""
    known = [_record(line) for line in lines]

    def answer(query, _transport="udp"):
        reply = dns.message.make_response(query, recursion_available=True)
        reply.flags |= flags
        question = query.question[0]
        names = _walk(known, reply, question.name, question.rdtype)
        if rcode is not None:
            reply.set_rcode(rcode)
        elif not any(name == names[-1] for name, _, _ in known):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    return answer


def _record(line):
    name, ttl, rdtype, data = line.split(maxsplit=3)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), data)
    return dns.name.from_text(name), int(ttl), rdata


def _walk(known, reply, name, rdtype):
    names = [name]
    for _ in range(20):
        found = [record for record in known if record[0] == names[-1] and record[2].rdtype == rdtype]
        aliases = [record for record in known if record[0] == names[-1] and record[2].rdtype == dns.rdatatype.CNAME]
        for owner, ttl, rdata in found or aliases:
            _add(reply, owner, ttl, rdata)
        signatures = [record for record in known if record[0] == names[-1] and _signs(record[2], rdtype)]
        for owner, ttl, rdata in signatures if found else ():
            _add(reply, owner, ttl, rdata)
        if found or not aliases:
            break
        names.append(aliases[0][2].target)
    return names


def _signs(rdata, rdtype):
    return rdata.rdtype == dns.rdatatype.RRSIG and rdata.type_covered == rdtype


def _add(reply, owner, ttl, rdata):
    rrset = reply.find_rrset(reply.answer, owner, rdata.rdclass, rdata.rdtype, covers=rdata.covers(), create=True)
    rrset.add(rdata, ttl)


async def cut(probe, *servers):
    """Measure, and cut it when all servers have been asked; tell whether it was still waiting then."""
    ended = anyio.Event()

    async def measure():
        await probe.measure()
        ended.set()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(measure)
            for server in servers:
                await anyio.to_thread.run_sync(server.heard.wait)
            tasks.cancel_scope.cancel()
    return not ended.is_set()


def context(certificate):
    """Make a server's TLS context of a trustme certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made
