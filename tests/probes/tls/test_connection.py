"""Places, names to addresses, and wires whose every failure says what happened."""

import errno
import os
import re
import socket
from contextlib import ExitStack

import anyio
import pytest
from anyio.abc import SocketAttribute

from agent.probe import ProbeError, Unreachable
from probes.tls import connection
from probes.tls.connection import Closed, Place


async def silent(_):
    await anyio.sleep_forever()


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("example.com:443", Place("example.com", 443)),
        ("10.0.0.5:1", Place("10.0.0.5", 1)),
        ("[::1]:65535", Place("::1", 65535)),
    ],
)
def test_a_place_is_a_host_and_a_port(text, place):
    assert connection.place(text) == place
    assert str(place) == text


@pytest.mark.parametrize("text", ["", "example.com", ":443", "example.com:0", "example.com:65536", "::1:443", "[::1]"])
def test_what_is_no_place_is_refused(text):
    message = f"{text!r} is no host and port, expected something like 10.0.0.5:443 or [::1]:443"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        connection.place(text)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("10.0.0.7", 5432, "db"), "db:5432 (10.0.0.7)"),
        (Place("::1", 443, "localhost"), "localhost:443 (::1)"),
    ],
)
def test_a_place_that_was_looked_up_is_known_by_its_name(place, text):
    assert str(place) == text


async def test_an_address_needs_no_look_up():
    assert await connection.resolve(Place("::1", 443)) == Place("::1", 443)


async def test_a_name_has_the_first_of_its_addresses():
    found = await connection.resolve(Place("localhost", 443))
    assert found in {Place("127.0.0.1", 443, "localhost"), Place("::1", 443, "localhost")}


@pytest.mark.parametrize("code", sorted(connection._ABSENT))
def test_a_name_that_does_not_exist_is_the_targets_fault(code):
    error = connection.unresolved("nowhere.example", socket.gaierror(code, "Name or service not known"))
    assert (type(error), str(error)) == (Unreachable, "nowhere.example: no such host name")


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL])
def test_a_resolver_that_does_not_answer_is_ours(code):
    error = connection.unresolved("a.example", socket.gaierror(code, "Temporary failure in name resolution"))
    assert type(error) is ProbeError
    assert str(error) == "a.example: the name cannot be looked up: temporary failure in name resolution"


@pytest.mark.parametrize(
    "code", [errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ETIMEDOUT], ids=os.strerror
)
def test_a_target_that_does_not_take_a_connection_is_unreachable(code):
    error = connection.unconnected(Place("::1", 81), OSError(code, "whatever"))
    assert (type(error), str(error)) == (Unreachable, f"[::1]:81: {os.strerror(code).lower()}")


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EMFILE, errno.EACCES], ids=os.strerror)
def test_a_machine_of_ours_that_cannot_connect_is_no_verdict_on_the_target(code):
    wrapped = OSError("All connection attempts failed")
    wrapped.__cause__ = OSError(code, "whatever")
    error = connection.unconnected(Place("10.0.0.5", 81), wrapped)
    message = f"10.0.0.5:81: cannot connect from this machine: {os.strerror(code).lower()}"
    assert (type(error), str(error)) == (ProbeError, message)


async def test_a_refused_connection():
    port = unused_port()
    with pytest.raises(Unreachable, match=f"^127.0.0.1:{port}: connection refused$"):
        await connection.connect(Place("127.0.0.1", port))


async def test_a_connection_that_nobody_takes_can_be_given_up():
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener, ExitStack() as stack:
        place = Place(*listener.getsockname())
        for _ in range(4):  # until the queue is full and the kernel drops what comes
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(place[:2])
        with anyio.move_on_after(0.2) as scope:
            await connection.connect(place)
        assert scope.cancelled_caught


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_connection_takes_time(serve, host):
    async with await connection.connect(Place(host, await serve(silent, host))) as wire:
        assert 0 < wire.connect_seconds < 5


class TestWire:
    async def test_what_is_read_by_size_and_by_end_leaves_the_rest(self, wire_to):
        async with await wire_to(b"123line\nrest") as wire:
            assert await wire.exactly(3) == b"123"
            assert await wire.until(b"\n", 10) == b"line"
            assert wire.ahead == b"rest"
            assert await wire.receive() == b"rest"

    @pytest.mark.parametrize("sent", [b"", b"12"])
    async def test_a_closed_connection(self, wire_to, sent):
        async with await wire_to(sent) as wire:
            wire.phase = "a test"
            with pytest.raises(Closed, match=f"^{wire.where}: closed the connection during a test$") as caught:
                await wire.exactly(3)
        assert caught.value.partial == {"connect_seconds": wire.connect_seconds}

    async def test_a_reset_connection(self, serve):
        async def reset(stream):
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        async with await connection.connect(Place("127.0.0.1", await serve(reset))) as wire:
            with pytest.raises(Closed, match=f"^{wire.where}: reset the connection during the TLS handshake$"):
                await wire.receive()

    @pytest.mark.parametrize("sent", [b"x" * 11, b"x" * 11 + b"\n"])
    async def test_a_line_that_is_too_long(self, wire_to, sent):
        async with await wire_to(sent) as wire:
            message = f"^{wire.where}: sends more than 10 bytes without an end during the TLS handshake$"
            with pytest.raises(Unreachable, match=message):
                await wire.until(b"\n", 10)

    async def test_what_was_said_before_closing_is_read_though_sending_fails(self, serve):
        async def say(stream):
            await stream.send(b"too many connections")

        async with await connection.connect(Place("127.0.0.1", await serve(say))) as wire:
            assert await wire.exactly(3) == b"too"
            for _ in range(20):
                await wire.send(b"hello")
            assert await wire.receive() == b" many connections"


@pytest.fixture
def wire_to(serve):
    """Connect to a server that sends something and closes."""

    async def connected(sent):
        async def handle(stream):
            await stream.send(sent)

        return await connection.connect(Place("127.0.0.1", await serve(handle)))

    return connected


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"220 ready", "'220 ready'"),
        (b"\xff\r\n\x1b[2J", r"'\xff\r\n\x1b[2J'"),
        (b"x" * 50, "'" + "x" * 40 + "'…"),
        (b"", "''"),
    ],
)
def test_what_a_server_said_is_quoted_on_one_line(data, text):
    assert connection.excerpt(data) == text
