"""What hostile and broken servers do over HTTP/1.1: never a pass, never without end, always with the reason."""

import itertools
import tracemalloc

import anyio
import pytest

from agent.probe import Unreachable

from .server import response, says

OK = b"HTTP/1.1 200 OK\r\n"
SIZED = b"content-length: 10\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
END = b"\r\n"

BROKEN = {
    "garbage": (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "answers with what is not HTTP: 'SSH-2.0-OpenSSH_9.2p1'"),
    "binary": (b"\x00\x01\x02\xff\r\n\r\n", "answers with what is not HTTP: '\\x00\\x01\\x02�'"),
    "html without a head": (b"<html>hello</html>\r\n\r\n", "answers with what is not HTTP: '<html>hello</html>'"),
    "status of two digits": (b"HTTP/1.1 20 OK\r\n\r\n", "answers with what is not HTTP: 'HTTP/1.1 20 OK'"),
    "cut in the head": (OK + b"content-le", "closed the connection in the middle of the answer's head"),
    "header without a name": (OK + b": x\r\n\r\n", "the head of the answer is broken: illegal header line"),
    "header with a space": (OK + b"a b: x\r\n\r\n", "the head of the answer is broken: illegal header line"),
    "two lengths": (
        OK + SIZED + b"content-length: 5\r\n\r\n" + b"x" * 10,
        "the head of the answer is broken: conflicting Content-Length headers",
    ),
    "two lengths in one": (
        OK + b"content-length: 5, 10\r\n\r\n" + b"x" * 10,
        "the head of the answer is broken: conflicting Content-Length headers",
    ),
    "negative length": (OK + b"content-length: -1\r\n\r\n", "the head of the answer is broken: bad Content-Length"),
    "length and chunks": (
        OK + SIZED + CHUNKED + END + b"0\r\n\r\n",
        "the answer has both a content-length and a transfer-encoding",
    ),
    "chunks in an old version": (
        b"HTTP/1.0 200 OK\r\n" + CHUNKED + END + b"0\r\n\r\n",
        "the answer is of HTTP/1.0 and has a transfer-encoding",
    ),
    "unknown transfer coding": (
        OK + b"transfer-encoding: gzip, chunked\r\n\r\n",
        "the head of the answer is broken: a transfer-encoding other than chunked",
    ),
    "cut in the body": (OK + SIZED + END + b"12345", "the body is cut short: 5 of 10 bytes came"),
    "no body at all": (OK + SIZED + END, "the body is cut short: 0 of 10 bytes came"),
    "cut between chunks": (OK + CHUNKED + END + b"3\r\nabc\r\n", "the body is cut short: its chunks do not end"),
    "cut in a chunk": (OK + CHUNKED + END + b"30\r\nabc", "the body is cut short: its chunks do not end"),
    "cut in the last chunk": (
        OK + CHUNKED + END + b"3\r\nabc\r\n0\r\n",
        "the body is cut short: its chunks do not end",
    ),
    "chunk without a size": (OK + CHUNKED + END + b"xyz\r\nabc\r\n", "the body is broken: illegal chunk header"),
    "negative chunk": (OK + CHUNKED + END + b"-3\r\nabc\r\n", "the body is broken: illegal chunk header"),
    "huge chunk size": (OK + CHUNKED + END + b"f" * 30 + b"\r\nabc", "the body is broken: illegal chunk header"),
    "chunk longer than its size": (
        OK + CHUNKED + END + b"3\r\nabcdef\r\n",
        "the body is broken: malformed chunk footer",
    ),
    "other protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        "the head of the answer is broken: it switches to another protocol unasked",
    ),
    "a part of the body": (
        response(206, b"x" * 10, content_range="bytes 0-9/5000"),
        "answers with a part that nobody asked for: 206 Partial Content",
    ),
    "too many interim answers": (
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 21 + response(200),
        "sent more than 20 interim (1xx) answers",
    ),
    "large head": (OK + b"x: " + b"a" * 200_000, "the head of the answer is larger than 65536 bytes"),
    "large chunk head": (
        OK + CHUNKED + END + b"3;" + b"a" * 200_000,
        "the head of a chunk, or the trailer, is larger than 65536 bytes",
    ),
    "large trailer": (
        OK + CHUNKED + END + b"0\r\n" + b"x: y\r\n" * 50_000,
        "the head of a chunk, or the trailer, is larger than 65536 bytes",
    ),
    "body over its limit": (response(200, b"x" * 1001), "the body is larger than 1000 bytes (`body_limit`)"),
    "chunks over the limit": (
        OK + CHUNKED + END + b"1\r\nx\r\n" * 1001 + b"0\r\n\r\n",
        "the body is larger than 1000 bytes (`body_limit`)",
    ),
    "endless to the end of the connection": (
        OK + END + b"x" * 1001,
        "the body is larger than 1000 bytes (`body_limit`)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_answer_is_a_failure_with_its_reason(serve, look, name, host):
    data, reason = BROKEN[name]
    server = serve(says(data), host)
    place = f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}"
    with pytest.raises(Unreachable) as caught:
        await look(server.url, body_limit=1000)
    assert str(caught.value) == f"{place}: {reason}"


async def test_an_echo_of_the_request_is_not_shown_because_secrets_are_in_it(serve, look):
    def script(server, peer):
        peer.send(peer.sock.recv(65536))

    server = serve(script)
    with pytest.raises(Unreachable) as caught:
        await look(f"{server.url}/?token=sesame-and-more-of-it-that-is-cut", bearer="sesame")
    assert str(caught.value) == f"127.0.0.1:{server.port}: answers with an echo of the request"


async def test_a_body_of_exactly_the_limit_is_read(serve, look):
    server = serve(says(response(200, b"x" * 1000)))
    assert (await look(server.url, body_limit=1000)).size_bytes == 1000


ENDLESS = {
    "body": (OK + END, b"x" * 65536, "the body is larger than 100000 bytes (`body_limit`)"),
    "chunks": (
        OK + CHUNKED + END,
        b"10\r\n" + b"x" * 16 + b"\r\n",
        "the body is larger than 100000 bytes (`body_limit`)",
    ),
    "chunks of little": (OK + CHUNKED + END, b"1;" + b"a" * 60_000 + b"\r\nx\r\n", "sends without end"),
    "headers": (OK, b"x-header: of many\r\n" * 1000, "the head of the answer is larger than 65536 bytes"),
    "trailer": (
        OK + CHUNKED + END + b"0\r\n",
        b"x-header: of many\r\n" * 1000,
        "the head of a chunk, or the trailer, is larger than 65536 bytes",
    ),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "sent more than 20 interim (1xx) answers"),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_what_has_no_end_costs_no_more_than_its_limit(serve, look, name):
    beginning, piece, reason = ENDLESS[name]

    def script(server, peer):
        peer.ask()
        peer.send(beginning)
        for _ in itertools.count():
            peer.send(piece)

    server = serve(script)
    tracemalloc.start()
    try:
        with anyio.fail_after(30), pytest.raises(Unreachable) as caught:
            await look(server.url, body_limit=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(caught.value) == f"127.0.0.1:{server.port}: {reason}"
    assert peak < 4_000_000


@pytest.mark.parametrize(
    "beginning", [b"", OK, OK + b"content-length: 100000\r\n\r\n", OK + CHUNKED + END + b"1000\r\n"]
)
async def test_a_slow_drip_can_be_cut_off_at_any_point(serve, look, beginning):
    def script(server, peer):
        peer.ask()
        peer.send(beginning)
        while not server.over.wait(0.01):
            peer.send(b"x")

    server = serve(script)
    with anyio.fail_after(10):
        with anyio.move_on_after(0.2) as scope:
            await look(server.url)
    assert scope.cancelled_caught


async def test_a_flood_leaves_a_turn_to_others_and_can_be_cut_off(serve, look):
    def script(server, peer):
        peer.ask()
        peer.send(OK + END)
        while not server.over.is_set():
            peer.send(b"x" * 1_000_000)

    server = serve(script)
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(count)
            with anyio.move_on_after(0.3) as scope:
                await look(server.url, body_limit=10**12)
            tasks.cancel_scope.cancel()
    assert scope.cancelled_caught
    assert turns > 10


async def test_an_early_answer_is_read_although_the_request_is_not(serve, look):
    def script(server, peer):
        peer.sock.recv(1000)
        peer.send(response(413, b"too large"))
        peer.sock.shutdown(1)
        while peer.sock.recv(1_000_000):
            pass

    server = serve(script)
    reading = await look(server.url, method="POST", body="x" * 30_000_000)
    assert (reading.status, reading.body) == (413, "too large")
