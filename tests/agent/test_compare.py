"""Comparing: numbers exactly, text as text, and nobody guesses (limits as a whole: test_threshold)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agent import compare
from agent.compare import Incomparable, TookTooLong, Word

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("operand", "word"),
    [
        ("a", Word("a")),
        ("1.50", Word("1.50", Decimal("1.5"))),
        (True, Word("true")),
        (False, Word("false")),
        (5, Word("5", Decimal(5))),
        (Decimal("0.1"), Word("0.1", Decimal("0.1"))),
        ("inf", Word("inf")),
    ],
)
def test_a_word_remembers_its_number(operand, word):
    assert Word.of(operand) == word


@pytest.mark.parametrize(
    ("value", "operand"),
    [
        (1, Word("1", Decimal(1))),
        (0.1, Decimal("0.1")),
        ("0.10", Decimal("0.1")),
        (10**400, 10**400),
        (True, True),
        ("a", "a"),
        (MOMENT, MOMENT),
        (MOMENT, Word("2026-01-01")),
        ({"a": 1, "b": [True, None, "x"]}, {"a": 1, "b": [True, None, "x"]}),
        ({"a": 1}, {"a": Word("1", Decimal(1))}),
        ([1, "a"], [Word("a"), Word("1", Decimal(1))]),
        ([{"a": [1, 2]}], [{"a": [1, 2]}]),
    ],
)
def test_what_is_equal(value, operand):
    assert compare.equal(value, operand) is True


@pytest.mark.parametrize(
    ("value", "operand"),
    [
        ("1.0", Word("1", Decimal(1))),
        (2, Word("1", Decimal(1))),
        ("0.2", Decimal("0.1")),
        (True, False),
        (MOMENT, Word("2026-01-02")),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": [1]}, {"a": [1, 1]}),
        ({"a": None}, {"a": "x"}),
        ({"a": "x"}, {"a": None}),
        ([1], [1, 1]),
        ([1, 1], [1]),
        (["x", None], ["x", "y"]),
    ],
)
def test_what_is_not_equal(value, operand):
    assert compare.equal(value, operand) is False


@pytest.mark.parametrize(
    ("value", "operand", "said"),
    [
        (1, "a", "1, which cannot be compared with 'a'"),
        (True, Decimal(1), "true, which cannot be compared with 1"),
        (True, Word("1", Decimal(1)), "true, which cannot be compared with '1'"),
        (None, "a", "absent, which cannot be compared with 'a'"),
        (float("nan"), Decimal(1), "nan, which cannot be compared with 1"),
        ("x", Decimal(1), "'x', which cannot be compared with 1"),
        (MOMENT, Word("soon"), "2026-01-01T00:00:00Z, which cannot be compared with 'soon'"),
        ("a", ["a"], "'a', which cannot be compared with ['a']"),
        (["a"], "a", "['a'], which cannot be compared with 'a'"),
        ({"a": 1}, "a", "{a: 1}, which cannot be compared with 'a'"),
    ],
)
def test_what_cannot_be_compared(value, operand, said):
    with pytest.raises(Incomparable) as caught:
        compare.equal(value, operand)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("value", "size"),
    [(10**400, 10**400), (0.1, Decimal("0.1")), (Decimal("1E+999"), Decimal("1E+999")), ("1.50", Decimal("1.5"))],
)
def test_what_has_a_size(value, size):
    assert compare.sized(value) == size


@pytest.mark.parametrize("value", [float("inf"), float("nan"), Decimal("Infinity"), Decimal("sNaN"), "inf", True, []])
def test_what_has_none(value):
    with pytest.raises(Incomparable, match=r"which has no size to compare$"):
        compare.sized(value)


def test_a_pattern_that_takes_too_long_is_neither_found_nor_not():
    with pytest.raises(TookTooLong, match=r"^'xxxx.*\(100002 characters\), for which the pattern took too long$"):
        compare.matches("x" * 100_000, "(?e)(?:abcdefghij){e<=9}")


@pytest.mark.parametrize(
    ("value", "pattern", "found"),
    [("abc", "b", True), ("abc", "^b", False), (12, "^1", True), (True, "^true$", True), (Decimal("1.50"), "50", True)],
)
def test_a_pattern_is_found_anywhere(value, pattern, found):
    assert compare.matches(value, pattern) is found


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-01-01", MOMENT),
        ("2026-01-01T01:00:00+01:00", MOMENT),
        (datetime(2026, 1, 1), MOMENT),
        (MOMENT, MOMENT),
        ("20260101", None),
        ("2026-13-01", None),
        ("2026-W01-1", None),
        (5, None),
        (None, None),
    ],
)
def test_a_point_in_time(value, moment):
    assert compare.timestamp(value) == moment


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Word("a"), "a"),
        (MOMENT, "2026-01-01T00:00:00Z"),
        (10**400, "1" + "0" * 199 + "… (401 characters)"),
        (Decimal("1E+3"), "1000"),
        ([1] * 1000, "[" + "1, " * 66 + "1… (1000 elements)"),
        ({str(n): "x" * 100 for n in range(9)}, "{0: '" + "x" * 100 + "', 1: '" + "x" * 88 + "… (9 elements)"),
        ([["x" * 300]], "[['" + "x" * 197 + "… (1 elements)"),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_a_value_is_shown_for_a_person(value, shown):
    assert compare.shown(value) == shown


def test_of_a_huge_list_no_more_is_written_than_is_shown():
    class Huge(list):
        asked = 0

        def __iter__(self):
            for number in range(10**9):
                Huge.asked += 1
                yield number

        def __len__(self):
            return 10**9

    assert compare.shown(Huge()).endswith("… (1000000000 elements)")
    assert Huge.asked < 100
