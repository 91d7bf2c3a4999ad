"""HTTP/2, against servers made with h2 and against bytes that no honest server sends."""

import gzip
import itertools

import anyio
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from hpack import Encoder
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame, PingFrame, PushPromiseFrame, SettingsFrame

from agent.probe import Unreachable

from .server import Asked, response, says


def h2(answer):
    """Make a script that takes one request over HTTP/2 and lets `answer` say something on stream 1."""

    def script(server, peer):
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        peer.send(connection.data_to_send())
        headers, body, ended = {}, b"", False
        while not ended:
            data = peer.sock.recv(65536)
            if not data:
                return
            for event in connection.receive_data(data):
                if isinstance(event, RequestReceived):
                    headers = dict(event.headers)
                elif isinstance(event, DataReceived):
                    body += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, StreamEnded):
                    ended = True
            peer.send(connection.data_to_send())
        server.asked.append(Asked(headers[":method"], headers[":path"], headers, body))
        answer(connection, peer)

    return script


def ok(body=b"two", *, interim=0, **headers):
    """Answer honestly, in as many frames as it takes."""

    def answer(connection, peer):
        for _ in range(interim):
            connection.send_headers(1, [(":status", "103"), ("link", "</a>")])
        extra = [(name.replace("_", "-"), value) for name, value in headers.items()]
        connection.send_headers(
            1, [(":status", "200"), ("content-length", str(len(body))), *extra], end_stream=not body
        )
        rest = memoryview(body)
        while rest:
            size = min(len(rest), connection.local_flow_control_window(1), connection.max_outbound_frame_size)
            connection.send_data(1, bytes(rest[:size]), end_stream=size == len(rest))
            rest = rest[size:]
            peer.send(connection.data_to_send())
            while rest and not connection.local_flow_control_window(1):
                connection.receive_data(peer.sock.recv(65536))
        peer.send(connection.data_to_send())

    return answer


@pytest.fixture
def over_tls(serve, tls, host):
    """Start a server of HTTP/2 over TLS."""
    return lambda answer: serve(h2(answer), host, tls=tls(alpn=("h2", "http/1.1")))


async def test_a_server_that_can_is_spoken_to_in_http2(over_tls, look, ca, host):
    server = over_tls(ok(b'{"v": 2}', content_type="application/json", x_version="7"))
    reading = await look(f"{server.url}/a?b=c", ca=ca, json={"v": "v"}, header={"x": "X-Version"}, bearer="sesame")
    assert (reading.status, reading.http_version, reading.named) == (200, "2", {"v": 2, "x": "7"})
    assert (reading.addresses, reading.certificate_expires_in_seconds > 86400) == ([host], True)
    assert 0 <= reading.first_byte_seconds <= reading.latency_seconds
    asked = server.asked[0]
    assert (asked.method, asked.target, asked.headers[":authority"]) == (
        "GET",
        "/a?b=c",
        server.url.removeprefix("https://"),
    )
    assert asked.headers["authorization"] == "Bearer sesame"
    assert "host" not in asked.headers
    assert "connection" not in asked.headers


async def test_without_tls_it_is_spoken_when_asked_for(serve, look, host):
    server = serve(h2(ok()), host)
    reading = await look(server.url, http_version="2")
    assert (reading.body, reading.http_version, reading.tls_seconds) == ("two", "2", None)


async def test_http1_is_spoken_to_a_server_that_has_only_that_or_when_asked_for(serve, look, tls, ca):
    server = serve(says(response(200)), tls=tls(alpn=("http/1.1",)))
    assert (await look(server.url, ca=ca)).http_version == "1.1"
    both = serve(says(response(200)), tls=tls(alpn=("h2", "http/1.1")))
    assert (await look(both.url, ca=ca, http_version="1.1")).http_version == "1.1"
    with pytest.raises(Unreachable) as caught:
        await look(server.url, ca=ca, http_version="2")
    assert str(caught.value) == f"127.0.0.1:{server.port}: does not offer HTTP/2 but nothing (by ALPN)"


async def test_a_body_goes_both_ways_whatever_its_size(serve, look):
    server = serve(h2(ok(b"y" * 3_000_000)))
    reading = await look(server.url, http_version="2", method="POST", body="x" * 1_000_000)
    assert (reading.size_bytes, len(server.asked[0].body)) == (3_000_000, 1_000_000)


@pytest.mark.parametrize("status", [204, 304, 500])
async def test_an_answer_without_a_body(serve, look, status):
    def answer(connection, peer):
        connection.send_headers(1, [(":status", str(status))], end_stream=True)
        peer.send(connection.data_to_send())

    reading = await look(serve(h2(answer)).url, http_version="2")
    assert (reading.status, reading.body) == (status, "")


async def test_head_interim_answers_and_gzip(serve, look):
    head = serve(h2(ok(b"")))
    assert (await look(head.url, http_version="2", method="HEAD")).body is None
    hints = serve(h2(ok(interim=20)))
    assert (await look(hints.url, http_version="2")).body == "two"
    packed = serve(h2(ok(gzip.compress(b"packed"), content_encoding="gzip")))
    assert (await look(packed.url, http_version="2")).body == "packed"


async def test_a_farewell_that_still_serves_the_request_is_none(serve, look):
    def answer(connection, peer):
        peer.send(GoAwayFrame(0, last_stream_id=1).serialize())
        ok()(connection, peer)

    assert (await look(serve(h2(answer)).url, http_version="2")).body == "two"


def frames(*parts):
    """Answer with these frames, whatever they mean."""
    return lambda connection, peer: peer.send(
        *(part if isinstance(part, bytes) else part.serialize() for part in parts)
    )


def head(*fields, end=False):
    flags = ["END_HEADERS", "END_STREAM"] if end else ["END_HEADERS"]
    return HeadersFrame(1, Encoder().encode(fields), flags=flags)


def reset(connection, peer):
    connection.reset_stream(1, ErrorCodes.REFUSED_STREAM)
    peer.send(connection.data_to_send())


BROKEN = {
    "closes": (frames(), "closed the connection without an answer"),
    "resets the stream": (reset, "gave the request up: refused stream"),
    "says goodbye": (frames(GoAwayFrame(0, error_code=11)), "gave the request up: enhance your calm"),
    "says goodbye without serving": (frames(GoAwayFrame(0)), "gave the request up: no error"),
    "unknown error": (frames(GoAwayFrame(0, error_code=4711)), "gave the request up: error 4711"),
    "cut in the body": (
        frames(head((":status", "200")), DataFrame(1, b"half")),
        "the body is cut short: the connection ended before it did",
    ),
    "shorter than declared": (
        frames(head((":status", "200"), ("content-length", "10")), DataFrame(1, b"half", flags=["END_STREAM"])),
        "breaks HTTP/2: expected 10 bytes, received 4",
    ),
    "longer than declared": (
        frames(head((":status", "200"), ("content-length", "2")), DataFrame(1, b"more", flags=["END_STREAM"])),
        "breaks HTTP/2: expected 2 bytes, received 4",
    ),
    "a part of the body": (
        frames(head((":status", "206")), DataFrame(1, b"half", flags=["END_STREAM"])),
        "answers with a part that nobody asked for: 206 Partial Content",
    ),
    "no status": (frames(head(("a", "b"))), "breaks HTTP/2"),
    "bad status": (frames(head((":status", "2x0"), end=True)), "the head of the answer is broken: bad status"),
    "capitals": (frames(head((":status", "200"), ("X-A", "b"), end=True)), "breaks HTTP/2"),
    "push": (
        frames(PushPromiseFrame(1, 2, Encoder().encode([(":path", "/")]), flags=["END_HEADERS"])),
        "breaks HTTP/2",
    ),
    "data first": (frames(DataFrame(1, b"early")), "breaks HTTP/2"),
    "not compressed": (frames(HeadersFrame(1, b"\xff" * 50, flags=["END_HEADERS"])), "breaks HTTP/2"),
    "too many interim answers": (
        frames(*[head((":status", "103"))] * 21),
        "sent more than 20 interim (1xx) answers",
    ),
    "large head": (frames(head((":status", "200"), *[(f"x-{n}", "y" * 1000) for n in range(80)])), "breaks HTTP/2"),
    "body over its limit": (ok(b"x" * 1001), "the body is larger than 1000 bytes (`body_limit`)"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_answer_is_a_failure_with_its_reason(serve, look, name):
    answer, reason = BROKEN[name]
    server = serve(h2(answer))
    with pytest.raises(Unreachable) as caught:
        await look(server.url, http_version="2", body_limit=1000)
    told = str(caught.value).removeprefix(f"127.0.0.1:{server.port}: ")
    assert told == reason or (reason == "breaks HTTP/2" and told.startswith("breaks HTTP/2: "))


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"\xff" * 100], ids=["http1", "ssh", "noise"]
)
async def test_what_is_not_http2(serve, look, data):
    def script(server, peer):
        peer.send(data)
        peer.sock.recv(10_000)

    server = serve(script)
    with pytest.raises(Unreachable) as caught:
        await look(server.url, http_version="2")
    assert str(caught.value) == f"127.0.0.1:{server.port}: does not speak HTTP/2"


ENDLESS = {
    "body": (head((":status", "200")), DataFrame(1, b"x" * 16000)),
    "empty frames": (head((":status", "200")), DataFrame(1, b"")),
    "pings": (PingFrame(0, b"12345678"), PingFrame(0, b"12345678")),
    "settings": (SettingsFrame(0), SettingsFrame(0)),
    "padding": (head((":status", "200")), DataFrame(1, b"", pad_length=200, flags=["PADDED"])),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_what_has_no_end_is_ended(serve, look, name):
    first, piece = ENDLESS[name]

    def answer(connection, peer):
        peer.send(first.serialize())
        for _ in itertools.count():
            peer.send(piece.serialize() * 1000)

    server = serve(h2(answer))
    with anyio.fail_after(50), pytest.raises(Unreachable) as caught:
        await look(server.url, http_version="2", body_limit=1000)
    bounds = {"body": "the body is larger than 1000 bytes (`body_limit`)", "padding": "sends without end"}
    expected = bounds.get(name, "sends frames without end that bring nothing")
    assert str(caught.value) == f"127.0.0.1:{server.port}: {expected}"


async def test_a_server_that_never_answers_is_left_at_once(serve, look):
    server = serve(h2(lambda connection, peer: peer.hang()))
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await look(server.url, http_version="2")
    assert scope.cancelled_caught


async def test_a_server_that_takes_no_body_is_left_at_once(serve, look):
    def script(server, peer):
        peer.send(SettingsFrame(0, settings={4: 0}).serialize())  # a window of nothing
        peer.hang()

    server = serve(script)
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await look(server.url, http_version="2", method="POST", body="x" * 100_000)
    assert scope.cancelled_caught


async def test_an_answer_that_comes_before_the_body_went_is_read(serve, look):
    def script(server, peer):
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        while not any(isinstance(event, RequestReceived) for event in connection.receive_data(peer.sock.recv(65536))):
            pass
        connection.send_headers(1, [(":status", "413")], end_stream=True)
        connection.reset_stream(1, ErrorCodes.NO_ERROR)
        peer.send(connection.data_to_send())
        peer.sock.shutdown(1)
        while peer.sock.recv(65536):
            pass

    reading = await look(serve(script).url, http_version="2", method="POST", body="x" * 5_000_000)
    assert reading.status == 413
