"""Limits are typed for their metric while the profile is loaded (what they then judge: test_threshold)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agent import compare
from agent.compare import Word
from agent.limit import OPERATORS, Limit, LimitError, Metric, Shape, UnknownLimit, compile_limit
from agent.limit import Test as Comparison
from agent.units import Unit

NUMBER = Metric("n", Shape.NUMBER)
SECONDS = Metric("wait_seconds", Shape.NUMBER, Unit.SECONDS)
BOOL = Metric("ok", Shape.BOOL)
TEXT = Metric("state", Shape.TEXT)
TIME = Metric("since", Shape.TIME)
DATA = Metric("reading")
TEXTS = Metric("names", Shape.TEXT, many=True)
FLAGS = Metric("flags", Shape.BOOL, many=True)


@pytest.mark.parametrize(
    ("metric", "spec", "tests"),
    [
        (NUMBER, "200", [("equals", Decimal(200), "200")]),
        (NUMBER, 5, [("equals", Decimal(5), "5")]),
        (SECONDS, "1m30s", [("equals", Decimal(90), "1m30s")]),
        (SECONDS, "90", [("equals", Decimal(90), "1m30s")]),
        (SECONDS, 90, [("equals", Decimal(90), "1m30s")]),
        (BOOL, "true", [("equals", True, "true")]),
        (BOOL, False, [("equals", False, "false")]),
        (TEXT, "up", [("equals", Word("up"), "up")]),
        (TEXT, "", [("equals", Word(""), "''")]),
        (TEXT, True, [("equals", Word("true"), "true")]),
        (TIME, "2026-01-01", [("equals", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01")]),
        (DATA, "5", [("equals", Word("5", Decimal(5)), "5")]),
        (DATA, True, [("equals", True, "true")]),
        (DATA, compare.Given({"a": "1"}), [("equals", {"a": "1"}, "{a: '1'}")]),
        (DATA, {"equals": {"a": ["1"]}}, [("equals", {"a": [Word("1", Decimal(1))]}, "{a: ['1']}")]),
        (Metric("wait_ms", unit=Unit.MS), "2s", [("equals", Decimal(2000), "2s")]),
        (TEXTS, "a", [("equals", [Word("a")], "a")]),
        (TEXTS, ["a", "b"], [("one_of", [Word("a"), Word("b")], "a, b")]),
        (TEXTS, {"equals": ["a"]}, [("equals", [Word("a")], "a")]),
        (TEXTS, {"equals": []}, [("equals", [], "empty")]),
        (TEXTS, {"contains": ""}, [("contains", [Word("")], "''")]),
        (FLAGS, {"contains": "true"}, [("contains", [True], "true")]),
        (TEXT, {"one_of": "a"}, [("one_of", [Word("a")], "a")]),
        (TEXT, {"contains": ["a", 5]}, [("contains", [Word("a"), Word("5", Decimal(5))], "a, 5")]),
        (TIME, {"min": "2026-01-01"}, [("min", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01")]),
        (DATA, {"exists": True}, [("exists", True, "present")]),
        (DATA, {"exists": "false"}, [("exists", False, "absent")]),
        (NUMBER, {"min": "1", "max": 9}, [("min", Decimal(1), "1"), ("max", Decimal(9), "9")]),
        (NUMBER, {"max_increase": "5%"}, [("max_increase", (Decimal("0.05"), True), "5%")]),
        (
            Metric("error_ratio", Shape.NUMBER, Unit.RATIO),
            {"max_increase": "5%"},
            [("max_increase", (Decimal("0.05"), False), "5%")],
        ),
        (
            TEXT,
            {"not": {"equals": "a", "contains": "b"}},
            [
                (
                    "not",
                    (Comparison("equals", Word("a"), "a"), Comparison("contains", [Word("b")], "b")),
                    "a and to contain b",
                )
            ],
        ),
    ],
)
def test_a_limit_is_typed(metric, spec, tests):
    assert compile_limit(metric, spec) == Limit(metric, tuple(Comparison(*test) for test in tests))


@pytest.mark.parametrize(
    ("metric", "spec", "path", "message"),
    [
        (BOOL, {"min": "1"}, ("min",), "ok is true or false, which has no size for 'min' to compare"),
        (BOOL, 1, (), "1 is neither true nor false, and ok is one of the two"),
        (BOOL, {"contains": "true"}, ("contains",), "ok is true or false, which contains nothing"),
        (TIME, {"contains": "2026"}, ("contains",), "since is a time, which contains nothing"),
        (TEXT, {"equals": {"a": "b"}}, ("equals",), "state is text, which cannot equal {a: 'b'}"),
        (DATA, {"equals": [None]}, ("equals", 0), "is null, which nothing equals; write 'exists: false'"),
        (DATA, {"contains": ["a", ""]}, ("contains", 1), "'contains' is empty, and every text contains that"),
        (DATA, {"excludes": ""}, ("excludes",), "'excludes' is empty, and every text contains that"),
        (TEXT, {"matches": ""}, ("matches",), "'matches' is empty, and every text matches that"),
        (
            TEXT,
            {"matches": "a" * 5001},
            ("matches",),
            "'matches' is a regular expression of more than 5,000 characters",
        ),
        (TEXT, {"exists": 1}, ("exists",), "'exists' is 1, expected true or false"),
        (TEXT, {"exists": ["true"]}, ("exists",), "'exists' is ['true'], expected true or false"),
        (TEXT, {"not": {}}, ("not",), "'not' wants a limit below it, as 'not: {equals: …}'"),
        (TEXT, {"not": {"mathces": "a"}}, ("not", "mathces"), "unknown limit 'mathces'"),
        (
            TEXTS,
            {"max_decrease": "1"},
            ("max_decrease",),
            "names is no number, which cannot be compared with a baseline",
        ),
        (NUMBER, {"min": True}, ("min",), "true is not a number"),
        (NUMBER, {"min": None}, ("min",), "'min' has no value"),
        (NUMBER, {"mni": None}, ("mni",), "unknown limit 'mni'"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(metric, spec, path, message):
    with pytest.raises(LimitError) as caught:
        compile_limit(metric, spec)
    assert (caught.value.path, str(caught.value)) == (path, message)
    assert isinstance(caught.value, UnknownLimit) == message.startswith("unknown limit")


def test_a_limit_reads_as_a_sentence():
    spec = {"min": "1s", "max": "2s", "above": "0", "below": "3s", "not": {"equals": "1.5s"}, "exists": "true"}
    assert str(compile_limit(SECONDS, spec)) == (
        "wait_seconds: at least 1s, at most 2s, above 0s, below 3s, not 1.5s, to be present"
    )


def test_every_operator_can_be_written():
    operands = {"exists": "true", "not": {"equals": "1"}}
    for op in OPERATORS:
        assert [test.op for test in compile_limit(DATA, {op: operands.get(op, "1")}).tests] == [op]
