"""What is said before TLS, with faithful servers and with others."""

import anyio
import pytest

from agent.probe import Unreachable

from . import dialogues
from .conftest import probe
from .servers import Tls

GREETED = {
    "smtp": (b"220 hi\r\n", b"250 hi\r\n"),
    "ftp": (b"220 hi\r\n",),
    "imap": (b"* OK hi\r\n",),
    "pop3": (b"+OK hi\r\n",),
}
XMPP = b"<stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
NOISE = b"HTTP/1.1 400 Bad Request\r\n\r\n"


async def failure(serve, protocol, *turns, handle=None):
    port = await serve(handle or dialogues.saying(*turns))
    with pytest.raises(Unreachable) as caught:
        await probe(port, starttls=protocol).measure()
    return str(caught.value).removeprefix(f"127.0.0.1:{port}: ")


@pytest.mark.parametrize("protocol", dialogues.FAITHFUL)
async def test_a_server_that_turns_to_tls_is_read(serve, files, ca, protocol):
    port = await serve(Tls(files, before=dialogues.FAITHFUL[protocol]))
    reading = await probe(port, starttls=protocol, ca=ca, scan=True).measure()
    assert (reading.trusted, reading.name_matches, reading.protocols) == (True, True, ["TLSv1.2", "TLSv1.3"])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_both_families_of_addresses(serve, files, ca, host):
    port = await serve(Tls(files, before=dialogues.smtp), host)
    reading = await probe(port, starttls="smtp", host=host, connect_to="", port=port, ca=ca).measure()
    assert (reading.trusted, reading.name_matches, reading.address) == (True, True, host)


async def test_an_ldap_server_that_writes_long_lengths_is_read(serve, files, ca):
    port = await serve(Tls(files, before=dialogues.ldap_at_length))
    assert (await probe(port, starttls="ldap", ca=ca).measure()).trusted


async def test_an_xmpp_server_that_closes_its_go_ahead_with_a_tag_is_read(serve, files, ca):
    async def verbose(stream):
        await stream.receive()
        await stream.send(XMPP)
        await stream.receive()
        await stream.send(b"\n<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>")

    port = await serve(Tls(files, before=verbose))
    assert (await probe(port, starttls="xmpp", ca=ca).measure()).trusted


@pytest.mark.parametrize(
    ("protocol", "turns", "message"),
    [
        ("smtp", (*GREETED["smtp"], b"454 not now\r\n"), "refuses to start TLS: '454 not now'"),
        ("smtp", (*GREETED["smtp"], b"502-no\r\n502 command\r\n"), "refuses to start TLS: '502 command'"),
        ("ftp", (*GREETED["ftp"], b"504 no\r\n"), "refuses to start TLS: '504 no'"),
        ("imap", (*GREETED["imap"], b"a1 BAD no\r\n"), "refuses to start TLS: 'a1 BAD no'"),
        ("imap", (*GREETED["imap"], b"+ go on\r\n"), "refuses to start TLS: '+ go on'"),
        ("pop3", (*GREETED["pop3"], b"-ERR no\r\n"), "refuses to start TLS: '-ERR no'"),
        ("smtp", (b"554 go away\r\n",), "answers '554 go away', expected 220"),
        ("smtp", (b"220 hi\r\n", b"550 you?\r\n"), "answers '550 you?', expected 250"),
        ("ftp", (b"421 busy\r\n",), "answers '421 busy', expected 220"),
        ("imap", (b"* BYE busy\r\n",), "answers '* BYE busy', expected * OK"),
        ("imap", (b"* PREAUTH hi\r\n",), "answers '* PREAUTH hi', expected * OK"),
        ("pop3", (b"-ERR busy\r\n",), "answers '-ERR busy', expected +OK"),
        ("smtp", (NOISE,), "answers 'HTTP/1.1 400 Bad Request', expected 220"),
        ("ftp", (NOISE,), "answers 'HTTP/1.1 400 Bad Request', expected 220"),
        ("imap", (NOISE,), "answers 'HTTP/1.1 400 Bad Request', expected * OK"),
        ("pop3", (NOISE,), "answers 'HTTP/1.1 400 Bad Request', expected +OK"),
        ("postgres", (b"N",), "refuses to start TLS: 'N'"),
        ("postgres", (b"E\0\0\0\x08FATAL",), "refuses to start TLS: 'E'"),
        ("postgres", (NOISE,), "refuses to start TLS: 'H'"),
        ("xmpp", (NOISE,), "closed the connection during the xmpp dialogue before TLS"),
        (
            "xmpp",
            (b"<stream:stream><stream:features></stream:features>",),
            "does not offer STARTTLS among its features",
        ),
        ("xmpp", (XMPP, b"<failure/>"), "refuses to start TLS: '<failure/'"),
        ("ldap", (b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\0\x04\0",), "refuses to start TLS: 'result code 52'"),
        ("ldap", (NOISE,), "answers StartTLS with byte 0x48, which is not LDAP"),
    ],
)
async def test_a_server_that_does_not_turn_to_tls(serve, protocol, turns, message):
    assert await failure(serve, protocol, *turns) == message


@pytest.mark.parametrize(
    ("protocol", "turns"),
    [
        ("smtp", (*GREETED["smtp"], b"220 go\r\n250 injected\r\n")),
        ("ftp", (*GREETED["ftp"], b"234 go\r\n230 injected\r\n")),
        ("imap", (*GREETED["imap"], b"a1 OK go\r\n* injected\r\n")),
        ("pop3", (*GREETED["pop3"], b"+OK go\r\n+OK injected\r\n")),
        ("xmpp", (XMPP, b"<proceed/><injected/>")),
        ("ldap", (b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0injected",)),
    ],
)
async def test_clear_text_behind_the_go_ahead_is_not_passed_over(serve, protocol, turns):
    said = await failure(serve, protocol, *turns)
    assert said.startswith("sends clear text after it agreed to TLS: '")
    assert "injected" in said


async def test_postgres_that_says_more_than_one_byte(serve):
    """What has come in the same packet is seen; what comes later is no TLS."""
    said = await failure(serve, "postgres", b"Sinjected")
    assert said in {
        "sends clear text after it agreed to TLS: 'injected'",
        "answers 'injected', which is not TLS",
    }


@pytest.mark.parametrize("protocol", ["smtp", "ftp", "imap", "pop3"])
async def test_a_line_without_an_end(serve, protocol):
    async def endless(stream):
        while True:
            await stream.send(b"2" * 1000)

    message = f"sends more than 4096 bytes without an end during the {protocol} dialogue before TLS"
    assert await failure(serve, protocol, handle=endless) == message


@pytest.mark.parametrize(
    ("protocol", "line"), [("smtp", b"220-more\r\n"), ("ftp", b"220-more\r\n"), ("imap", b"* OK more\r\n")]
)
async def test_a_reply_without_an_end(serve, protocol, line):
    async def endless(stream):
        while True:
            await stream.send(line * 10)

    message = f"sends a reply of more than 100 lines during the {protocol} dialogue before TLS"
    assert await failure(serve, protocol, handle=endless) == message


async def test_an_xmpp_stream_without_an_end(serve):
    async def endless(stream):
        while True:
            await stream.send(b"<stream:features>" + b"x" * 1000)

    message = "sends more than 65536 bytes without an end during the xmpp dialogue before TLS"
    assert await failure(serve, "xmpp", handle=endless) == message


@pytest.mark.parametrize("protocol", dialogues.FAITHFUL)
async def test_a_server_that_closes_at_once(serve, protocol):
    async def close(stream):
        await stream.send_eof()
        await stream.receive()

    message = f"closed the connection during the {protocol} dialogue before TLS"
    assert await failure(serve, protocol, handle=close) == message


@pytest.mark.parametrize("protocol", ["smtp", "ftp", "imap", "pop3"])
async def test_a_server_that_closes_after_its_greeting(serve, protocol):
    message = f"closed the connection during the {protocol} dialogue before TLS"
    assert await failure(serve, protocol, *GREETED[protocol]) == message


@pytest.mark.parametrize("protocol", dialogues.FAITHFUL)
async def test_a_server_that_closes_after_its_go_ahead(serve, protocol):
    async def close(stream):
        await dialogues.FAITHFUL[protocol](stream)
        await stream.receive()

    assert await failure(serve, protocol, handle=close) == "closed the connection during the TLS handshake"


@pytest.mark.parametrize("protocol", dialogues.FAITHFUL)
async def test_a_silent_server_can_be_given_up_and_the_connection_is_closed(serve, protocol):
    gone = anyio.Event()

    async def silent(stream):
        try:
            while True:
                await stream.receive()
        finally:
            gone.set()

    port = await serve(silent)
    with anyio.move_on_after(0.2) as scope:
        await probe(port, starttls=protocol).measure()
    assert scope.cancelled_caught
    with anyio.fail_after(5):
        await gone.wait()
