"""What hostile and broken servers do over WebSocket: never a pass, never without end, always with the reason."""

import anyio
import pytest

from agent.probe import Unreachable

from .conftest import HANG, RESET, accept, frame


def honest(key):
    return accept(key).decode()


def without(name):
    """An acceptance that lacks a header."""
    return lambda key: "\r\n".join(line for line in honest(key).split("\r\n") if not line.startswith(name)).encode()


def instead(old, new):
    return lambda key: honest(key).replace(old, new).encode()


ACCEPTS = "accepts the handshake"
NO_PROOF = f"{ACCEPTS} without proof that it knows WebSocket (sec-websocket-accept)"
HANDSHAKES = {
    "garbage": (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "answers with what is not HTTP: 'SSH-2.0-OpenSSH_9.2p1'"),
    "nothing": (b"", "closed the connection without an answer"),
    "half a head": (b"HTTP/1.1 101 Switching", "closed the connection in the middle of the answer's head"),
    "a huge head": (
        b"HTTP/1.1 101 Switching Protocols\r\nx: " + b"x" * 100_000,
        "the head of the answer is larger than 65536 bytes",
    ),
    "interim answers without end": (
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30,
        "sent more than 20 interim (1xx) answers",
    ),
    "no proof": (without("Sec-WebSocket-Accept"), NO_PROOF),
    "the key as proof": (lambda key: accept(key[::-1]), NO_PROOF),
    "proof twice": (lambda key: accept(key, "sec-websocket-accept: x"), NO_PROOF),
    "no upgrade": (without("Upgrade"), f"{ACCEPTS}, and not with `upgrade: websocket`"),
    "another upgrade": (
        instead("Upgrade: websocket", "Upgrade: h2c"),
        f"{ACCEPTS}, and not with `upgrade: websocket`",
    ),
    "no connection": (without("Connection"), f"{ACCEPTS}, and not with `connection: upgrade`"),
    "another connection": (
        instead("Connection: Upgrade", "Connection: keep-alive"),
        f"{ACCEPTS}, and not with `connection: upgrade`",
    ),
    "an old version": (instead("HTTP/1.1", "HTTP/1.0"), f"{ACCEPTS} over HTTP/1.0"),
    "an extension": (
        lambda key: accept(key, "sec-websocket-extensions: permessage-deflate"),
        f"{ACCEPTS} with an extension that nobody offered",
    ),
    "a subprotocol": (
        lambda key: accept(key, "sec-websocket-protocol: mqtt"),
        f"{ACCEPTS} with a subprotocol that nobody offered",
    ),
    "a subprotocol that is no text": (
        lambda key: accept(key)[:-2] + b"sec-websocket-protocol: \xff\r\n\r\n",
        f"{ACCEPTS} with a subprotocol that nobody offered",
    ),
    "an echo": (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", "answers with an echo of the request"),
}


@pytest.mark.parametrize("name", HANDSHAKES)
async def test_a_handshake_that_is_none_fails(told, name):
    handshake, reason = HANDSHAKES[name]
    with pytest.raises(Unreachable) as caught:
        await told(handshake=handshake)
    assert str(caught.value) == f"{told.place}: {reason}"
    assert "status" not in caught.value.partial


async def test_the_handshake_asks_as_it_must(told, host):
    reading = await told(host=host, subprotocols=["b", "a"], headers={"cookie": "a=b"})
    asked = told.script.headers
    assert reading.status == 101
    assert told.script.first == "GET / HTTP/1.1"
    assert (asked["host"], asked["upgrade"], asked["connection"]) == (told.place, "websocket", "Upgrade")
    assert (asked["sec-websocket-version"], len(asked["sec-websocket-key"])) == ("13", 24)
    assert (asked["sec-websocket-protocol"], asked["cookie"], asked["user-agent"]) == ("b, a", "a=b", "gonogo")
    assert "sec-websocket-extensions" not in asked


async def test_each_handshake_has_a_key_of_its_own(told):
    keys = set()
    for _ in range(3):
        await told()
        keys.add(told.script.headers["sec-websocket-key"])
    assert len(keys) == 3


async def test_an_acceptance_after_interim_answers(told):
    reading = await told(
        frame(b"hi"), handshake=lambda key: b"HTTP/1.1 103 Early Hints\r\n\r\n" + accept(key), receive=1
    )
    assert (reading.status, reading.message) == (101, "hi")


@pytest.mark.parametrize("status", [200, 301, 426, 503])
async def test_any_other_status_is_what_it_is(told, status):
    head = f"HTTP/1.1 {status} Whatever\r\ncontent-length: 1000\r\n\r\n".encode()
    reading = await told(handshake=head, receive=1)
    assert (reading.status, reading.message) == (status, None)


async def test_messages_in_the_same_packet_as_the_acceptance(told):
    reading = await told(handshake=lambda key: accept(key) + frame(b"one") + frame(b"two"), receive=2)
    assert reading.messages == ["one", "two"]


FLOOD = "sends frames without end that bring nothing"
MESSAGES = {
    "a masked frame": ([frame(b"hi", mask=True)], "breaks WebSocket: a frame is masked, which is for clients"),
    "a reserved bit": (
        [frame(b"hi", rsv=4)],
        "breaks WebSocket: a frame has a reserved bit set, which belongs to an extension that nobody offered",
    ),
    "an unknown frame": ([frame(b"hi", opcode=3)], "breaks WebSocket: invalid opcode 0x3"),
    "a continuation of nothing": (
        [frame(b"hi", opcode=0)],
        "breaks WebSocket: a frame continues a message that has not begun",
    ),
    "a message within a message": (
        [frame(b"h", fin=False), frame(b"i")],
        "breaks WebSocket: a message begins within another",
    ),
    "a ping in fragments": ([frame(b"h", opcode=9, fin=False)], "breaks WebSocket: a control frame is fragmented"),
    "a long ping": ([frame(b"h" * 126, opcode=9)], "breaks WebSocket: a control frame has more than 125 bytes"),
    "text that is none": ([frame(b"\xff")], "breaks WebSocket: a message of text is not UTF-8"),
    "text that is cut": ([frame(b"\xc3")], "breaks WebSocket: a message of text is not UTF-8"),
    "a reason that is no text": (
        [frame(b"\x03\xe8\xff", opcode=8)],
        "breaks WebSocket: the reason of a close frame is not UTF-8",
    ),
    "a farewell of one byte": ([frame(b"\x03", opcode=8)], "breaks WebSocket: CLOSE with 1 byte payload"),
    "a farewell with a code of nobody's": (
        [frame(b"\x03\xed", opcode=8)],
        "breaks WebSocket: remote CLOSE with local-only reason",
    ),
    "a huge length": (
        [b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"],
        "breaks WebSocket: 8-byte payload length with non-zero MSB",
    ),
    "a long way to write a short length": (
        [b"\x81\x7e\x00\x05hello"],
        "breaks WebSocket: payload length used 2 bytes when 1 would have sufficed",
    ),
    "gone": ([], "ended the connection without a farewell (a close frame)"),
    "gone within a frame": ([frame(b"hello")[:4]], "ended the connection without a farewell (a close frame)"),
    "gone within a message": (
        [frame(b"hello", fin=False)],
        "ended the connection without a farewell (a close frame)",
    ),
    "reset": ([RESET], "connection reset"),
    "a huge message": (
        [b"\x81\x7f\x00\x00\x00\x01\x00\x00\x00\x00", b"x" * 5000],
        "sends messages of more than 4000 bytes (`message_limit`)",
    ),
    "a message in endless fragments": (
        [frame(b"xy", fin=False), frame(b"xy", opcode=0, fin=False) * 3000],
        "sends messages of more than 4000 bytes (`message_limit`)",
    ),
    "empty fragments": ([frame(fin=False), frame(opcode=0, fin=False) * 2000], FLOOD),
    "pings without end": ([frame(b"x", opcode=9) * 2000], FLOOD),
    "pongs without end": ([frame(opcode=10) * 2000], FLOOD),
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_what_is_no_message_fails(told, name):
    parts, reason = MESSAGES[name]
    with pytest.raises(Unreachable) as caught:
        await told(*parts, receive=1, message_limit=4000)
    assert str(caught.value) == f"{told.place}: {reason}"
    assert caught.value.partial["status"] == 101


async def test_what_all_messages_have_together_is_bounded(told):
    with pytest.raises(Unreachable) as caught:
        await told(frame(b"x" * 500) * 10, receive=10, message_limit=4000)
    assert str(caught.value) == f"{told.place}: sends messages of more than 4000 bytes (`message_limit`)"


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [(b"", 1005, None), (b"\x03\xe9", 1001, None), (b"\x11\x31no token", 4401, "no token")],
    ids=["no code", "going away", "a code of its own"],
)
async def test_a_farewell_instead_of_a_message(told, content, code, reason):
    reading = await told(frame(content, opcode=8), receive=1)
    assert (reading.close_code, reading.close_reason, reading.message) == (code, reason, None)


async def test_pings_between_the_fragments_of_a_message(told):
    parts = frame(b"h\xc3", fin=False) + frame(b"?", opcode=9) + frame(b"\xa9", opcode=0)
    reading = await told(parts, receive=1)
    assert reading.message == "hé"


async def test_an_empty_message(told):
    reading = await told(frame(), receive=1)
    assert (reading.message, reading.messages, reading.size_bytes) == ("", [""], 0)


@pytest.mark.parametrize(
    ("handshake", "parts"),
    [
        pytest.param(lambda _: b"HTTP/1.1 101", [HANG], id="handshake"),
        pytest.param(accept, [HANG], id="message"),
        pytest.param(accept, [frame(b"h", fin=False), HANG], id="fragment"),
    ],
)
async def test_a_server_that_says_nothing_more_can_be_left(told, handshake, parts):
    with anyio.move_on_after(0.2) as scope:
        await told(*parts, handshake=handshake, receive=1)
    assert scope.cancelled_caught


async def test_a_server_that_says_one_byte_at_a_time_is_heard(told):
    parts = frame("grüß dich".encode(), fin=False) + frame(b"!" * 200, opcode=0)
    reading = await told(*(parts[at : at + 1] for at in range(len(parts))), receive=1)
    assert reading.message == "grüß dich" + "!" * 200
