"""What hostile and broken servers do over gRPC: never a pass, never without end, always with the reason."""

import itertools
import ssl

import anyio
import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
)

from agent.probe import ProbeError, Unreachable

from .conftest import HANG, RESET, data, head, message, trailers

SERVING = b"\x08\x01"
OK = trailers(("grpc-status", "0"))


def answer(content, end=OK):
    return head(), data(message(content)), end


async def test_an_honest_answer_by_hand(told, host):
    reading = await told(*answer(SERVING), host=host, service="shop", authority="shop.example.com")
    assert reading.status == "SERVING"
    asked = told.script.asked
    assert (asked[":method"], asked[":path"]) == ("POST", "/grpc.health.v1.Health/Check")
    assert (asked[":scheme"], asked[":authority"]) == ("http", "shop.example.com")
    assert (asked["te"], asked["content-type"]) == ("trailers", "application/grpc")
    assert told.script.content == b"\0\0\0\0\x06\x0a\x04shop"


async def test_a_long_name_of_a_service_is_asked_for_as_a_whole(told):
    await told(*answer(SERVING), service="s" * 300)
    assert told.script.content == b"\0\0\0\x01\x2f\x0a\xac\x02" + b"s" * 300


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"", "UNKNOWN", id="nothing is 0"),
        pytest.param(b"\x08\x02", "NOT_SERVING", id="not serving"),
        pytest.param(b"\x08\x03", "SERVICE_UNKNOWN", id="service unknown"),
        pytest.param(b"\x08\x04", "UNRECOGNIZED", id="a later state"),
        pytest.param(b"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x01", "UNRECOGNIZED", id="a huge number"),
        pytest.param(b"\x08\x81\x00", "SERVING", id="a long way to write 1"),
        pytest.param(b"\x08\x01\x08\x02", "NOT_SERVING", id="the last counts"),
        pytest.param(b"\x10\x01", "UNKNOWN", id="another number"),
        pytest.param(
            b"\x12\x02hi\x08\x01\x1d1234\x2112345678\x18\xff\x01", "SERVING", id="fields of later versions"
        ),
        pytest.param(b"\x12\x02\x08\x01", "UNKNOWN", id="a state within a text"),
    ],
)  # fmt: skip
async def test_a_health_is_read_as_it_is_written(told, content, status):
    assert (await told(*answer(content))).status == status


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\x08", "a number is cut short", id="no number"),
        pytest.param(b"\x08" + b"\xff" * 11, "a number is cut short", id="a number without an end"),
        pytest.param(b"\x0a\x01\x01", "its status is no number", id="a text"),
        pytest.param(b"\x08\x01\x12\x09hi", "a field is cut short", id="a text cut short"),
        pytest.param(b"\x08\x01\x1d12", "a field is cut short", id="a number cut short"),
        pytest.param(b"\x08\x01\x0b", "a field has the wire type 3", id="a group"),
        pytest.param(b"\x00\x01", "a field has the number 0", id="field 0"),
        pytest.param(b"SERVING", "a field has the wire type 3", id="text"),
    ],
)
async def test_what_is_no_health_fails(told, content, reason):
    with pytest.raises(Unreachable) as caught:
        await told(*answer(content))
    assert str(caught.value) == f"{told.place}: sends what is no health: {reason}"


FLOOD = "sends frames without end that bring nothing"
TYPE = ("content-type", "text/html; charset=utf-8")
BROKEN = {
    "no message": ([head(), OK], "answers OK without a message"),
    "no message, nor trailers": ([head(("grpc-status", "0"), end=True)], "answers OK without a message"),
    "no grpc-status": ([*answer(SERVING, trailers(("x", "y")))], "ended its answer without a grpc-status"),
    "no trailers": ([head(), data(message(SERVING), end=True)], "ended its answer without a grpc-status"),
    "a status in the head does not count": (
        [head(("grpc-status", "0")), data(message(SERVING), end=True)],
        "ended its answer without a grpc-status",
    ),
    "nothing at all": ([head(end=True)], "ended its answer without a grpc-status"),
    "two statuses": (
        [*answer(SERVING, trailers(("grpc-status", "13"), ("grpc-status", "0")))],
        "ended its answer with several grpc-status",
    ),
    "a status that is none": (
        [*answer(SERVING, trailers(("grpc-status", "OK")))],
        "ended its answer with grpc-status 'OK', expected 0 to 16",
    ),
    "a status that does not exist": (
        [*answer(SERVING, trailers(("grpc-status", "17")))],
        "ended its answer with grpc-status '17', expected 0 to 16",
    ),
    "a status with zeros": (
        [*answer(SERVING, trailers(("grpc-status", "00")))],
        "ended its answer with grpc-status '00', expected 0 to 16",
    ),
    "another content": (
        [head(TYPE), data(b"<html>"), OK],
        "does not speak gRPC: content-type is 'text/html; charset=utf-8', expected application/grpc",
    ),
    "a page": (
        [head(TYPE), data(b"<html>", end=True)],
        "does not speak gRPC: content-type is 'text/html; charset=utf-8', expected application/grpc",
    ),
    "grpc-web": (
        [head(("content-type", "application/grpc-web")), data(message(SERVING)), OK],
        "does not speak gRPC: content-type is 'application/grpc-web', expected application/grpc",
    ),
    "no content-type": (
        [head(("content-type", "")), data(message(SERVING)), OK],
        "does not speak gRPC: content-type is absent, expected application/grpc",
    ),
    "compressed": (
        [head(), data(message(SERVING, flag=1)), OK],
        "sends a compressed message, which nobody asked for",
    ),
    "another flag": ([head(), data(message(SERVING, flag=2)), OK], "sends what is no message of gRPC"),
    "a short frame": ([head(), data(b"\0\0\0"), OK], "sends what is no message of gRPC"),
    "a message cut short": (
        [head(), data(b"\0\0\0\0\x09" + SERVING), OK],
        "sends a message that is cut short: 2 of 9 bytes came",
    ),
    "two messages": ([head(), data(message(SERVING) * 2), OK], "sends more than one message"),
    "a huge message": (
        [head(), *[data(b"\0\xff\xff\xff\xff" + b"x" * 16000)] * 6],
        "sends a message of more than 65536 bytes",
    ),
    "a huge frame": (
        [b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"],
        "breaks HTTP/2: a frame has 16777215 bytes, expected 16384 at most",
    ),
    "a call that is reset": ([RstStreamFrame(1, 7).serialize()], "gave the request up: refused stream"),
    "a reset in the middle": ([head(), RstStreamFrame(1, 2).serialize()], "gave the request up: internal error"),
    "a farewell": ([GoAwayFrame(0, 0, 0).serialize()], "gave the request up: no error"),
    "an angry farewell": ([GoAwayFrame(0, 1, 11).serialize()], "gave the request up: enhance your calm"),
    "closed": ([], "closed the connection without an answer"),
    "closed after the head": ([head()], "the body is cut short: the connection ended before it did"),
    "closed before the trailers": (
        [head(), data(message(SERVING))],
        "the body is cut short: the connection ended before it did",
    ),
    "data before the head": ([data(message(SERVING))], None),
    "trailers twice": ([*answer(SERVING), OK], None),
    "a status in the trailers of HTTP": ([*answer(SERVING, trailers((":status", "200"), ("grpc-status", "0")))], None),
    "a promise": ([PushPromiseFrame(1, 2, b"\x82").serialize()], "closed the connection without an answer"),
    "a broken header block": ([HeadersFrame(1, b"\xff" * 9, flags=["END_HEADERS"]).serialize()], None),
    "headers without end": (
        [HeadersFrame(1, b"\x88").serialize(), *[ContinuationFrame(1, b"\0" * 9).serialize()] * 200],
        None,
    ),
    "pings without end": ([PingFrame(0, b"12345678").serialize()] * 1100, FLOOD),
    "empty data without end": ([head(), *[data(b"")] * 1100], FLOOD),
    "padding without end": (
        [head(), *[DataFrame(1, b"x", pad_length=250, flags=["PADDED"]).serialize()] * 5000],
        "sends without end",
    ),
    "small pieces without end": ([head(), *[data(b"x" * 50)] * 2000], "sends a message of more than 65536 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_answer_fails(told, name):
    parts, reason = BROKEN[name]
    with pytest.raises(Unreachable) as caught:
        await told(b"".join(parts))
    said = str(caught.value).removeprefix(f"{told.place}: ")
    assert said.partition(": ")[0] == "breaks HTTP/2" if reason is None else said == reason
    assert "status" not in caught.value.partial


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak HTTP/2", id="HTTP/1.1"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2p1\r\n", "does not speak HTTP/2", id="SSH"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x0a", "closed the connection without an answer", id="an alert of TLS"),
    ],
)
async def test_what_does_not_speak_http2_fails(told, greeting, reason):
    with pytest.raises(Unreachable) as caught:
        await told(greeting, with_settings=False)
    assert str(caught.value) == f"{told.place}: {reason}"


async def test_a_connection_that_is_reset(told):
    with pytest.raises(Unreachable) as caught:
        await told(RESET, with_settings=False)
    assert str(caught.value) == f"{told.place}: connection reset"


async def test_a_farewell_that_still_serves_us_is_no_failure(told):
    reading = await told(GoAwayFrame(0, 1, 0).serialize(), *answer(SERVING))
    assert reading.status == "SERVING"


async def test_a_status_in_the_head_ends_an_answer_without_a_body(told):
    end = head(("grpc-status", "14"), ("grpc-message", "no%20healthy%20upstream"), end=True)
    reading = await told(end)
    assert (reading.status, reading.message) == ("UNAVAILABLE", "no healthy upstream")


@pytest.mark.parametrize(
    ("status", "code"),
    [("404", "UNIMPLEMENTED"), ("502", "UNAVAILABLE"), ("503", "UNAVAILABLE"), ("500", "UNKNOWN"), ("302", "UNKNOWN")],
)
async def test_what_stands_before_a_server_answers_with_a_status_of_http(told, status, code):
    reading = await told(head(TYPE, status=status), data(b"<html>", end=True))
    assert (reading.status, reading.http_status) == (code, int(status))
    assert reading.message == f"HTTP status is {status}, expected 200"


@pytest.mark.parametrize(("status", "code"), [("401", "UNAUTHENTICATED"), ("403", "PERMISSION_DENIED")])
async def test_what_stands_before_a_server_denies_our_credentials(told, status, code):
    with pytest.raises(ProbeError) as caught:
        await told(head(TYPE, status=status, end=True))
    said = f"denies the credentials: {code}: HTTP status is {status}, expected 200"
    assert str(caught.value) == f"{told.place}: {said}"


async def test_a_message_that_is_not_utf8_or_badly_escaped_is_shown_as_far_as_it_goes(told):
    reading = await told(head(("grpc-status", "13"), ("grpc-message", "%zz%ff%C3%BC"), end=True))
    assert reading.message == "%zz�ü"


async def test_a_server_of_tls_that_does_not_agree_on_http2(told, authority, ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with pytest.raises(Unreachable) as caught:
        await told(context=context, tls=True, ca=ca)
    assert str(caught.value) == f"{told.place}: does not agree on HTTP/2 (by ALPN), which gRPC needs"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([HANG], id="answer"),
        pytest.param([head(), HANG], id="message"),
        pytest.param([head(), data(message(SERVING)), HANG], id="trailers"),
    ],
)
async def test_a_server_that_says_nothing_more_can_be_left(told, parts):
    with anyio.move_on_after(0.2) as scope:
        await told(*parts)
    assert scope.cancelled_caught


async def test_a_server_that_says_one_byte_at_a_time_is_heard(told):
    every = b"".join(answer(SERVING))
    reading = await told(*(every[at : at + 1] for at in range(len(every))))
    assert reading.status == "SERVING"


async def test_a_flood_of_messages_is_cut(told):
    with pytest.raises(Unreachable) as caught:
        await told(head(), *itertools.repeat(data(b"x" * 16000), 1000))
    assert str(caught.value) == f"{told.place}: sends a message of more than 65536 bytes"
