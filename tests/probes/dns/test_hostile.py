"""The `dns` kind against what is no answer, or pretends to be one."""

import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rrset
import pytest

from agent.probe import Unreachable
from probes.dns.probe import DnsProbe

from .server import RESET, Raw, Torn, context, cut, zone

NAME = "x.example"
GOOD = zone("x.example. 60 A 192.0.2.1", "y.example. 60 A 192.0.2.66")


def forged(**changes):
    """A good answer in which some bytes were changed, by position."""

    def answer(query, _):
        wire = bytearray(GOOD(query).to_wire())
        for position, value in changes.items():
            wire[int(position[1:])] ^= value
        return bytes(wire)

    return answer


def to_another_question(query, _):
    other = dns.message.make_query("y.example.", "A", id=query.id)
    return GOOD(other)


def to_another_type(query, _):
    return GOOD(dns.message.make_query("x.example.", "AAAA", id=query.id))


def an_echo(query, _):
    return query


def pointing_to_itself(query, _):
    """A name that is compressed to itself."""
    header = query.id.to_bytes(2, "big") + b"\x81\x80\0\1\0\1\0\0\0\0"
    return header + b"\xc0\x0c\0\1\0\1" + b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4\1\2\3\4"


def more_records_than_there_are(query, _):
    wire = bytearray(GOOD(query).to_wire())
    wire[6:8] = b"\xff\xff"
    return bytes(wire)


def with_a_tail(query, _):
    return GOOD(query).to_wire() + b"tail"


def with_a_record_cut_short(query, _):
    return GOOD(query).to_wire()[:-14]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(lambda *_: b"", "what came is no DNS message", id="nothing"),
        pytest.param(lambda *_: b"hello", "what came is no DNS message", id="text"),
        pytest.param(lambda *_: b"\xff" * 600, "what came is no DNS message", id="noise"),
        pytest.param(forged(_1=1), "what came is no answer to this question (another id)", id="another id"),
        pytest.param(forged(_2=0x20), "what came is no answer to this question (another question)", id="opcode"),
        pytest.param(an_echo, "what came is no answer to this question (a question)", id="an echo"),
        pytest.param(
            to_another_question,
            "what came is no answer to this question (another question)",
            id="another question",
        ),
        pytest.param(to_another_type, "what came is no answer to this question (another question)", id="another type"),
        pytest.param(pointing_to_itself, "what came is no DNS message", id="pointer loop"),
        pytest.param(more_records_than_there_are, "what came is no DNS message", id="counted wrong"),
        pytest.param(with_a_tail, "what came is no DNS message", id="a tail"),
        pytest.param(with_a_record_cut_short, "what came is no DNS message", id="cut short"),
    ],
)
async def test_what_is_no_answer_is_not_taken_for_one(serve, transport, answer, said):
    server = serve(answer)
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address, transport=transport).measure()
    assert str(caught.value) == f"{server.address}: {said}"


async def test_a_chain_that_is_a_loop(serve):
    server = serve(zone("x.example. 60 CNAME y.example.", "y.example. 60 CNAME x.example."))
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address).measure()
    assert str(caught.value) == f"{server.address}: the CNAME chain is a loop or too long"


async def test_records_in_spite_of_nxdomain(serve):
    server = serve(zone("x.example. 60 A 192.0.2.1", rcode=dns.rcode.NXDOMAIN))
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address).measure()
    assert str(caught.value) == f"{server.address}: says NXDOMAIN and gives records nevertheless"


async def test_records_of_another_name_are_nobodys_business(serve):
    def answer(query, _):
        reply = GOOD(query)
        reply.answer = [dns.rrset.from_text("y.example.", 60, "IN", "A", "192.0.2.66")]
        return reply

    server = serve(answer)
    reading = await DnsProbe(name=NAME, resolver=server.address).measure()
    assert (reading.rcode, reading.answers) == ("NODATA", [])


async def test_records_of_another_class_are_no_answer(serve):
    def answer(query, _):
        reply = GOOD(query)
        reply.answer = [dns.rrset.from_text("x.example.", 60, "CH", "TXT", "192.0.2.66")]
        return reply

    server = serve(answer)
    reading = await DnsProbe(name=NAME, type="TXT", resolver=server.address).measure()
    assert (reading.rcode, reading.answers) == ("NODATA", [])


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "closed before a whole answer came"),
        (b"\0", "closed before a whole answer came"),
        (b"\xff\xff" + b"x" * 500, "closed before a whole answer came"),
        (b"\0\0", "what came is no DNS message"),
    ],
    ids=["nothing", "half a length", "less than announced", "nothing announced"],
)
async def test_a_tcp_answer_that_is_not_whole(serve, sent, said):
    server = serve(lambda *_: Raw(sent))
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address, transport="tcp").measure()
    assert str(caught.value) == f"{server.address}: {said}"


async def test_a_connection_that_is_reset(serve):
    server = serve(lambda *_: RESET)
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address, transport="tcp").measure()
    assert str(caught.value) == f"{server.address}: connection reset by peer before a whole answer came"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Torn(b"x" * 100), "TLS broke before a whole answer came"),
        (Raw(b"\0"), "closed before a whole answer came"),
    ],
    ids=["no record", "half a length"],
)
async def test_a_tls_answer_that_is_not_whole(serve, authority, ca, answer, said):
    server = serve(lambda *_: answer, tls=context(authority.issue_cert("127.0.0.1")))
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address, transport="tls", ca=ca).measure()
    assert str(caught.value) == f"{server.address}: {said}"


async def test_an_answer_that_is_cut_over_tcp_too(serve):
    def answer(query, _):
        reply = GOOD(query)
        reply.flags |= dns.flags.TC
        return reply

    server = serve(answer)
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address).measure()
    assert str(caught.value) == f"{server.address}: the answer is cut short, over TCP too"
    assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]


async def test_a_cut_answer_with_another_id_is_not_followed(serve):
    def answer(query, _):
        reply = GOOD(query)
        reply.flags |= dns.flags.TC
        reply.id ^= 1
        return reply

    server = serve(answer)
    with pytest.raises(Unreachable) as caught:
        await DnsProbe(name=NAME, resolver=server.address).measure()
    assert str(caught.value) == f"{server.address}: what came is no answer to this question (another id)"
    assert [transport for _, _, transport in server.asked] == ["udp"]


async def test_the_largest_answer_there_is(serve):
    many = zone(*(f"x.example. 60 TXT {'t' * 200}{n}" for n in range(290)))
    server = serve(lambda query, _: many(query))
    reading = await DnsProbe(name=NAME, type="TXT", resolver=server.address, transport="tcp").measure()
    assert (reading.rcode, reading.records) == ("NOERROR", 290)


async def test_an_answer_that_drips_lasts_until_it_is_cut(serve):
    server = serve(lambda *_: None, drips=b"\x01\0")
    assert await cut(DnsProbe(name=NAME, resolver=server.address, transport="tcp"), server)
