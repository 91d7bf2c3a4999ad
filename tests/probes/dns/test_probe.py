"""The `dns` kind against name servers that answer."""

import re
import time

import dns.flags
import dns.rcode
import dns.rdatatype
import msgspec
import pytest

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.dns.endpoint import Endpoint, resolve
from probes.dns.probe import DnsProbe

from .server import CLOSED, Raw, context, cut, zone

SHOP = (
    "shop.example.com. 300 A 192.0.2.2",
    "shop.example.com. 300 A 192.0.2.1",
    "shop.example.com. 60 AAAA 2001:db8::1",
    "www.example.com. 3600 CNAME Edge.Example.NET.",
    "edge.example.net. 30 CNAME pop.example.net.",
    "pop.example.net. 20 A 192.0.2.9",
    "gone.example.com. 3600 CNAME nowhere.example.net.",
    "loop.example.com. 60 CNAME pool.example.com.",
    "pool.example.com. 60 CNAME loop.example.com.",
    "1.2.0.192.in-addr.arpa. 60 PTR Shop.example.com.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 60 PTR six.example.com.",
    "xn--exmple-cua.com. 60 A 192.0.2.7",
)


def steady(reading):
    """Give a reading's metrics without the one that differs from look to look, after a check of that one."""
    found = msgspec.to_builtins(reading)
    assert 0 < found.pop("latency_seconds") < 10
    return found


async def test_addresses_and_all_that_is_known_of_the_answer(serve):
    server = serve(zone(*SHOP))
    reading = await DnsProbe(name="shop.example.com", type="A", resolvers=[server.address]).measure()
    assert steady(reading) == {
        "named": {},
        "rcode": "NOERROR",
        "answers": ["192.0.2.1", "192.0.2.2"],
        "records": 2,
        "agree": True,
        "reason": None,
        "resolvers": 1,
        "replies": {server.address: "NOERROR 192.0.2.1, 192.0.2.2"},
        "chain": [],
        "ttl_seconds": 300.0,
        "smallest_ttl_seconds": 300.0,
        "authenticated": False,
        "authoritative": False,
        "serial": None,
        "signature_expires_in_seconds": None,
    }
    assert server.asked == [("shop.example.com.", "A", "udp")]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_each_transport_over_each_family(serve, host, transport):
    server = serve(zone(*SHOP), host)
    reading = await DnsProbe(
        name="shop.example.com", type="aaaa", resolver=server.address, transport=transport
    ).measure()
    assert (reading.rcode, reading.answers, reading.ttl_seconds) == ("NOERROR", ["2001:db8::1"], 60.0)
    assert server.asked == [("shop.example.com.", "AAAA", transport)]


@pytest.mark.parametrize(
    ("rdtype", "data", "text"),
    [
        ("MX", "10 Mail.Example.com.", "10 mail.example.com"),
        pytest.param("MX", "0 .", "0 .", id="null MX"),
        ("NS", "NS1.example.com.", "ns1.example.com"),
        ("TXT", '"v=spf1 -all" " and more."', "v=spf1 -all and more."),
        pytest.param("TXT", '"k\\195\\164se \\255"', "käse \\xff", id="TXT beyond ASCII"),
        ("SRV", "0 5 5060 Sip.example.com.", "0 5 5060 sip.example.com"),
        ("CAA", '0 issue "CA.example. ; x=y"', '0 issue "CA.example. ; x=y"'),
        ("SOA", "Ns.example. Host.example. 42 1 2 3 4", "ns.example host.example 42 1 2 3 4"),
        ("SSHFP", "4 2 " + "AB" * 32, "4 2 " + "ab" * 32),
        ("TLSA", "3 1 1 " + "CD" * 32, "3 1 1 " + "cd" * 32),
        ("DS", "1 8 2 " + "EF" * 32, "1 8 2 " + "ef" * 32),
        ("DNSKEY", "256 3 8 " + "AwEA" * 60, "256 3 8 " + "AwEA" * 60),
        ("TLSA", "3 1 0 " + "ab" * 200, "3 1 0 " + "ab" * 200),
        ("HTTPS", "1 pool.example. alpn=h2,h3", '1 pool.example alpn="h2,h3"'),
        pytest.param("HTTPS", "1 . ipv4hint=192.0.2.1", '1 . ipv4hint="192.0.2.1"', id="HTTPS of itself"),
        ("NAPTR", '1 2 "S" "SIP+D2U" "" Sip.example.', '1 2 "S" "SIP+D2U" "" Sip.example'),
        ("TYPE65280", "\\# 2 abcd", "\\# 2 abcd"),
    ],
)
async def test_records_are_text_as_dig_prints_them_without_the_last_dot(serve, rdtype, data, text):
    server = serve(zone(f"x.example. 60 {rdtype} {data}"))
    reading = await DnsProbe(name="x.example", type=rdtype, resolver=server.address).measure()
    assert (reading.rcode, reading.answers, reading.records) == ("NOERROR", [text], 1)


async def test_a_soa_record_gives_its_serial(serve):
    server = serve(zone("x.example. 60 SOA ns.example. host.example. 2026101801 1 2 3 4"))
    reading = await DnsProbe(name="x.example", type="SOA", resolver=server.address).measure()
    assert reading.serial == 2026101801


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "answers", "chain"),
    [
        pytest.param("nope.example.com", "A", "NXDOMAIN", [], [], id="no such name"),
        pytest.param("shop.example.com", "MX", "NODATA", [], [], id="a name without such a record"),
        pytest.param("gone.example.com", "A", "NXDOMAIN", [], ["nowhere.example.net"], id="an alias of no name"),
        pytest.param(
            "www.example.com", "A", "NOERROR", ["192.0.2.9"], ["edge.example.net", "pop.example.net"], id="chain"
        ),
        pytest.param("www.example.com", "CNAME", "NOERROR", ["edge.example.net"], [], id="the alias itself"),
        pytest.param("192.0.2.1", "PTR", "NOERROR", ["shop.example.com"], [], id="the name of an address"),
        pytest.param("2001:db8::1", "ptr", "NOERROR", ["six.example.com"], [], id="the name of an IPv6 address"),
        pytest.param("Exämple.com.", "A", "NOERROR", ["192.0.2.7"], [], id="Unicode"),
    ],
)
async def test_what_a_name_stands_for(serve, *, name, rdtype, rcode, answers, chain):
    server = serve(zone(*SHOP))
    reading = await DnsProbe(name=name, type=rdtype, resolver=server.address).measure()
    assert (reading.rcode, reading.answers, reading.chain) == (rcode, answers, chain)
    assert reading.records == len(answers)


async def test_an_alias_whose_target_is_not_told_is_no_data(serve):
    server = serve(zone("www.example.com. 60 CNAME edge.example.net.", "edge.example.net. 60 AAAA ::1"))
    reading = await DnsProbe(name="www.example.com", resolver=server.address).measure()
    assert (reading.rcode, reading.answers, reading.chain) == ("NODATA", [], ["edge.example.net"])


async def test_the_time_to_live_is_the_longest_in_the_chain_and_the_smallest_is_told_too(serve):
    server = serve(zone(*SHOP))
    reading = await DnsProbe(name="www.example.com", resolver=server.address).measure()
    assert (reading.ttl_seconds, reading.smallest_ttl_seconds) == (3600.0, 20.0)


async def test_no_records_have_no_time_to_live(serve):
    server = serve(zone(*SHOP))
    reading = await DnsProbe(name="nope.example.com", resolver=server.address).measure()
    assert (reading.ttl_seconds, reading.smallest_ttl_seconds) == (None, None)


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "BADCOOKIE"])
async def test_records_beside_an_error_code_are_no_answer(serve, code):
    server = serve(zone(*SHOP, rcode=dns.rcode.from_text(code)))
    reading = await DnsProbe(name="shop.example.com", resolver=server.address).measure()
    assert (reading.rcode, reading.answers, reading.records) == (code, [], 0)


async def test_an_error_that_does_not_repeat_the_question(serve):
    def refuse(query, _):
        reply = dns.message.make_response(query)
        reply.question = []
        reply.set_rcode(dns.rcode.REFUSED)
        return reply

    server = serve(refuse)
    reading = await DnsProbe(name="shop.example.com", resolver=server.address).measure()
    assert (reading.rcode, reading.answers) == ("REFUSED", [])


async def test_flags_and_signatures(serve):
    soon = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 3600))
    server = serve(
        zone(
            "x.example. 60 A 192.0.2.1",
            "x.example. 60 RRSIG A 8 2 60 20400101000000 20200101000000 1 x.example. AwEAAQ==",
            f"x.example. 60 RRSIG A 13 2 60 {soon} 20200101000000 2 x.example. AwEAAQ==",
            flags=dns.flags.AD | dns.flags.AA,
        )
    )
    reading = await DnsProbe(name="x.example", resolver=server.address, dnssec=True).measure()
    assert (reading.authenticated, reading.authoritative, reading.answers) == (True, True, ["192.0.2.1"])
    assert reading.signature_expires_in_seconds == pytest.approx(3600, abs=60)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (True, True, False)),
        ({"recurse": False}, (False, True, False)),
        ({"dnssec": True}, (True, True, True)),
    ],
    ids=["by default", "without recursion", "with signatures"],
)
async def test_what_the_query_asks_for(serve, settings, expected):
    seen = []

    def answer(query, transport):
        seen.append((bool(query.flags & dns.flags.RD), bool(query.flags & dns.flags.AD), query.ednsflags != 0))
        assert query.payload == 1232
        return zone(*SHOP)(query)

    await DnsProbe(name="shop.example.com", resolver=serve(answer).address, **settings).measure()
    assert seen == [expected]


async def test_an_answer_that_does_not_fit_is_asked_for_again_over_tcp(serve):
    many = zone(*(f"big.example. 60 A 10.0.{n // 250}.{n % 250}" for n in range(3000)))

    def answer(query, transport):
        if transport == "tcp":
            return many(query)
        return many(query).to_wire(max_size=65535)[:2] + b"\x83\x80\0\1\x0b\xb8\0\0\0\0" + query.to_wire()[12:]

    server = serve(answer)
    reading = await DnsProbe(name="big.example", resolver=server.address).measure()
    assert (reading.rcode, reading.records, len(reading.answers)) == ("NOERROR", 3000, 3000)
    assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]


class TestSeveralServers:
    async def test_that_agree_whatever_the_order_of_their_records(self, serve):
        one = serve(zone("x.example. 60 A 192.0.2.1", "x.example. 60 A 192.0.2.2"))
        two = serve(zone("x.example. 300 A 192.0.2.2", "x.example. 300 A 192.0.2.1"), "::1")
        reading = await DnsProbe(name="x.example", resolvers=[one.address, two.address]).measure()
        assert (reading.agree, reading.reason, reading.resolvers) == (True, None, 2)
        assert reading.answers == ["192.0.2.1", "192.0.2.2"]
        assert (reading.ttl_seconds, reading.smallest_ttl_seconds) == (300.0, 60.0)

    async def test_that_differ_say_nothing_together(self, serve):
        one = serve(zone("x.example. 60 A 192.0.2.1"))
        two = serve(zone("x.example. 60 A 192.0.2.3"))
        none = serve(zone("y.example. 60 A 192.0.2.3"))
        servers = [one.address, two.address, none.address]
        reading = await DnsProbe(name="x.example", resolvers=servers).measure()
        said = f"{one.address}: 192.0.2.1; {two.address}: 192.0.2.3; {none.address}: none"
        assert reading.answers == Unreadable(said)
        assert reading.records == Unreadable(said)
        assert reading.rcode == Unreadable(f"{one.address}: NOERROR; {two.address}: NOERROR; {none.address}: NXDOMAIN")
        assert (reading.agree, reading.resolvers) == (False, 3)
        assert reading.reason == (
            f"{one.address}: NOERROR 192.0.2.1; {two.address}: NOERROR 192.0.2.3; {none.address}: NXDOMAIN"
        )

    async def test_that_differ_in_their_serial(self, serve):
        one, two = (serve(zone(f"x.example. 60 SOA n. h. {serial} 1 2 3 4")) for serial in (7, 8))
        reading = await DnsProbe(name="x.example", type="SOA", resolvers=[one.address, two.address]).measure()
        assert (reading.agree, reading.serial) == (False, Unreadable(f"{one.address}: 7; {two.address}: 8"))

    async def test_of_which_one_has_a_flag_do_not_have_it(self, serve):
        flags = dns.flags.AD | dns.flags.AA
        one = serve(zone("x.example. 60 A 192.0.2.1", flags=flags))
        two = serve(zone("x.example. 60 A 192.0.2.1"))
        reading = await DnsProbe(name="x.example", resolvers=[one.address, two.address]).measure()
        assert (reading.agree, reading.authenticated, reading.authoritative) == (True, False, False)

    async def test_of_which_one_refuses_do_not_agree(self, serve):
        one, nobody = serve(zone(*SHOP)), f"127.0.0.1:{CLOSED}"
        reading = await DnsProbe(name="pop.example.net", resolvers=[nobody, one.address]).measure()
        assert (reading.agree, reading.resolvers, reading.answers) == (False, 1, ["192.0.2.9"])
        assert reading.replies == {
            one.address: "NOERROR 192.0.2.9",
            nobody: f"no answer ({nobody}: connection refused)",
        }
        assert reading.reason == (
            f"{one.address}: NOERROR 192.0.2.9; {nobody}: no answer ({nobody}: connection refused)"
        )

    async def test_none_of_which_answers_are_unreachable(self, serve):
        places = [f"127.0.0.1:{CLOSED}", f"[::1]:{CLOSED}"]
        with pytest.raises(Unreachable) as caught:
            await DnsProbe(name="x.example", resolvers=places).measure()
        assert str(caught.value) == f"{places[0]}: connection refused; {places[1]}: connection refused"

    async def test_are_asked_at_once(self, serve):
        one, two = serve(lambda *_: None), serve(lambda *_: None)
        assert await cut(DnsProbe(name="x.example", resolvers=[one.address, two.address]), one, two)
        assert one.asked == two.asked == [("x.example.", "A", "udp")]


async def test_a_server_may_be_named(serve):
    preferred = (await resolve(Endpoint("localhost", 53)))[0]
    server = serve(zone(*SHOP), preferred.sockaddr[0])
    place = f"localhost:{server.port}"
    reading = await DnsProbe(name="pop.example.net", resolver=place).measure()
    assert reading.replies == {place: "NOERROR 192.0.2.9"}


async def test_a_named_server_that_does_not_exist_is_unreachable():
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name="x.example", resolver="-").measure()
    assert str(caught.value) == "-: no such name"


async def test_a_server_that_this_machine_cannot_reach_is_an_error(serve):
    server = serve(zone(*SHOP))
    with pytest.raises(ProbeError) as caught:
        await DnsProbe(name="shop.example.com", resolvers=[server.address, "255.255.255.255"]).measure()
    assert str(caught.value) == "255.255.255.255:53: this machine cannot connect: permission denied"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_silence_lasts_until_it_is_cut(serve, transport):
    server = serve(lambda *_: None)
    assert await cut(DnsProbe(name="x.example", resolver=server.address, transport=transport), server)
    assert server.asked == [("x.example.", "A", transport)]


class TestTls:
    def probe(self, server, ca, **settings):
        return DnsProbe(name="shop.example.com", resolver=server.address, transport="tls", ca=ca, **settings)

    async def test_an_answer_from_who_it_should_be(self, serve, authority, ca):
        server = serve(zone(*SHOP), tls=context(authority.issue_cert("127.0.0.1")))
        reading = await self.probe(server, ca).measure()
        assert (reading.agree, reading.answers) == (True, ["192.0.2.1", "192.0.2.2"])
        assert server.asked == [("shop.example.com.", "A", "tls")]

    async def test_a_name_of_its_own(self, serve, authority, ca):
        server = serve(zone(*SHOP), "::1", tls=context(authority.issue_cert("dns.example")))
        reading = await self.probe(server, ca, server_name="dns.example").measure()
        assert reading.rcode == "NOERROR"

    async def test_another_name_in_the_certificate(self, serve, authority, ca):
        server = serve(zone(*SHOP), tls=context(authority.issue_cert("dns.example")))
        with pytest.raises(Unreachable) as caught:
            await self.probe(server, ca).measure()
        assert str(caught.value) == (
            f"{server.address}: certificate not accepted: "
            "IP address mismatch, certificate is not valid for '127.0.0.1'."
        )
        assert server.asked == []

    async def test_an_authority_that_is_not_trusted(self, serve, authority):
        server = serve(zone(*SHOP), tls=context(authority.issue_cert("127.0.0.1")))
        with pytest.raises(Unreachable) as caught:
            await self.probe(server, "").measure()
        assert str(caught.value) == (
            f"{server.address}: certificate not accepted: unable to get local issuer certificate"
        )

    async def test_a_server_without_tls(self, serve, ca):
        server = serve(lambda *_: Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), greets=True)
        with pytest.raises(Unreachable) as caught:
            await self.probe(server, ca).measure()
        openssl = "(wrong version number|record layer failure)"  # in the words of its version
        assert re.fullmatch(f"{server.address}: no TLS: {openssl}", str(caught.value))

    async def test_a_server_that_hangs_up_during_the_handshake(self, serve, ca):
        server = serve(lambda *_: Raw(b""), greets=True)
        with pytest.raises(Unreachable) as caught:
            await self.probe(server, ca).measure()
        assert str(caught.value) == f"{server.address}: no TLS: closed"

    async def test_a_port_that_is_closed(self, ca):
        port = CLOSED
        with pytest.raises(Unreachable) as caught:
            await DnsProbe(name="x.example", resolver="127.0.0.1", port=port, transport="tls", ca=ca).measure()
        assert str(caught.value) == f"127.0.0.1:{port}: connection refused"

    async def test_authorities_that_are_not_there_are_an_error(self, serve, tmp_path):
        path = tmp_path / "none.pem"
        with pytest.raises(ProbeError) as caught:
            await DnsProbe(name="x.example", resolver="127.0.0.1", transport="tls", ca=str(path)).measure()
        assert str(caught.value) == f"{path}: no such file or directory, expected a PEM file"

    async def test_authorities_that_are_none_are_an_error(self, serve, tmp_path):
        path = tmp_path / "text.pem"
        path.write_text("hello")
        with pytest.raises(ProbeError) as caught:
            await DnsProbe(name="x.example", resolver="127.0.0.1", transport="tls", ca=str(path)).measure()
        assert str(caught.value) == f"{path}: holds no certificate, expected authorities in PEM"

    async def test_silence_lasts_until_it_is_cut(self, serve, authority, ca):
        server = serve(lambda *_: None, tls=context(authority.issue_cert("127.0.0.1")))
        assert await cut(self.probe(server, ca), server)
