"""Regular expressions: bounded in length, depth and time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import pattern


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(", "is not a regular expression: missing ) at position 1"),
        ("a" * 5001, "is a regular expression of more than 5,000 characters"),
        ("(" * 2000 + ")" * 2000, "is not a regular expression: nested too deep"),
    ],
)
def test_what_is_no_regular_expression_is_refused(text, message):
    with pytest.raises(ValueError, match=r"^is ") as caught:
        pattern.check(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["", "^a+$", "a" * 5000, r"(?P<x>\d+)", "(?i)ß", r"\p{L}"])
def test_what_is_one_is_let_through(text):
    pattern.check(text)


def test_it_is_found_anywhere_in_a_text():
    assert pattern.found("b+", "abba")
    assert not pattern.found("^b+", "abba")


def test_a_search_that_would_take_years_ends():
    with pytest.raises(TimeoutError):
        pattern.found("(?e)(?:abcdefghij){e<=9}", "x" * 100_000)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=20))
def test_an_escaped_text_matches_itself_and_nothing_else(text):
    assert pattern.found(f"^(?:{pattern.escape(text)})\\Z", text)
    assert not pattern.found(f"^(?:{pattern.escape(text)})\\Z", text + "x")
