"""A secret that entered never leaves, in whatever dress."""

import base64
import html
import json
from decimal import Decimal
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.mask import Mask
from agent.probe import Unknown, Unreadable

SECRETS = st.text(min_size=3, max_size=20).filter(lambda text: len(text.strip().strip("*")) >= 3)
AROUND = st.text(max_size=6)
LEFT_ALONE = st.text(alphabet="!$&'()*,;=:@/?~-._ ", max_size=10)
"""Characters that somebody's URL does not escape."""


def masking(*secrets: str) -> Mask:
    mask = Mask()
    for secret in secrets:
        mask.add(secret)
    return mask


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        pytest.param("s3cr3t", "password s3cr3t is wrong", "password *** is wrong", id="as it is"),
        pytest.param("s3cr3t\n", "s3cr3t", "***", id="without the line end that it came with"),
        pytest.param("s3cr3t", "s3cr3ts3cr3t", "******", id="twice"),
        pytest.param("p w/d", "http://x/?p=p%20w%2Fd&q", "http://x/?p=***&q", id="in a query"),
        pytest.param("p w/d", "http://x/?p=p+w%2fd", "http://x/?p=***", id="in a form, in small letters"),
        pytest.param("p w/d", "?next=%2F%3Fp%3Dp%2520w%252Fd%26", "?next=%2F%3Fp%3D***%26", id="in a URL in a URL"),
        pytest.param("pässwörd", "p%C3%A4ssw%C3%B6rd", "***", id="UTF-8 in a URL"),
        pytest.param("plain", "%70%6C%61in", "***", id="escaped without need"),
        pytest.param('a"b\\c', '{"p": "a\\"b\\\\c"}', '{"p": "***"}', id="in JSON"),
        pytest.param("a\nb", "'a\\nb'", "'***'", id="in a repr"),
        pytest.param("grün💡", '"gr\\u00fcn\\ud83d\\udca1"', '"***"', id="in JSON that is ASCII"),
        pytest.param("grün💡", "gr\\xfcn\\U0001f4a1", "***", id="in a repr that is ASCII"),
        pytest.param("a<b>&c'", "<p>a&lt;b&gt;&amp;c&#39;</p>", "<p>***</p>", id="in HTML"),
        pytest.param("grün", "gr&#xFC;n gr&#252;n", "*** ***", id="in HTML by number"),
        pytest.param("hunter2", "686e 68756e74657232", "686e ***", id="in hexadecimal"),
        pytest.param("token/+==", base64.b64encode(b"token/+==").decode(), "***", id="in base64"),
        pytest.param("-----BEGIN KEY\nMIIEvgIBADAN\n-----", "no MIIEvgIBADAN here", "no *** here", id="a line of it"),
        pytest.param("abcdef", "abc def", "abc def", id="not there"),
        pytest.param("ab", "ab", "ab", id="too short to hide anything"),
        pytest.param("****", "a **** b %2A%2A%2A%2A", "a **** b %2A%2A%2A%2A", id="stars are no secret"),
        pytest.param("abc", "1% \\ & + %zz &zzzz; &#99999999;", "1% \\ & + %zz &zzzz; &#99999999;", id="no escapes"),
        pytest.param("abc", "&#1114112; \\ud800 a%62c", "&#1114112; \\ud800 ***", id="escapes of no character"),
    ],
)  # fmt: skip
def test_a_secret_is_masked(secret, text, masked):
    assert masking(secret)(text) == masked


def test_the_longer_secret_goes_first():
    assert masking("abc", "abcdef")("abcdef abc") == "*** ***"
    assert masking("abcdef", "abc")("abcdef abc") == "*** ***"


def test_secrets_that_overlap_behind_escapes_go_together():
    assert masking("abc/d", "d/efg")("x abc%2Fd%2Fefg y") == "x *** y"


def test_nothing_is_hidden_before_a_secret_is_known():
    value = {"a": ["%41"]}
    assert Mask().value(value) is value
    assert Mask()("%41 + \\n &amp;") == "%41 + \\n &amp;"


@settings(deadline=None)
@given(SECRETS, AROUND, AROUND, LEFT_ALONE, st.booleans())
def test_no_form_of_a_secret_survives(secret, before, behind, safe, small):
    mask = masking(secret)
    in_url = quote(secret, safe=safe)
    forms = {
        secret: lambda text: text,
        in_url.replace("%C", "%c") if small else in_url: unquote,
        quote(in_url, safe=""): lambda text: unquote(unquote(text)),
        quote_plus(secret): unquote_plus,
        json.dumps(secret)[1:-1]: lambda text: text,
        json.dumps(secret, ensure_ascii=False)[1:-1]: lambda text: text,
        repr(secret)[1:-1]: lambda text: text,
        html.escape(secret): html.unescape,
    }
    for form, read in forms.items():
        masked = mask(f"{before}{form}{behind}")
        assert secret not in read(masked) or secret in f"{before}{behind}***"
        assert form not in masked or form in f"{before}***{behind}"


@settings(deadline=None, max_examples=50)
@given(
    st.binary(max_size=6), st.text(min_size=4, max_size=20).filter(lambda text: "*" not in text), st.binary(max_size=6)
)
def test_no_base64_of_a_secret_survives_at_any_offset(before, secret, behind):
    """All that is left are the characters that hold bits of what stands around it."""
    if len(secret.strip()) < 4:
        return
    raw = secret.strip().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(before + raw + behind).decode()
        masked = masking(secret)(whole)
        if len(raw) >= 6:
            assert "***" in masked
        assert len(masked.replace("***", "")) < len(whole) or len(raw) < 6


LEAVES = st.none() | st.booleans() | st.integers() | st.text()


@settings(deadline=None, max_examples=50)
@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_nothing_else_changes(value):
    assert masking("correct horse battery staple").value(value) == value


def test_a_secret_is_masked_wherever_it_is_in_a_value():
    value = {"s3cr3t": [{"x": "a s3cr3t b"}, ("s3cr3t",)], "n": 5, "f": 0.5, "b": True, "z": None}
    assert masking("s3cr3t").value(value) == {
        "***": [{"x": "a *** b"}, ["***"]], "n": 5, "f": 0.5, "b": True, "z": None,
    }  # fmt: skip


@pytest.mark.parametrize("value", [1234, 1234.0, Decimal(1234), Decimal("1234.0"), "1234"])
def test_a_number_that_is_the_secret_is_masked(value):
    assert masking("1234").value([value, 12345]) == ["***", 12345]


def test_numbers_that_are_none_and_other_things_are_let_through():
    infinite = float("inf")
    assert masking("inf", "True", "None").value([infinite, True, None]) == [infinite, True, None]


def test_why_something_could_not_be_read_is_masked_and_stays_what_it_was():
    mask = masking("s3cr3t")
    assert mask.value(Unreadable("no s3cr3t")) == Unreadable("no ***")
    assert mask.value([Unknown("no s3cr3t")]) == [Unknown("no ***")]
    assert type(mask.value(Unknown("no s3cr3t"))) is Unknown


def test_a_huge_text_full_of_escapes_is_masked_in_no_time():
    text = "%41 \\n &amp; + " * 5_000
    assert masking("s3cr3t")(f"{text}s3%63r3t") == f"{text}***"


LONG = "SuperSecretPassword-0123456789"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("answers with 'DENIED for token SuperSecretPassword-012'", "answers with 'DENIED for token ***'"),
        ("it begins with SuperSecretPassw…", "it begins with ***…"),
        ("SuperSecretPass", "***"),
        ("SuperSecretPass and SuperSecretPassword-0", "SuperSecretPass and ***"),
        ("SuperSecret", "SuperSecret"),
        ("SuperSecretPassages are plain", "SuperSecretPassages are plain"),
        (f"{LONG} then SuperSecretPassword", "*** then ***"),
    ],
)
def test_a_quotation_that_ends_within_a_secret_tells_none_of_it(text, masked):
    """Probes quote answers, and cut them before the mask sees them."""
    mask = Mask()
    mask.add(LONG)
    assert mask(text) == masked
