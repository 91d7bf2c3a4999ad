"""The `dns` kind through this machine's own resolvers: when they fail, nobody knows."""

import dns.rcode
import pytest

from agent.probe import ProbeError
from probes.dns.machine import machine
from probes.dns.probe import DnsProbe

from .server import CLOSED, cut, zone

KNOWN = zone("x.example. 60 A 192.0.2.1")


@pytest.fixture
def configure(tmp_path):
    """Write a resolv.conf; gives its path."""

    def write(*lines):
        path = tmp_path / "resolv.conf"
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    return write


def place(port, host="127.0.0.1"):
    return f"nameserver [{host}]:{port}"


def probe(path):
    return DnsProbe(name="x.example", resolv_conf=path)


async def test_the_first_that_answers_is_believed(serve, configure):
    one, two = serve(KNOWN, "::1"), serve(KNOWN)
    path = configure("# ours", "search example.com", place(one.port, "::1"), place(two.port))
    reading = await probe(path).measure()
    assert (reading.answers, reading.resolvers, reading.agree) == (["192.0.2.1"], 1, True)
    assert reading.replies == {f"[::1]:{one.port}": "NOERROR 192.0.2.1"}
    assert (one.asked, two.asked) == ([("x.example.", "A", "udp")], [])


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "NOTIMP"])
async def test_one_that_does_not_help_is_passed_over(serve, configure, code):
    one, two = serve(zone(rcode=dns.rcode.from_text(code))), serve(KNOWN)
    path = configure(place(CLOSED), place(one.port), place(two.port))
    reading = await probe(path).measure()
    assert (reading.rcode, reading.answers) == ("NOERROR", ["192.0.2.1"])


async def test_a_name_that_no_resolver_can_find_out_is_servfail(serve, configure):
    one, two = (serve(zone(rcode=dns.rcode.SERVFAIL)) for _ in range(2))
    reading = await probe(configure(place(one.port), place(two.port))).measure()
    assert (reading.rcode, len(one.asked), len(two.asked)) == ("SERVFAIL", 1, 1)


async def test_a_name_that_does_not_exist_is_not_asked_for_again(serve, configure):
    one, two = serve(zone()), serve(KNOWN)
    reading = await probe(configure(place(one.port), place(two.port))).measure()
    assert (reading.rcode, two.asked) == ("NXDOMAIN", [])


async def test_no_answer_at_all_is_an_error(serve, configure):
    closed, garbage, refusing = CLOSED, serve(lambda *_: b"?"), serve(zone(rcode=dns.rcode.REFUSED))
    path = configure(place(closed), place(garbage.port), place(refusing.port))
    with pytest.raises(ProbeError) as caught:
        await probe(path).measure()
    assert str(caught.value) == (
        f"no resolver of this machine ({path}) answers: 127.0.0.1:{closed}: connection refused; "
        f"127.0.0.1:{garbage.port}: what came is no DNS message; 127.0.0.1:{refusing.port}: answers REFUSED"
    )


async def test_silence_ends_when_this_machine_gives_up(serve, configure):
    silent = serve(lambda *_: None)
    path = configure(place(silent.port), "options ndots:2 timeout:1")
    with pytest.raises(ProbeError) as caught:
        await probe(path).measure()
    assert str(caught.value) == (
        f"no resolver of this machine ({path}) answers: 127.0.0.1:{silent.port}: no answer within 1s"
    )


async def test_silence_is_cut_by_the_checks_own_timeout_before_that(serve, configure):
    silent = serve(lambda *_: None)
    assert await cut(probe(configure(place(silent.port))), silent)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["search example.com"], "names no resolver, expected a line such as: nameserver 10.0.0.2"),
        (["nameserver", "nameserver dns.example"], "names no resolver, expected a line such as: nameserver 10.0.0.2"),
    ],
)
async def test_a_file_that_names_nobody_is_an_error(configure, lines, said):
    path = configure(*lines)
    with pytest.raises(ProbeError) as caught:
        await probe(path).measure()
    assert str(caught.value) == f"{path} {said}"


async def test_a_file_that_is_not_there_is_an_error(tmp_path):
    path = str(tmp_path / "none")
    with pytest.raises(ProbeError) as caught:
        await probe(path).measure()
    assert str(caught.value) == f"{path}: no such file or directory"


@pytest.mark.parametrize(
    ("options", "patience"),
    [
        ([], 5.0),
        (["options timeout:2"], 2.0),
        (["options timeout:0"], 1.0),
        (["options timeout:99"], 30.0),
        (["options timeout:x rotate"], 5.0),
        (["options timeout:2", "options timeout:3"], 3.0),
    ],
)
async def test_what_is_read_from_the_file(configure, options, patience):
    path = configure("nameserver 10.0.0.2", "nameserver ::1", "nameserver 10.0.0.3", "nameserver 10.0.0.4", *options)
    own = await machine(path, 53)
    assert [str(server.endpoint) for server in own.servers] == ["10.0.0.2:53", "[::1]:53", "10.0.0.3:53"]
    assert own.patience == patience
