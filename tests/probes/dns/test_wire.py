"""Sockets: what the kernel says, and whose fault it is."""

import socket
import threading
import time

import anyio
import anyio.to_thread
import pytest

from agent.probe import ProbeError, Unreachable
from probes.dns.endpoint import Address, Endpoint, resolve
from probes.dns.wire import Connection, ask_datagram

from .server import CLOSED

_BUSY = 0.5


async def connect(host, port):
    endpoint = Endpoint(host, port)
    return await Connection.open(endpoint, (await resolve(endpoint))[0])


async def ask(host, port):
    endpoint = Endpoint(host, port)
    return await ask_datagram(endpoint, (await resolve(endpoint))[0], b"?")


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as sock:
        yield sock


@pytest.fixture
def echo():
    """Give the address of a UDP socket that answers once, and an event for when it has."""
    done = threading.Event()
    with _datagrams() as sock:

        def answer():
            data, sender = sock.recvfrom(100)
            sock.sendto(data + b"!", sender)
            done.set()

        thread = threading.Thread(target=answer)
        thread.start()
        yield sock.getsockname(), done
        thread.join()


async def test_a_connection_carries_bytes_both_ways(listener):
    async with await connect(*listener.getsockname()[:2]) as connection:
        server, _ = listener.accept()
        with server:
            await connection.send(b"ping")
            assert server.recv(10) == b"ping"
            server.sendall(b"pong")
            assert await connection.receive(2) == b"po"
            assert await connection.receive() == b"ng"
            await connection.send_eof()
            assert server.recv(10) == b""
        with pytest.raises(anyio.EndOfStream):
            await connection.receive()
    assert 0 < connection.seconds < 10


async def test_more_than_the_network_takes_at_once_is_sent_as_it_takes_it(listener):
    data = b"x" * 5_000_000
    got = []

    def take():
        server, _ = listener.accept()
        with server:
            while more := server.recv(1 << 20):
                got.append(len(more))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, take)
        async with await connect(*listener.getsockname()[:2]) as connection:
            await connection.send(data)
    assert sum(got) == len(data)


async def test_a_reset_is_told_by_its_name(listener):
    async with await connect(*listener.getsockname()[:2]) as connection:
        server, _ = listener.accept()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server.close()
        with pytest.raises(anyio.BrokenResourceError, match=r"^connection reset by peer$"):
            await connection.receive()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("way", [connect, ask])
async def test_a_closed_port_refuses(way, host):
    with pytest.raises(Unreachable) as caught:
        await way(host, CLOSED)
    assert str(caught.value) == f"{Endpoint(host, CLOSED)}: connection refused"


async def test_an_address_behind_a_name_is_told():
    address = (await resolve(Endpoint("127.0.0.1", CLOSED)))[0]
    with pytest.raises(Unreachable) as caught:
        await Connection.open(Endpoint("db.example", CLOSED), address)
    assert str(caught.value) == f"db.example:{CLOSED} (127.0.0.1): connection refused"


@pytest.mark.parametrize(
    ("way", "host", "said"),
    [
        (connect, "224.0.0.1", "network is unreachable"),  # TCP has no multicast
        (ask, "255.255.255.255", "permission denied"),  # nor UDP broadcast, unless asked for
    ],
)
async def test_what_this_machine_refuses_is_its_own_fault(way, host, said):
    with pytest.raises(ProbeError) as caught:
        await way(host, 80)
    assert str(caught.value) == f"{host}:80: this machine cannot connect: {said}"


async def test_a_family_that_this_machine_has_not_got():
    endpoint = Endpoint("127.0.0.1", 80)
    with pytest.raises(ProbeError) as caught:
        await Connection.open(endpoint, Address(socket.AF_UNIX, ("127.0.0.1", 80)))
    assert str(caught.value) == "127.0.0.1:80: this machine cannot connect: protocol not supported"


async def test_a_datagram_that_this_machine_cannot_send():
    address = (await resolve(Endpoint("127.0.0.1", 80)))[0]
    with pytest.raises(ProbeError) as caught:
        await ask_datagram(Endpoint("127.0.0.1", 80), address, bytes(70000))
    assert str(caught.value) == "127.0.0.1:80: this machine cannot connect: message too long"


async def test_a_datagram_and_its_answer(echo):
    address, _ = echo
    answer, seconds = await ask(*address)
    assert answer == b"?!"
    assert 0 < seconds < 10


async def test_a_datagram_from_somebody_else_is_no_answer():
    found = []

    async def look(address):
        found.append((await ask(*address))[0])

    with _datagrams() as server, _datagrams() as stranger:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look, server.getsockname())
            _, sender = await anyio.to_thread.run_sync(server.recvfrom, 10)
            stranger.sendto(b"me!", sender)
            server.sendto(b"real", sender)
    assert found == [b"real"]


async def test_a_busy_machine_is_not_a_slow_answer(echo):
    address, done = echo
    found = []

    async def look():
        found.append(await ask(*address))

    started = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await _started()
        done.wait()
        threading.Event().wait(_BUSY)  # holds the event loop up
    assert found[0][1] < time.perf_counter() - started - _BUSY * 0.8


async def test_a_busy_machine_is_not_a_slow_handshake(listener):
    found = []

    async def look():
        async with await connect(*listener.getsockname()[:2]) as connection:
            found.append(connection.seconds)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await _started()
        threading.Event().wait(_BUSY)  # holds the event loop up
    assert found[0] < _BUSY * 0.8


async def _started():
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


def _datagrams():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock
