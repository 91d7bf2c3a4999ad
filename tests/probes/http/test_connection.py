"""The connection itself: what this machine refuses, and what is left waiting."""

import resource
import socket
import sys

import anyio
import psutil
import pytest

from agent.probe import ProbeError, Unreachable
from probes.http import arrival
from probes.http.probe import HttpProbe

from .server import response, says


@pytest.fixture
def full():
    """A port whose queue of connections is full: whoever comes now is not answered at all."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield port
        for sock in waiting:
            sock.close()


async def test_a_target_that_drops_packets_is_left_at_once(full):
    before = psutil.Process().num_fds()
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await HttpProbe(url=f"http://127.0.0.1:{full}/").measure()
    assert (scope.cancelled_caught, psutil.Process().num_fds()) == (True, before)


OURS = {
    101: "this machine has no route to it",
    99: "this machine has no address or port left to connect from",
    13: "this machine does not permit the connection",
    1: "this machine does not permit the connection",
}


@pytest.mark.parametrize("error", OURS)
async def test_what_this_machine_refuses_is_no_failure_of_the_target(monkeypatch, error):
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: error)
    with pytest.raises(ProbeError) as caught:
        await HttpProbe(url="http://127.0.0.1:81/").measure()
    assert str(caught.value) == f"127.0.0.1:81: {OURS[error]}"


THEIRS = {
    111: "connection refused",
    110: "connection timed out",
    113: "no route to host",
    101: "network is unreachable",
}


@pytest.mark.parametrize("error", THEIRS)
async def test_what_the_network_says_of_the_target_is_its_failure(monkeypatch, error):
    answers = iter([115, error])  # under way, and then that
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: next(answers))
    with pytest.raises(Unreachable) as caught:
        await HttpProbe(url="http://127.0.0.1:81/").measure()
    assert str(caught.value) == f"127.0.0.1:81: {THEIRS[error]}"


async def test_without_descriptors_left_we_cannot_look():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = HttpProbe(url="http://127.0.0.1:81/")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(ProbeError) as caught:
            await probe.measure()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert str(caught.value) == "127.0.0.1:81: too many open files in this process"


async def test_where_the_kernel_tells_nothing_our_own_clock_is_used(serve, look, monkeypatch):
    """As on macOS."""
    monkeypatch.setattr(arrival, "_LINUX", False)
    monkeypatch.setattr(sys, "platform", "darwin")

    def script(server, peer):
        peer.ask()
        server.over.wait(0.2)
        peer.send(response(200, b"late"))

    reading = await look(serve(script).url)
    assert reading.body == "late"
    assert reading.connect_seconds > 0
    assert reading.latency_seconds > reading.first_byte_seconds > 0.15


async def test_nothing_is_left_open(serve, look, nobody):
    server = serve(says(response(200)))
    broken = serve(says(b"nonsense\r\n\r\n"))
    await look(server.url)
    process = psutil.Process()
    before = len([one for one in process.net_connections("tcp") if one.raddr])
    for _ in range(5):
        await look(server.url)
        with pytest.raises(Unreachable):
            await look(broken.url)
        with pytest.raises(Unreachable):
            await look(f"http://127.0.0.1:{nobody}/")
    ports = {server.port, broken.port, nobody}
    left = [one for one in process.net_connections("tcp") if one.raddr and one.raddr.port in ports]
    assert (before >= 0, left) == (True, [])
