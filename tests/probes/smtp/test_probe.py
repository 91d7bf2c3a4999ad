"""Visits to a real mail server: what it offers, logging in, sending, and what it refuses."""

import ssl
from email import message_from_bytes, policy

import anyio
import pytest

from agent.probe import Need, ProbeError, Unreachable
from probes.smtp.letter import Letter
from probes.smtp.probe import SmtpProbe
from tests.probes.loopback import NO_SUCH_NAME, naming

from .conftest import PASSWORD, USER

LOGIN = {"user": USER, "password": PASSWORD}
LETTER = Letter(sender="smoke@example.com", to="box@example.com", subject="Grüße", body="first\n.second\n..\nü\n")


async def test_a_server_that_turns_to_tls(mail, look, host):
    async with mail(host) as port:
        reading = await look(port, host)
    assert reading.refused is None
    assert (reading.greeting, reading.banner) == (220, "mx.example.com real")
    assert reading.extensions == ["SIZE", "8BITMIME", "AUTH", "HELP"]
    assert (reading.starttls, reading.auth_in_clear) == (True, False)
    assert reading.auth_methods == ["LOGIN", "PLAIN"]
    assert reading.size_limit_bytes == 33554432
    assert reading.tls_version == "TLSv1.3"
    assert reading.certificate_expires_in_seconds == pytest.approx(90 * 86400, abs=3600)
    assert (reading.reply_code, reading.address) == (250, host)
    assert (reading.authenticated, reading.accepted, reading.login_seconds, reading.message_seconds) == (None,) * 4


async def test_the_phases_add_up_to_the_latency(mail, look, monkeypatch):
    naming(monkeypatch, {"shop.example.com": "127.0.0.1"})
    async with mail() as port:
        reading = await look(port, "shop.example.com", **LOGIN, message=LETTER)
    phases = ("resolve", "connect", "greeting", "tls", "hello", "login", "message")
    seconds = [getattr(reading, f"{phase}_seconds") for phase in phases]
    assert all(phase > 0 for phase in seconds)
    assert sum(seconds) == pytest.approx(reading.latency_seconds)


async def test_a_server_with_tls_from_the_first_byte(mail, look, host):
    async with mail(host, implicit=True) as port:
        reading = await look(port, host, tls="implicit")
    assert (reading.refused, reading.tls_version) == (None, "TLSv1.3")
    assert (reading.starttls, reading.auth_in_clear) == (None, None)
    assert reading.auth_methods == ["LOGIN", "PLAIN"]
    assert reading.tls_seconds > 0


async def test_a_server_without_tls(mail, look, host):
    async with mail(host, tls_context=None, auth_require_tls=False) as port:
        reading = await look(port, host, tls="none")
    assert (reading.refused, reading.starttls, reading.auth_in_clear) == (None, False, True)
    assert (reading.tls_version, reading.certificate_expires_in_seconds, reading.tls_seconds) == (None,) * 3


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
async def test_credentials_are_accepted(mail, look, method):
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[method]
    async with mail(auth_exclude_mechanism=[other]) as port:
        reading = await look(port, **LOGIN)
    assert (reading.auth_methods, reading.authenticated) == ([method], True)
    assert (reading.reply_code, reading.reply) == (235, "2.7.0 Authentication successful")
    assert reading.login_seconds > 0


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
async def test_denied_credentials_are_an_error_of_ours(mail, look, method):
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[method]
    async with mail(auth_exclude_mechanism=[other]) as port:
        with pytest.raises(ProbeError) as caught:
            await look(port, user=USER, password="wrong")
    said = f"127.0.0.1:{port}: denies the credentials: 535 5.7.8 Authentication credentials invalid"
    assert str(caught.value) == said
    assert caught.value.partial["authenticated"] is False
    assert caught.value.partial["reply_code"] == 535


async def test_denied_credentials_are_a_metric_where_that_is_wanted(mail, look):
    async with mail() as port:
        reading = await look(port, user=USER, password="wrong", denied="metric", message=LETTER)
    assert (reading.authenticated, reading.accepted, reading.reply_code) == (False, None, 535)
    assert reading.refused == "login: 535 5.7.8 Authentication credentials invalid"


async def test_a_server_that_does_not_offer_to_log_in_fails(mail, look):
    async with mail(auth_exclude_mechanism=["PLAIN", "LOGIN"]) as port:
        with pytest.raises(Unreachable) as caught:
            await look(port, **LOGIN)
    assert str(caught.value) == f"127.0.0.1:{port}: does not offer to log in"


async def test_a_password_goes_without_tls_only_where_that_is_allowed(mail, look):
    with pytest.raises(ValueError, match="the password would be sent without TLS"):
        SmtpProbe(host="h", tls="none", **LOGIN)
    async with mail(tls_context=None, auth_require_tls=False) as port:
        reading = await look(port, tls="none", clear_password=True, **LOGIN)
    assert reading.authenticated is True


async def test_a_message_is_accepted(mail, look, box, host):
    async with mail(host) as port:
        reading = await look(port, host, **LOGIN, message=LETTER)
    assert (reading.refused, reading.accepted) == (None, True)
    assert (reading.reply_code, reading.reply, reading.queue_id) == (250, "2.0.0 Ok: queued as 4XyZ1", "4XyZ1")
    (taken,) = box.messages
    message = message_from_bytes(taken.content, policy=policy.default)
    assert (taken.mail_from, taken.rcpt_tos) == ("smoke@example.com", ["box@example.com"])
    assert (message["from"], message["to"], message["subject"]) == ("smoke@example.com", "box@example.com", "Grüße")
    assert message.get_content().replace("\r\n", "\n") == LETTER.body
    assert message["message-id"] == reading.message_id
    assert message["auto-submitted"] == "auto-generated"


COMMANDS = {"sender": "MAIL", "recipient": "RCPT", "message": "DATA"}


REFUSALS = {"450 4.2.0 Greylisted, try again in 300 seconds": None, "550 5.7.1 relaying denied": False}


@pytest.mark.parametrize("step", COMMANDS)
@pytest.mark.parametrize("answer", REFUSALS)
async def test_a_message_is_refused_for_now_or_for_good(mail, look, box, step, answer):
    box.answers[COMMANDS[step]] = answer
    async with mail() as port:
        reading = await look(port, message=LETTER)
    assert (reading.refused, reading.accepted) == (f"{step}: {answer}", REFUSALS[answer])
    assert f"{reading.reply_code} {reading.reply}" == answer
    assert reading.queue_id is None


async def test_a_server_that_wants_a_login_first_refuses_the_sender(mail, look):
    async with mail(auth_required=True) as port:
        reading = await look(port, message=LETTER)
    assert (reading.refused, reading.accepted) == ("sender: 530 5.7.0 Authentication required", False)


async def test_a_name_to_greet_with_that_the_server_does_not_like(mail, look, box):
    async def handle_EHLO(server, session, envelope, name, responses):
        return [f"550 who is {name}?"]

    box.handle_EHLO = handle_EHLO
    async with mail() as port:
        reading = await look(port, hello="[192.0.2.1]")
    assert reading.refused == "hello: 550 who is [192.0.2.1]?"
    assert (reading.extensions, reading.starttls, reading.tls_version) == (None, None, None)


async def test_a_server_without_starttls_fails(mail, look):
    async with mail(tls_context=None) as port:
        with pytest.raises(Unreachable) as caught:
            await look(port)
    assert str(caught.value) == f"127.0.0.1:{port}: does not offer STARTTLS"
    assert caught.value.partial["banner"] == "mx.example.com real"


@pytest.mark.parametrize("way", ["starttls", "implicit"])
async def test_an_untrusted_certificate_is_a_failure_unless_that_is_allowed(mail, look, way):
    async with mail(implicit=way == "implicit") as port:
        with pytest.raises(Unreachable) as caught:
            await look(port, tls=way, server_name="mx.example.com", **LOGIN)
        reading = await look(port, tls=way, ca=None, verify=False)
    why = "hostname mismatch, certificate is not valid for 'mx.example.com'"
    assert str(caught.value) == f"127.0.0.1:{port}: certificate is not trusted: {why}"
    assert "authenticated" not in caught.value.partial
    assert reading.certificate_expires_in_seconds == pytest.approx(90 * 86400, abs=3600)


async def test_nothing_is_offered_by_alpn(mail, look, box, authority):
    context, chosen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])

    async def handle_EHLO(server, session, envelope, name, responses):
        tls = server.transport.get_extra_info("ssl_object")
        chosen.append(tls and tls.selected_alpn_protocol())
        return responses

    box.handle_EHLO = handle_EHLO
    async with mail(tls_context=context) as port:
        await look(port)
        await look(port, ca=None, verify=False)
    assert chosen == [None] * 4


async def test_tls_from_the_first_byte_to_a_server_that_waits_for_starttls(mail, look):
    async with mail() as port:
        with pytest.raises(Unreachable) as caught:
            await look(port, tls="implicit")
    assert str(caught.value) == f"127.0.0.1:{port}: does not speak TLS"


async def test_nobody_listens(look, closed_port):
    with pytest.raises(Unreachable) as caught:
        await look(closed_port, tls="none")
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"


async def test_a_name_that_does_not_exist(look, monkeypatch):
    naming(monkeypatch, {"nowhere.example": NO_SUCH_NAME})
    with pytest.raises(Unreachable) as caught:
        await look(25, "nowhere.example", tls="none")
    assert str(caught.value) == "nowhere.example:25: the name nowhere.example does not exist"


async def test_a_file_of_certificates_that_is_not_there_is_ours(look, tmp_path):
    with pytest.raises(ProbeError) as caught:
        await look(25, ca=str(tmp_path / "ca.pem"))
    assert str(caught.value) == f"{tmp_path}/ca.pem: no such file or directory"


async def test_many_visits_at_once_do_not_disturb_each_other(mail, look):
    readings = []

    async def visit(port):
        readings.append(await look(port, **LOGIN))

    async with mail() as port, anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(visit, port)
        while len(readings) < 20:
            await anyio.lowlevel.checkpoint()
    assert [reading.authenticated for reading in readings] == [True] * 20


def test_what_a_visit_needs():
    plain = SmtpProbe(host="::1", tls="none")
    assert plain.permissions() == (Need("network", "connect", "[::1]:25"),)
    probe = SmtpProbe(host="mx.example.com", message=LETTER, ca="ca.pem")
    assert probe.target() == "mx.example.com"
    assert probe.permissions() == (
        Need("network", "connect", "mx.example.com:587"),
        Need("mail", "send", "box@example.com"),
        Need("file", "read", "ca.pem"),
    )
