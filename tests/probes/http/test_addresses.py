"""Every address of a name: all must answer, and what is read must hold for all."""

import socket

import anyio
import pytest

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.http.probe import HttpProbe

from .server import response, says


@pytest.fixture
def both(serve, names):
    """Start a server on each of two addresses and one port, and give a name to both."""

    def start(first, second, addresses=("127.0.0.1", "::1")):
        one = serve(first, addresses[0])
        serve(second, addresses[1], port=one.port)
        names["both.example"] = list(addresses)
        return f"http://both.example:{one.port}/"

    return start


async def test_all_answer_alike(both, look):
    url = both(says(response(200, b'{"v": 1}')), says(response(200, b'{"v": 1}')))
    reading = await look(url, addresses="all", json={"v": "v"}, header={"none": "x-none"})
    assert (reading.status, reading.body, reading.addresses) == (200, '{"v": 1}', ["127.0.0.1", "::1"])
    assert reading.named == {"v": 1, "none": None}
    assert reading.latency_seconds >= reading.resolve_seconds > 0
    assert len(reading.hop_seconds) == 2


async def test_one_that_does_not_answer_is_a_failure_that_names_it(serve, look, names):
    server = serve(says(response(200)))
    names["half.example"] = ["127.0.0.1", "127.0.0.9", "::1"]
    with pytest.raises(Unreachable) as caught:
        await look(f"http://half.example:{server.port}/", addresses="all")
    place = f"half.example:{server.port}"
    assert str(caught.value) == (
        f"2 of 3 addresses gave no answer: {place} (127.0.0.9): connection refused; {place} (::1): connection refused"
    )


async def test_by_default_the_one_that_the_system_prefers_is_asked_and_no_other(serve, look, names):
    server = serve(says(response(200)))
    names["half.example"] = ["::1", "127.0.0.1"]
    with pytest.raises(Unreachable, match=r"half.example:\d+ \(::1\): connection refused"):
        await look(f"http://half.example:{server.port}/")
    reading = await look(f"http://half.example:{server.port}/", addresses="ipv4")
    assert reading.addresses == ["127.0.0.1"]


async def test_a_family_that_a_name_does_not_have(look, names):
    names["four.example"] = ["127.0.0.1"]
    with pytest.raises(Unreachable) as caught:
        await look("http://four.example:81/", addresses="ipv6")
    assert str(caught.value) == "four.example:81: the name four.example has no IPv6 address"
    with pytest.raises(Unreachable) as caught:
        await look("http://127.0.0.1:81/", addresses="ipv6")
    assert str(caught.value) == "127.0.0.1:81: 127.0.0.1 is not an address of that family"


async def test_another_status_at_one_address_is_a_failure(both, look):
    url = both(says(response(200)), says(response(500)))
    with pytest.raises(Unreachable) as caught:
        await look(url, addresses="all")
    assert str(caught.value) == "the addresses do not answer alike: status of 127.0.0.1 has 200, ::1 has 500"


async def test_what_differs_cannot_be_read_but_numbers_are_judged_each(both, look):
    one, two = b'{"v": "1.1", "n": 3, "same": true, "or": 1}', b'{"v": "1.2", "n": 4, "same": true, "or": true}'
    url = both(says(response(200, one)), says(response(200, two)))
    reading = await look(url, addresses="all", json={"v": "v", "n": "n", "same": "same", "or": "or"})
    differs = Unreadable("127.0.0.1 and ::1 do not say the same")
    assert reading.named == {"v": differs, "n": [3, 4], "same": True, "or": differs}
    assert (reading.body, reading.sha256, reading.size_bytes) == (differs, differs, differs)


async def test_of_times_the_longest_counts(both, look):
    def late(server, peer):
        peer.ask()
        server.over.wait(0.2)
        peer.send(response(200))

    reading = await look(both(says(response(200)), late), addresses="all")
    assert reading.first_byte_seconds > 0.15
    assert reading.latency_seconds > 0.15
    assert min(reading.hop_seconds) < max(reading.hop_seconds)


async def test_one_that_hangs_can_be_cut_off(both):
    probe = HttpProbe(url=both(says(response(200)), lambda server, peer: peer.hang()), addresses="all")
    with anyio.fail_after(5):
        with anyio.move_on_after(0.3) as scope:
            await probe.measure()
    assert scope.cancelled_caught


async def test_a_body_can_be_sent_to_each(both, look):
    url = both(says(response(200)), says(response(200)))
    assert (await look(url, addresses="all", method="POST", body={"a": 1})).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_is_all_of_itself(serve, look, host):
    server = serve(says(response(200)), host)
    reading = await look(server.url, addresses="all")
    assert (reading.addresses, reading.resolve_seconds) == ([host], None)


async def test_an_address_that_this_machine_cannot_reach_is_our_own_trouble(serve, look, names, monkeypatch):
    """As on a machine without IPv6: nobody knows whether the target answers there."""
    server = serve(says(response(200)))
    names["six.example"] = ["127.0.0.1", "::1"]
    real = socket.socket.connect_ex

    def no_route(self, address):
        return 101 if address[0] == "::1" else real(self, address)

    monkeypatch.setattr(socket.socket, "connect_ex", no_route)
    with pytest.raises(ProbeError) as caught:
        await look(f"http://six.example:{server.port}/", addresses="all")
    place = f"six.example:{server.port} (::1)"
    assert str(caught.value) == f"1 of 2 addresses gave no answer: {place}: this machine has no route to it"
