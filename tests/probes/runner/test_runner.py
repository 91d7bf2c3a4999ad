"""The `runner` kind: what this machine can see, and what it is blind to."""

import re
import socket
import time
from email.utils import formatdate

import anyio
import anyio.to_thread
import msgspec
import pytest

from agent.probe import Need, ProbeError, Unreachable
from probes.dns.clock import Clock, _parse_url
from probes.runner import RunnerProbe

from .conftest import ntp_answer


@pytest.fixture
def place():
    """A place that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield f"127.0.0.1:{sock.getsockname()[1]}"


async def look(**settings):
    return msgspec.to_builtins(await RunnerProbe(**settings).measure())


NOTHING_ASKED = {
    "named": {},
    "problems": [],
    "clock_skew_seconds": None,
    "clock_offset_seconds": None,
    "resolves": None,
    "unresolved": None,
    "egress": None,
    "unreachable": None,
}


async def test_a_machine_that_sees(serve_time, place):
    server = serve_time(ntp_answer)
    found = await look(clock=Clock(ntp=server.address), skew=60.0, dns=["localhost", "127.0.0.1"], egress=[place])
    assert 0 <= found.pop("clock_skew_seconds") < 60
    assert abs(found.pop("clock_offset_seconds")) < 60
    expected = NOTHING_ASKED | {"resolves": True, "unresolved": [], "egress": True, "unreachable": []}
    assert found == {name: value for name, value in expected.items() if not name.startswith("clock")}


async def test_names_that_have_no_address(place):
    assert await look(dns=["-b", "localhost", "-a"]) == NOTHING_ASKED | {
        "problems": ["-b: no such name", "-a: no such name"],
        "resolves": False,
        "unresolved": ["-b", "-a"],
    }


async def test_places_that_cannot_be_reached(place):
    assert await look(egress=["224.0.0.1:80", "127.0.0.1:1", place, "[::1]:1", "-:80"]) == NOTHING_ASKED | {
        "problems": [
            "224.0.0.1:80: this machine cannot connect: network is unreachable",
            "127.0.0.1:1: connection refused",
            "[::1]:1: connection refused",
            "-: no such name",
        ],
        "egress": False,
        "unreachable": ["224.0.0.1:80", "127.0.0.1:1", "[::1]:1", "-:80"],
    }


@pytest.mark.parametrize(("ahead", "way"), [(-1000, "ahead of"), (1000, "behind")])
async def test_a_clock_that_goes_wrong(serve_time, ahead, way):
    server = serve_time(lambda request: ntp_answer(request, ahead=ahead))
    found = await look(clock=Clock(ntp=server.address))
    assert found["clock_offset_seconds"] == pytest.approx(-ahead, abs=5)
    said = rf"the clock is up to (999|1000)(\.\d+)?s {way} {server.address}, expected at most 2s"
    assert [re.fullmatch(said, problem) is not None for problem in found["problems"]] == [True]


async def test_a_clock_within_what_is_allowed(serve_web):
    date = formatdate(time.time() - 60, usegmt=True)
    server = serve_web(f"HTTP/1.1 200 OK\r\nDate: {date}\r\n\r\n".encode())
    clock = Clock(http=f"http://{server.address}/")
    assert (await look(clock=clock, skew=120.0))["problems"] == []
    assert len((await look(clock=clock, skew=30.0))["problems"]) == 1


async def test_a_source_that_does_not_answer_is_an_error_that_keeps_what_else_was_found(place):
    with pytest.raises(Unreachable) as caught:
        await look(clock=Clock(ntp="127.0.0.1:1"), dns=["-", "localhost"], egress=[place])
    assert str(caught.value) == "127.0.0.1:1: connection refused; -: no such name"
    assert caught.value.partial == {"resolves": False, "unresolved": ["-"], "egress": True, "unreachable": []}


async def test_a_source_that_cannot_be_asked_from_here_is_an_error():
    with pytest.raises(ProbeError) as caught:
        await look(clock=Clock(ntp="255.255.255.255"))
    assert str(caught.value) == "255.255.255.255:123: this machine cannot connect: permission denied"


@pytest.mark.parametrize("source", ["ntp", "http"])
async def test_silence_lasts_until_it_is_cut(serve_time, serve_web, source):
    server = serve_time(lambda _: None) if source == "ntp" else serve_web(None)
    clock = Clock(ntp=server.address) if source == "ntp" else Clock(http=f"http://{server.address}")
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(RunnerProbe(clock=clock).measure)
            await anyio.to_thread.run_sync(server.heard.wait)
            tasks.cancel_scope.cancel()
    assert tasks.cancel_scope.cancelled_caught


def test_what_it_finds_wrong_is_an_error_and_no_failure():
    assert RunnerProbe.witness
    assert set(RunnerProbe.gates) == set(NOTHING_ASKED) - {"named"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ftp://a/", "is no URL, expected for instance https://example.com/"),
        ("https:///a", "is no URL, expected for instance https://example.com/"),
        ("example.com", "is no URL, expected for instance https://example.com/"),
        ("http://a/b c", "is no URL, expected for instance https://example.com/"),
        ("http://a/\n", "is no URL, expected for instance https://example.com/"),
        ("http://käse/", "is no URL, expected for instance https://example.com/"),
        ("http://me:pw@a/", "is a URL with a user name, expected one without"),
        ("http://@a/", "is a URL with a user name, expected one without"),
        ("http://a:x/", "is no URL, expected for instance https://example.com/"),
        ("http://[::1/", "is no URL, expected for instance https://example.com/"),
        ("http://a..b/", "'a..b' is no host:port (a name or address, IPv6 in brackets)"),
    ],
)
def test_what_is_no_url(text, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        _parse_url(text)


def test_whom_it_must_be_allowed_to_reach():
    probe = RunnerProbe(clock=Clock(ntp="time.example"), dns=["a"], egress=["b:1", "[::1]:2"])
    assert probe.permissions() == tuple(
        Need("network", "connect", place) for place in ("time.example:123", "b:1", "[::1]:2")
    )
    http = RunnerProbe(clock=Clock(http="https://[::1]/date"))
    assert http.permissions() == (Need("network", "connect", "[::1]:443"),)
    assert RunnerProbe(dns=["a"]).permissions() == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ntp": "a", "http": "http://a"}, "give either http (a URL) or ntp (a server)"),
        ({}, "give either http (a URL) or ntp (a server)"),
    ],
)
def test_a_clock_has_one_source(settings, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        Clock(**settings)


def test_looking_at_nothing_cannot_be():
    with pytest.raises(ValueError, match=r"^looks at nothing: give clock, dns or egress$"):
        RunnerProbe()
