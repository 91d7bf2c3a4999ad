"""Late values: what stands where, of which type, and what is said when it is not there."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agent.engine.late import Known, Unsettled, parts, settle
from agent.node import Data, Measured, Scalar, Secret, Sequence
from agent.probe import Unreadable
from tests.agent.engine.kit import MARK, late, mapping

TOKEN = Measured("smoke/login", "token")


def known(value=None, **secrets):
    found = Known()
    found.secrets = secrets
    found.readings["smoke/login", "token"] = value
    return found


@pytest.mark.parametrize(
    "value", ["text", "", True, 0, 5, 0.5, Decimal("1.50"), datetime(2026, 1, 2, tzinfo=UTC), [1, "a"], {"a": None}]
)
def test_a_scalar_that_is_one_reading_keeps_its_type(value):
    assert settle(late(TOKEN), known(value)) == Data(value, MARK)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", "abc"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (0.1, "0.1"),
        (1e22, "10000000000000000000000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.50"), "0.50"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
    ],
)
def test_inside_a_text_a_reading_is_written_plainly(value, text):
    assert settle(late("<", TOKEN, ">"), known(value)) == Scalar(f"<{text}>", MARK, plain=False)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "smoke/login.token is [1, 2], which cannot stand inside a text"),
        ({"a": 1}, "smoke/login.token is {a: 1}, which cannot stand inside a text"),
        (float("nan"), "smoke/login.token is nan, which cannot stand inside a text"),
        (None, "smoke/login.token is absent"),
        (Unreadable("cut short"), "smoke/login.token is unreadable (cut short)"),
    ],
)
def test_what_cannot_stand_inside_a_text_is_told(value, message):
    with pytest.raises(Unsettled) as caught:
        settle(late("<", TOKEN, ">"), known(value))
    assert str(caught.value) == message


def test_a_reading_that_is_absent_settles_nothing():
    with pytest.raises(Unsettled, match=r"^smoke/login\.token is absent$"):
        settle(late(TOKEN), known(None))
    with pytest.raises(Unsettled, match=r"^smoke/login\.token is absent$"):
        settle(late(TOKEN), Known())


def test_secrets_are_text_and_never_words_of_json():
    assert settle(late(Secret("S")), known(S="true")) == Scalar("true", MARK, plain=False)
    assert settle(late("Bearer ", Secret("S")), known(S="abc")) == Scalar("Bearer abc", MARK, plain=False)


def test_a_missing_secret_says_where_it_was_sought():
    with pytest.raises(Unsettled, match=r"^secret S is missing$"):
        settle(late(Secret("S")), known(S=LookupError("secret S is missing")))


def test_an_empty_secret_is_a_missing_one():
    with pytest.raises(Unsettled, match=r"^secret S is empty$"):
        settle(late("x", Secret("S")), known(S=""))


def test_in_a_pattern_a_value_matches_itself():
    escaped = late("^", Secret("S", escaped=True), Measured("smoke/login", "token", escaped=True), "$")
    assert settle(escaped, known("c*d", S="a.b")) == Scalar(r"^a\.bc\*d$", MARK, plain=False)
    whole = late(Measured("smoke/login", "token", escaped=True))
    assert settle(whole, known("c*d")) == Scalar(r"c\*d", MARK, plain=False)


def test_late_values_are_found_and_settled_at_any_depth_and_all_else_stays():
    plain = Scalar("plain", MARK)
    tree = mapping(headers=mapping(auth=late(Secret("S"))), list=Sequence((plain, late(TOKEN)), MARK))
    assert settle(tree, known(5, S="abc")) == mapping(
        headers=mapping(auth=Scalar("abc", MARK, plain=False)), list=Sequence((plain, Data(5, MARK)), MARK)
    )
    assert list(parts(tree)) == [(Secret("S"), ("headers", "auth")), (TOKEN, ("list",))]
    assert settle(plain, known()) is plain
