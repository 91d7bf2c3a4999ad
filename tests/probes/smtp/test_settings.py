"""Settings: what they mean, and which are refused while the profile is loaded."""

import re

import msgspec
import pytest

from probes.dns.endpoint import Endpoint
from probes.smtp.letter import Letter, message_id, written
from probes.smtp.probe import SmtpProbe

NO_NAME = "is no name to greet with, expected a host name or an address in brackets"
SENDER = {"from": "a@example.com", "to": "b@example.com"}


@pytest.mark.parametrize(
    ("settings", "endpoint"),
    [
        pytest.param({"host": "mx"}, Endpoint("mx", 587), id="submission"),
        pytest.param({"host": "mx", "tls": "none"}, Endpoint("mx", 25), id="relay"),
        pytest.param({"host": "mx", "tls": "implicit"}, Endpoint("mx", 465), id="submission over TLS"),
        pytest.param({"host": "::1", "port": 2525}, Endpoint("::1", 2525), id="IPv6"),
        pytest.param({"host": "bücher.example"}, Endpoint("xn--bcher-kva.example", 587), id="IDNA"),
    ],
)
def test_where_a_server_is(settings, endpoint):
    assert SmtpProbe(**settings).endpoint == endpoint


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"host": "mx:25"}, "'mx:25' has a port, which goes into `port`", id="port in host"),
        pytest.param({"host": "smtp://mx"}, "'smtp://mx' has port '//mx', expected 1 to 65535", id="URL"),
        pytest.param({"hello": "a b"}, f"'a b' {NO_NAME}", id="hello"),
        pytest.param({"hello": "a\r\nQUIT"}, f"'a\\r\\nQUIT' {NO_NAME}", id="injection"),
        pytest.param({"user": "a"}, "`user` and `password` go together", id="user alone"),
        pytest.param({"password": "a"}, "`user` and `password` go together", id="password alone"),
        pytest.param({"user": "a", "password": "\0"}, "`user` or `password` holds a zero byte", id="zero byte"),
        pytest.param(
            {"user": "a", "password": "b", "tls": "none"},
            "the password would be sent without TLS: choose another `tls`, or say `clear_password: true`",
            id="clear",
        ),
        pytest.param(
            {"tls": "none", "ca": "ca.pem"},
            "`ca`, `server_name` and `verify` have no meaning with `tls: none`",
            id="certificates without TLS",
        ),
    ],
)
def test_settings_that_are_refused(settings, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        SmtpProbe(**{"host": "mx", **settings})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"to": "b"}, "'b' is no address, expected something like smoke@example.com", id="no address"),
        pytest.param(
            {"to": "b@c>\r\nDATA"},
            "'b@c>\\r\\nDATA' is no address, expected something like smoke@example.com",
            id="injection",
        ),
        pytest.param(
            {"subject": "a\r\nbcc: c@d"}, "the subject holds a line break or a control character", id="header"
        ),
    ],
)
def test_letters_that_are_refused(fields, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        Letter(**{"sender": "a@example.com", "to": "b@example.com", **fields})


@pytest.mark.parametrize("body", ["", ".", "\n.\n", "a\r.\r", "x" * 3000, "ü" * 3000, "\0"], ids=ascii)
def test_whatever_the_text_there_is_one_end_and_no_line_is_too_long(body):
    letter = msgspec.convert({**SENDER, "body": body}, Letter)
    data = written(letter, message_id(letter))
    assert data.count(b"\r\n.\r\n") == 1
    assert data.endswith(b"\r\n.\r\n")
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    data.decode("ascii")


def test_each_sending_has_an_identifier_of_its_own():
    letter = msgspec.convert(SENDER, Letter)
    assert message_id(letter) != message_id(letter)
    assert message_id(letter).endswith("@example.com>")
