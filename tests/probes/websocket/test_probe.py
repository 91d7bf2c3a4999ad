"""Handshakes and messages with a real server: what comes back, and what goes wrong."""

import ssl
import tracemalloc

import pytest

from agent.probe import Need, ProbeError, Unreachable, Unreadable
from probes.websocket.probe import WebsocketProbe
from tests.probes.loopback import NO_SUCH_NAME, naming


async def test_a_handshake(real, look, host):
    async with real(host=host) as url:
        reading = await look(url)
    assert (reading.status, reading.subprotocol, reading.address) == (101, None, host)
    assert (reading.message, reading.messages, reading.close_code, reading.message_seconds) == (None,) * 4
    assert (reading.certificate_expires_in_seconds, reading.tls_seconds, reading.resolve_seconds) == (None,) * 3


async def test_a_message_and_its_answer(real, look, host):
    async with real(host=host) as url:
        reading = await look(url, send="hello, wörld")
    assert (reading.message, reading.messages) == ("hello, wörld", ["hello, wörld"])
    assert (reading.binary, reading.size_bytes) == (False, 13)
    assert reading.close_code is None


async def test_readings_of_a_message_of_json(real, look):
    async with real() as url:
        reading = await look(
            url,
            send={"op": "status", "ids": [1, 2.50]},
            json={"ok": "ok", "op": "was.op", "second": "was.ids[1]", "missing": "nothing"},
            regex={"word": '"op": "(\\w+)"'},
        )
    assert reading.named == {"ok": True, "op": "status", "second": 2.5, "missing": None, "word": "status"}


async def test_a_message_that_is_no_json(real, look):
    async with real() as url:
        reading = await look(url, send="hello", json={"a": "a"}, regex={"b": "l+"})
    assert reading.named["b"] == "ll"
    assert isinstance(reading.named["a"], Unreadable)
    assert reading.named["a"].reason.startswith("the message is not JSON")


async def test_a_server_that_speaks_first(real, look):
    async def greet(connection):
        await connection.send("welcome")
        await connection.send(f"you said {await connection.recv()}")
        await connection.wait_closed()

    async with real(greet) as url:
        reading = await look(url, send="hello", receive=2)
        first = await look(url, regex={"word": "come"})
    assert (reading.messages, reading.message) == (["welcome", "you said hello"], "you said hello")
    assert (first.message, first.named) == ("welcome", {"word": "come"})


async def test_a_message_of_bytes(real, look):
    async def say(connection):
        await connection.send(b"\xff\x00")
        await connection.send(b'{"a": 1}')
        await connection.wait_closed()

    async with real(say) as url:
        first = await look(url, json={"a": "a"}, regex={"b": "b"})
        second = await look(url, receive=2, json={"a": "a"})
    unreadable = Unreadable("the message is not text in UTF-8")
    assert (first.message, first.messages, first.binary, first.size_bytes) == (unreadable, unreadable, True, 2)
    assert first.named["b"] == unreadable
    assert isinstance(first.named["a"], Unreadable)
    assert (second.message, second.messages, second.named) == ('{"a": 1}', unreadable, {"a": 1})


async def test_a_message_in_fragments(real, look):
    async def say(connection):
        await connection.send(["frag", "men", "ts: ü"])
        await connection.wait_closed()

    async with real(say) as url:
        assert (await look(url, receive=1)).message == "fragments: ü"


async def test_pings_are_answered(real, look):
    async def ping(connection):
        await (await connection.ping("are you there?"))
        await connection.send("there you are")
        await connection.wait_closed()

    async with real(ping) as url:
        assert (await look(url, receive=1)).message == "there you are"


async def test_a_large_message_is_taken_up_to_its_limit(real, look):
    async with real() as url:
        reading = await look(url, send="x" * 300_000, json={"a": "a"})
        assert reading.size_bytes == 300_000
        tracemalloc.start()
        with pytest.raises(Unreachable) as caught:
            await look(url, send="x" * 300_000, message_limit=1000)
        tracemalloc.stop()
    assert str(caught.value).endswith(": sends messages of more than 1000 bytes (`message_limit`)")


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["v2", "v1"], "v1"), (["v9"], None), ([], None)], ids=["one", "none", "nothing offered"]
)
async def test_a_subprotocol_is_chosen(real, look, offered, chosen):
    async with real(subprotocols=["v1"], select_subprotocol=lambda c, names: "v1" if "v1" in names else None) as url:
        assert (await look(url, subprotocols=offered)).subprotocol == chosen


async def test_a_server_that_closes_before_it_answers(real, look):
    async def refuse(connection):
        await connection.close(1008, "not you")

    async with real(refuse) as url:
        reading = await look(url, send="hello", json={"a": "a"}, regex={"b": "b"})
    assert (reading.status, reading.close_code, reading.close_reason) == (101, 1008, "not you")
    assert (reading.message, reading.messages) == (None, None)
    assert reading.named == {"a": Unreadable("no message came"), "b": Unreadable("no message came")}


async def test_a_server_that_closes_within_its_answers(real, look):
    async def leave(connection):
        await connection.send("one")

    async with real(leave) as url:
        reading = await look(url, receive=2)
    assert (reading.messages, reading.message, reading.message_seconds) == (["one"], None, None)
    assert (reading.close_code, reading.close_reason) == (1000, None)


@pytest.mark.parametrize(("path", "status"), [("/private", 401), ("/gone", 404)])
async def test_a_handshake_that_is_refused(real, look, path, status):
    async with real() as url:
        reading = await look(url + path, send="hello", json={"a": "a"})
    assert (reading.status, reading.message, reading.close_code) == (status, None, None)
    assert reading.named == {"a": Unreadable("no message came")}


async def test_credentials(real, look):
    async with real() as url:
        assert (await look(f"{url}/private", bearer="sesame")).status == 101
        assert (await look(f"{url}/private", headers={"Authorization": "Bearer sesame"})).status == 101
        assert (await look(f"{url}/private", bearer="guess")).status == 401


async def test_an_origin_that_is_not_allowed(real, look):
    async with real(origins=["https://shop.example.com"]) as url:
        assert (await look(url, headers={"origin": "https://shop.example.com"})).status == 101
        assert (await look(url, headers={"origin": "https://evil.example.com"})).status == 403


async def test_the_phases_add_up_to_the_latency(real, look, tls, ca, monkeypatch):
    naming(monkeypatch, {"shop.example.com": "127.0.0.1"})
    async with real(tls=tls) as url:
        reading = await look(url.replace("127.0.0.1", "shop.example.com"), ca=ca, send="hello")
    phases = ("resolve", "connect", "tls", "handshake", "message")
    seconds = [getattr(reading, f"{phase}_seconds") for phase in phases]
    assert min(seconds) > 0
    assert sum(seconds) == pytest.approx(reading.latency_seconds)


async def test_a_server_with_tls(real, look, tls, ca, host):
    async with real(host=host, tls=tls) as url:
        reading = await look(url, ca=ca, send="hello")
        unverified = await look(url, verify=False)
    assert (reading.status, reading.message) == (101, "hello")
    assert reading.certificate_expires_in_seconds > 86400
    expires = reading.certificate_expires_in_seconds
    assert unverified.certificate_expires_in_seconds == pytest.approx(expires, abs=60)


async def test_a_certificate_that_is_not_trusted_is_a_failure(real, look, tls, ca):
    async with real(tls=tls) as url:
        with pytest.raises(Unreachable) as caught:
            await look(url, ca=ca, server_name="other.example.com")
        with pytest.raises(Unreachable, match="certificate is not trusted: unable to get local issuer certificate"):
            await look(url)
    why = "hostname mismatch, certificate is not valid for 'other.example.com'"
    assert str(caught.value) == f"{url.removeprefix('wss://')}: certificate is not trusted: {why}"


async def test_a_server_that_wants_to_see_a_certificate(real, look, authority, ca, files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    async with real(tls=context) as url:
        assert (await look(url, ca=ca, cert=str(files / "client.pem"))).status == 101
        with pytest.raises(Unreachable):
            await look(url, ca=ca)


async def test_another_place_to_connect_to(real, look, tls, ca):
    async with real(tls=tls) as url:
        reading = await look("wss://shop.example.com/", ca=ca, connect_to=url.removeprefix("wss://"))
    assert (reading.status, reading.address) == (101, "127.0.0.1")


async def test_tls_where_there_is_none(real, look, ca):
    async with real() as url:
        with pytest.raises(Unreachable) as caught:
            await look(url.replace("ws:", "wss:"), ca=ca)
    assert str(caught.value).startswith(f"{url.removeprefix('ws://')}: ")


async def test_nobody_listens(look, closed_port):
    with pytest.raises(Unreachable) as caught:
        await look(f"ws://127.0.0.1:{closed_port}/")
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"


async def test_a_name_that_does_not_exist(look, monkeypatch):
    naming(monkeypatch, {"nowhere.example": NO_SUCH_NAME})
    with pytest.raises(Unreachable) as caught:
        await look("ws://nowhere.example/")
    assert str(caught.value) == "nowhere.example:80: the name nowhere.example does not exist"


async def test_a_file_that_is_not_there_is_ours(look, tmp_path):
    with pytest.raises(ProbeError) as caught:
        await look("wss://h/", ca=str(tmp_path / "ca.pem"))
    assert str(caught.value) == f"{tmp_path}/ca.pem: no such file or directory"


def test_what_a_look_needs():
    probe = WebsocketProbe(url="wss://shop.example.com/live", ca="ca.pem", connect_to="10.0.0.1:443")
    assert probe.target() == "shop.example.com"
    assert probe.permissions() == (Need("network", "connect", "10.0.0.1:443"), Need("file", "read", "ca.pem"))
