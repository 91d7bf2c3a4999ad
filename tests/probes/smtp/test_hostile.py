"""What hostile and broken mail servers do: never a pass, never without end, always with the reason."""

import base64
import itertools

import anyio
import pytest

from agent.probe import ProbeError, Unreachable
from probes.smtp.letter import Letter

from .conftest import HANG, PASSWORD, RESET, SHAKE, USER

HELLO = b"220 mx.example.com\r\n"
OFFERS = b"250-mx.example.com\r\n250 AUTH PLAIN LOGIN\r\n"
TURNS = b"250-mx.example.com\r\n250 STARTTLS\r\n"
OK = b"250 ok\r\n"
LETTER = Letter(sender="smoke@example.com", to="box@example.com")
LOGIN = {"user": USER, "password": PASSWORD, "clear_password": True}

BROKEN = {
    "garbage": ([b"\x00\x01\xff\r\n"], "does not speak SMTP before its greeting: '\\x00\\x01\\xff'"),
    "another protocol": (
        [b"SSH-2.0-OpenSSH_9.2p1\r\n"],
        "does not speak SMTP before its greeting: 'SSH-2.0-OpenSSH_9.2p1'",
    ),
    "a code of two digits": ([b"22 hello\r\n"], "does not speak SMTP before its greeting: '22 hello'"),
    "a code from nowhere": ([b"999 hello\r\n"], "does not speak SMTP before its greeting: '999 hello'"),
    "a code without a space": ([b"220hello\r\n"], "does not speak SMTP before its greeting: '220hello'"),
    "an empty line": ([b"\r\n"], "does not speak SMTP before its greeting: ''"),
    "a long line of what is none": (
        [b"x" * 100 + b"\r\n"],
        "does not speak SMTP before its greeting: '" + "x" * 60 + "'…",
    ),
    "nothing": ([], "closed the connection before its greeting"),
    "half a greeting": ([b"220 mx.exa"], "closed the connection before its greeting"),
    "a greeting without an end": ([b"220-hello\r\n"], "closed the connection before its greeting"),
    "a reset": ([RESET], "connection reset before its greeting"),
    "a huge line": ([b"220 " + b"x" * 5000 + b"\r\n"], "sends a line of more than 4096 bytes before its greeting"),
    "a line without an end": ([b"220 " + b"x" * 100_000], "sends a line of more than 4096 bytes before its greeting"),
    "lines without end": (
        [b"220-hello\r\n" * 10_000],
        "sends a reply of more than 100 lines before its greeting",
    ),
    "two codes in one reply": ([b"220-hello\r\n250 hello\r\n"], "mixes 220 and 250 in one reply before its greeting"),
    "the wrong greeting": ([OK], "is out of step: its reply is 250, expected 220 (greeting)"),
    "an answer before the question": ([HELLO + OK], "answers before it was asked: '250 ok\\r\\n'"),
    "closed after the hello": ([HELLO, b""], "closed the connection after EHLO"),
    "reset after the hello": ([HELLO, RESET], "connection reset after EHLO"),
    "the wrong answer to hello": ([HELLO, b"354 go on\r\n"], "is out of step: its reply is 354, expected 250 (hello)"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_mail_server_fails(told, name):
    answers, reason = BROKEN[name]
    with pytest.raises(Unreachable) as caught:
        await told(*answers)
    assert str(caught.value) == f"{told.place}: {reason}"


@pytest.mark.parametrize("greeting", ["421 too busy", "554 no service here", "554-no\r\n554 service"])
async def test_a_server_that_turns_us_away_refuses(told, host, greeting):
    reading = await told(f"{greeting}\r\n".encode(), host=host)
    text = greeting.replace("-no\r\n554", " no")
    assert reading.refused == f"greeting: {text}"
    assert (reading.greeting, reading.banner) == (int(text[:3]), text[4:])
    assert (reading.reply_code, reading.extensions) == (int(text[:3]), None)


async def test_more_than_one_answer_at_once_answers_nothing(told):
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, OK + OK + b"354 go\r\n" + OK, message=LETTER)
    assert str(caught.value) == f"{told.place}: answers before it was asked: '250 ok\\r\\n354 go\\r\\n250 ok\\r\\n'"
    assert told.heard == [b"EHLO gonogo.invalid"]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        pytest.param([OK, OK, OK], "is out of step: its reply is 250, expected 354 (message)", id="data"),
        pytest.param([b"354 go\r\n"], "is out of step: its reply is 354, expected 250 (sender)", id="sender"),
        pytest.param(
            [OK, OK, b"354 go\r\n", b"354 go\r\n"],
            "is out of step: its reply is 354, expected 250 (message)",
            id="end",
        ),
        pytest.param(
            [OK, OK, b"354 go\r\n", b""],
            "closed the connection after the message, which it may have taken or not",
            id="gone with the message",
        ),
        pytest.param(
            [OK, OK, b"354 go\r\n", b"250-ok"],
            "closed the connection after the message, which it may have taken or not",
            id="half an acceptance",
        ),
    ],
)
async def test_a_message_is_accepted_by_the_one_right_answer_only(told, answers, reason):
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, OK, *answers, message=LETTER)
    assert str(caught.value) == f"{told.place}: {reason}"
    assert "accepted" not in caught.value.partial


async def test_a_message_ends_as_it_must(told):
    reading = await told(HELLO, OK, OK, OK, b"354 go\r\n", b"250 OK id=1tE5xR-000\r\n", message=LETTER)
    assert (reading.accepted, reading.queue_id) == (True, "1tE5xR-000")
    assert told.heard[1:4] == [b"MAIL FROM:<smoke@example.com>", b"RCPT TO:<box@example.com>", b"DATA"]
    assert told.heard[4].endswith(b"is accepted.")


async def test_offers_are_read_with_care(told):
    offers = b"250-mx\r\n250-SIZE 0\r\n250-x \xff\r\n250-***\r\n250-auth=login\r\n250-AUTH plain\r\n250 SIZE 9z\r\n"
    reading = await told(HELLO, offers)
    assert reading.extensions == ["SIZE", "X", "AUTH"]
    assert reading.auth_methods == ["LOGIN", "PLAIN"]
    assert reading.size_limit_bytes is None


# ---- TLS


async def test_clear_text_behind_the_go_ahead_is_refused(told):
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, TURNS, b"220 go ahead\r\n250-mx\r\n250 AUTH PLAIN\r\n", tls="starttls", **LOGIN)
    said = "sends clear text after it agreed to TLS: '250-mx\\r\\n250 AUTH PLAIN\\r\\n'"
    assert str(caught.value) == f"{told.place}: {said}"
    assert told.heard == [b"EHLO gonogo.invalid", b"STARTTLS"]


async def test_clear_text_instead_of_the_handshake_is_refused(told):
    pieces = itertools.chain([b"220 go ahead\r\n"], [b"250 AUTH PLAIN\r\n"])
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, TURNS, pieces, tls="starttls", **LOGIN)
    clear = f"{told.place}: sends clear text after it agreed to TLS: '250 AUTH PLAIN\\r\\n'"
    assert str(caught.value) in (clear, f"{told.place}: does not speak TLS")  # as the pieces arrive


@pytest.mark.parametrize("answer", ["454 TLS not available", "501 what?"])
async def test_tls_that_is_offered_and_refused(told, answer):
    reading = await told(HELLO, TURNS, f"{answer}\r\n".encode(), tls="starttls")
    assert (reading.refused, reading.starttls) == (f"starttls: {answer}", True)


async def test_what_was_offered_in_clear_is_forgotten_within_tls(told):
    clear = b"250-mx\r\n250-STARTTLS\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n"
    reading = await told(HELLO, clear, b"220 go\r\n", SHAKE, b"550 not you\r\n", tls="starttls")
    assert reading.refused == "hello: 550 not you"
    assert (reading.auth_in_clear, reading.starttls) == (True, True)
    assert (reading.extensions, reading.auth_methods, reading.size_limit_bytes) == (None, None, None)


async def test_a_login_that_is_offered_in_clear_only_is_not_made(told):
    clear = b"250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, clear, b"220 go\r\n", SHAKE, OK, tls="starttls", user=USER, password=PASSWORD)
    assert str(caught.value) == f"{told.place}: does not offer to log in"


async def test_the_connection_ends_within_tls(told):
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, TURNS, b"220 go\r\n", SHAKE, b"", tls="starttls")
    assert str(caught.value) == f"{told.place}: closed the connection after EHLO"


# ---- logging in


def encoded(text):
    return base64.b64encode(text.encode())


async def test_the_best_way_to_log_in_is_taken(told):
    reading = await told(HELLO, OFFERS, b"235 welcome\r\n", **LOGIN)
    assert reading.authenticated is True
    assert told.heard[1:] == [b"AUTH PLAIN " + encoded(f"\0{USER}\0{PASSWORD}")]


async def test_a_way_to_log_in_that_we_do_not_know_is_ours(told):
    with pytest.raises(ProbeError) as caught:
        await told(HELLO, b"250-mx\r\n250 AUTH CRAM-MD5 GSSAPI\r\n", **LOGIN)
    said = "offers to log in by CRAM-MD5, GSSAPI only, and gonogo knows PLAIN and LOGIN"
    assert str(caught.value) == f"{told.place}: {said}"


@pytest.mark.parametrize("answer", ["454 4.7.0 backend is down", "421 4.7.0 too many", "500 what?", "504 not that"])
async def test_a_login_that_the_server_cannot_judge_says_nothing_about_the_credentials(told, answer):
    reading = await told(HELLO, OFFERS, f"{answer}\r\n".encode(), **LOGIN)
    assert (reading.refused, reading.authenticated) == (f"login: {answer}", None)


@pytest.mark.parametrize("answer", ["535 5.7.8 no", "534 5.7.9 use an application password", "538 not without TLS"])
async def test_denied_credentials_are_an_error(told, answer):
    with pytest.raises(ProbeError) as caught:
        await told(HELLO, OFFERS, f"{answer}\r\n".encode(), **LOGIN)
    assert str(caught.value) == f"{told.place}: denies the credentials: {answer}"


LOGIN_ONLY = b"250-mx\r\n250 AUTH LOGIN\r\n"


async def test_a_user_who_is_denied_is_not_followed_by_the_password(told):
    with pytest.raises(ProbeError) as caught:
        await told(HELLO, LOGIN_ONLY, b"334 user\r\n", b"535 no\r\n", **LOGIN)
    assert str(caught.value) == f"{told.place}: denies the credentials: 535 no"
    assert told.heard[1:] == [b"AUTH LOGIN", encoded(USER)]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        pytest.param(
            [OFFERS, b"334 more\r\n"], "is out of step: its reply is 334, expected 235 (login)", id="plain goes on"
        ),
        pytest.param([OFFERS, OK], "is out of step: its reply is 250, expected 235 (login)", id="another yes"),
        pytest.param(
            [LOGIN_ONLY, b"235 welcome\r\n"],
            "accepts a login before it was told the password: 235 welcome",
            id="welcome, whoever you are",
        ),
        pytest.param(
            [LOGIN_ONLY, b"334 user\r\n", b"235 welcome\r\n"],
            "accepts a login before it was told the password: 235 welcome",
            id="welcome, user",
        ),
        pytest.param(
            [LOGIN_ONLY, b"334 user\r\n", b"334 password\r\n", b"334 more\r\n"],
            "is out of step: its reply is 334, expected 235 (login)",
            id="login goes on",
        ),
        pytest.param([OFFERS, b""], "closed the connection after AUTH", id="closed"),
    ],
)
async def test_a_login_is_accepted_by_the_one_right_answer_only(told, answers, reason):
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, *answers, **LOGIN)
    assert str(caught.value) == f"{told.place}: {reason}"
    assert "authenticated" not in caught.value.partial


@pytest.mark.parametrize("spilt", [PASSWORD, encoded(PASSWORD).decode(), encoded(f"\0{USER}\0{PASSWORD}").decode()])
async def test_a_server_that_repeats_the_password_is_not_quoted(told, spilt):
    answer = f"535-no\r\n535 you said {spilt}, which is wrong\r\n".encode()
    with pytest.raises(ProbeError) as caught:
        await told(HELLO, OFFERS, answer, **LOGIN)
    said = "denies the credentials: 535 no (a text that repeats what was sent)"
    assert str(caught.value) == f"{told.place}: {said}"
    with pytest.raises(Unreachable) as caught:
        await told(HELLO, OFFERS, f"you said {spilt}\r\n".encode(), **LOGIN)
    assert str(caught.value) == f"{told.place}: does not speak SMTP after AUTH"


# ---- time


@pytest.mark.parametrize(
    ("answers", "settings"),
    [
        pytest.param([HANG], {}, id="greeting"),
        pytest.param([HANG], {"tls": "implicit"}, id="handshake"),
        pytest.param([HELLO, HANG], {}, id="hello"),
        pytest.param([HELLO, TURNS, HANG], {"tls": "starttls"}, id="starttls"),
        pytest.param([HELLO, TURNS, b"220 go\r\n", HANG], {"tls": "starttls"}, id="handshake after starttls"),
        pytest.param([HELLO, OFFERS, HANG], LOGIN, id="login"),
        pytest.param([HELLO, OK, OK, OK, b"354 go\r\n", HANG], {"message": LETTER}, id="message"),
    ],
)
async def test_a_server_that_says_nothing_more_can_be_left(told, answers, settings):
    with anyio.move_on_after(0.2) as scope:
        await told(*answers, **settings)
    assert scope.cancelled_caught


async def test_a_server_that_says_one_byte_at_a_time_is_heard(told):
    reading = await told([bytes([byte]) for byte in HELLO], [bytes([byte]) for byte in OFFERS])
    assert (reading.banner, reading.extensions) == ("mx.example.com", ["AUTH"])


async def test_replies_without_end_are_cut(told):
    flood = itertools.repeat(b"220-" + b"x" * 4000 + b"\r\n")
    with pytest.raises(Unreachable) as caught:
        await told(flood)
    assert str(caught.value) == f"{told.place}: sends a reply of more than 100 lines before its greeting"
