"""The `dns` kind asking the name servers of a zone themselves."""

import dns.flags
import dns.rcode
import pytest

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.dns.probe import DnsProbe

from .server import CLOSED, zone

DELEGATION = ("shop.example. 60 NS 127.0.0.1.", "shop.example. 60 NS 127.0.0.2.", "example. 60 NS 127.0.0.3.")


@pytest.fixture
def zone_servers(serve):
    """Start two name servers on one port; gives both."""

    def start(one, two):
        while True:
            first = serve(one)
            try:
                return first, serve(two, "127.0.0.2", port=first.port)
            except OSError:  # taken there
                continue

    return start


def speaks_for(*records):
    return zone(*records, flags=dns.flags.AA)


def probe(resolver, port, **settings):
    return DnsProbe(**{"name": "www.shop.example", "authoritative": True} | settings, resolver=resolver, port=port)


async def test_all_name_servers_are_asked_without_recursion(serve, zone_servers):
    def answer(query, _):
        assert not query.flags & dns.flags.RD
        return speaks_for("www.shop.example. 60 A 192.0.2.1")(query)

    resolver = serve(zone(*DELEGATION))
    one, two = zone_servers(answer, answer)
    reading = await probe(resolver.address, one.port).measure()
    assert (reading.agree, reading.authoritative, reading.resolvers) == (True, True, 2)
    assert reading.replies == {"127.0.0.1": "NOERROR 192.0.2.1", "127.0.0.2": "NOERROR 192.0.2.1"}
    assert resolver.asked == [("www.shop.example.", "NS", "udp"), ("shop.example.", "NS", "udp")]
    assert one.asked == two.asked == [("www.shop.example.", "A", "udp")]


async def test_one_that_has_not_the_new_record_yet(serve, zone_servers):
    one, _ = zone_servers(
        speaks_for("www.shop.example. 60 A 192.0.2.1"), speaks_for("www.shop.example. 60 A 192.0.2.2")
    )
    reading = await probe(serve(zone(*DELEGATION)).address, one.port).measure()
    assert (reading.agree, reading.answers) == (
        False,
        Unreadable("127.0.0.1: 192.0.2.1; 127.0.0.2: 192.0.2.2"),
    )


async def test_one_that_does_not_know_the_zone(serve, zone_servers):
    one, _ = zone_servers(
        speaks_for("www.shop.example. 60 A 192.0.2.1"), zone("a. 1 A 192.0.2.2", rcode=dns.rcode.REFUSED)
    )
    reading = await probe(serve(zone(*DELEGATION)).address, one.port).measure()
    assert (reading.agree, reading.authoritative) == (False, False)
    assert reading.reason == "127.0.0.1: NOERROR 192.0.2.1; 127.0.0.2: REFUSED"


async def test_the_parent_is_asked_for_what_it_holds(serve):
    resolver = serve(zone("shop.example. 60 NS 127.0.0.9.", "example. 60 NS 127.0.0.1."))
    server = serve(speaks_for("shop.example. 60 DS 1 8 2 " + "AB" * 32))
    reading = await probe(resolver.address, server.port, name="shop.example", type="DS").measure()
    assert reading.answers == ["1 8 2 " + "ab" * 32]
    assert resolver.asked == [("example.", "NS", "udp")]


async def test_the_servers_of_this_machine_may_be_asked_for_them(serve, tmp_path):
    resolver = serve(zone("shop.example. 60 NS 127.0.0.1."))
    server = serve(speaks_for("www.shop.example. 60 A 192.0.2.1"))
    path = tmp_path / "resolv.conf"
    path.write_text(f"nameserver [127.0.0.1]:{resolver.port}\n")
    reading = await probe(None, server.port, resolv_conf=str(path)).measure()
    assert reading.answers == ["192.0.2.1"]


async def test_a_name_in_no_zone_is_unreachable(serve):
    resolver = serve(zone())
    with pytest.raises(Unreachable) as caught:
        await probe(resolver.address, 53).measure()
    assert str(caught.value) == "www.shop.example.: no zone with name servers holds this name"


async def test_name_servers_of_which_none_answers_are_unreachable(serve):
    resolver, port = serve(zone("shop.example. 60 NS 127.0.0.1.")), CLOSED
    with pytest.raises(Unreachable) as caught:
        await probe(resolver.address, port).measure()
    assert str(caught.value) == f"127.0.0.1:{port}: connection refused"


async def test_a_resolver_that_cannot_tell_is_an_error(serve):
    resolver = serve(zone(rcode=dns.rcode.SERVFAIL))
    with pytest.raises(ProbeError) as caught:
        await probe(resolver.address, 53).measure()
    assert str(caught.value) == (
        f"{resolver.address} answers SERVFAIL when asked for the name servers of www.shop.example."
    )
