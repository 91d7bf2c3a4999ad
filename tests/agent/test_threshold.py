"""Limits hold, are breached or cannot be compared; only the first passes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agent import compare, units
from agent.limit import Limit, LimitError, Metric, Shape, compile_limit
from agent.probe import Unreadable
from agent.settle import settle
from agent.threshold import compare_all, judge

NUMBER, BOOL, TEXT, TIME, DATA = Shape.NUMBER, Shape.BOOL, Shape.TEXT, Shape.TIME, Shape.DATA


def metric(name, shape=DATA, *, many=False, choices=()):
    return Metric(name, shape, units.of(name), many, choices)


def said(limit: Limit, value, baseline=None):
    return [str(breach) for breach in judge(limit, value, baseline)]


@pytest.mark.parametrize(
    ("of", "spec", "value"),
    [
        pytest.param(metric("status", NUMBER), "200", 200, id="a scalar is equals"),
        pytest.param(metric("status", NUMBER), ["200", "204"], 204, id="a list is one_of"),
        pytest.param(metric("latency_seconds", NUMBER), {"max": "500ms"}, 0.5, id="max includes the limit"),
        pytest.param(metric("latency_seconds", NUMBER), {"below": "500ms"}, 0.4999, id="below"),
        pytest.param(metric("latency_seconds", NUMBER), {"min": "0.1s"}, 0.1, id="a tenth is a tenth"),
        pytest.param(metric("n", NUMBER), {"above": "2"}, 3, id="above"),
        pytest.param(metric("error_ratio", NUMBER), {"max": "1%"}, Decimal("0.01"), id="percent of a ratio"),
        pytest.param(metric("state"), "healthy", "healthy", id="text"),
        pytest.param(metric("ready"), "True", "True", id="text that looks like a bool"),
        pytest.param(metric("ready"), "true", True, id="a bool by its word"),
        pytest.param(metric("count"), "44", 44, id="a number by its word"),
        pytest.param(metric("count"), {"min": "3"}, "4", id="text that is exactly a number has a size"),
        pytest.param(metric("latency_ms"), {"below": "100ms"}, 99, id="the unit of the name"),
        pytest.param(metric("x", TEXT), {"matches": "^v[0-9]+$"}, "v12", id="matches"),
        pytest.param(metric("status", NUMBER), {"matches": "^2..$"}, 204, id="a number matches as written"),
        pytest.param(metric("body", TEXT), {"contains": ["a", "b"]}, "cab", id="text contains all"),
        pytest.param(metric("body", TEXT), {"excludes": ["x", "y"]}, "cab", id="text excludes all"),
        pytest.param(metric("l"), {"contains": ["1", "2"]}, [2, 3, 1], id="list contains all"),
        pytest.param(metric("l"), {"excludes": ["x"]}, [], id="an empty list excludes"),
        pytest.param(metric("l"), {"equals": []}, [], id="an empty list equals an empty list"),
        pytest.param(metric("l"), {"equals": ["b", "a"]}, ["a", "b"], id="equals in any order"),
        pytest.param(metric("l"), {"one_of": ["A", "B"]}, ["A", "A", "B"], id="one_of for each element"),
        pytest.param(metric("l"), {"max": "3"}, [1, 2, 3], id="max for each element"),
        pytest.param(metric("l"), {"not": {"matches": "x"}}, ["a", "b"], id="not for each element"),
        pytest.param(metric("l"), {"not": {"contains": "x"}}, ["a", "b"], id="not of a whole list"),
        pytest.param(metric("d"), {"contains": "LOG"}, {"LOG": "1"}, id="a mapping contains a key"),
        pytest.param(metric("d"), compare.Given({"a": [1, None]}), {"a": [1, None]}, id="a mapping equals a mapping"),
        pytest.param(metric("x"), {"exists": "true"}, 0, id="exists"),
        pytest.param(metric("x"), {"exists": "false"}, None, id="absent as asked"),
        pytest.param(metric("x"), {"not": {"equals": "a"}}, "b", id="not equals"),
        pytest.param(metric("since", TIME), {"min": "2026-01-01"}, datetime(2026, 1, 2, tzinfo=UTC), id="time"),
        pytest.param(metric("since"), "2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC), id="time by its word"),
        pytest.param(metric("n", NUMBER), {"min": "1", "max": "3"}, 2, id="two limits"),
        pytest.param(metric("id"), 5, "5", id="a typed number equals its text"),
        pytest.param(metric("id"), Decimal("1.5"), 1.5, id="typed numbers"),
        pytest.param(metric("on"), True, True, id="a typed bool"),
    ],
)
def test_a_limit_holds(of, spec, value):
    assert said(compile_limit(of, spec), value) == []


@pytest.mark.parametrize(
    ("of", "spec", "value", "message"),
    [
        (metric("status", NUMBER), "200", 500, "status is 500, expected 200"),
        (metric("status", NUMBER), ["200", "204"], 201, "status is 201, expected one of 200, 204"),
        (
            metric("latency_seconds", NUMBER),
            {"max": "500ms"},
            0.812,
            "latency_seconds is 812ms, expected at most 500ms",
        ),
        (
            metric("latency_seconds", NUMBER),
            {"below": "500ms"},
            0.5,
            "latency_seconds is 0.5 seconds, expected below 500ms",
        ),
        (
            metric("expires_in_seconds", NUMBER),
            {"min": "30d"},
            30 * 86400 - 0.1,
            "expires_in_seconds is 29d23h, expected at least 30d",
        ),
        (metric("state"), "ok", "down", "state is 'down', expected ok"),
        (metric("v"), "1.10", "1.1", "v is '1.1', expected 1.10"),
        (metric("x"), {"min": "3"}, "oops", "x is 'oops', which has no size to compare, expected at least 3"),
        (metric("x"), {"max": "3"}, True, "x is true, which has no size to compare, expected at most 3"),
        (metric("x"), {"max": "3"}, float("nan"), "x is nan, which has no size to compare, expected at most 3"),
        (metric("x"), {"min": "3"}, float("inf"), "x is inf, which has no size to compare, expected at least 3"),
        (metric("x"), {"min": "3"}, None, "x is absent, expected at least 3"),
        (metric("x"), "1", None, "x is absent, expected 1"),
        (metric("x"), "1", True, "x is true, which cannot be compared with '1', expected 1"),
        (metric("x"), "1", float("nan"), "x is nan, which cannot be compared with '1', expected 1"),
        (metric("x"), {"not": {"equals": "1"}}, None, "x is absent, expected not 1"),
        (
            metric("x"),
            {"not": {"min": "3"}},
            "oops",
            "x is 'oops', which has no size to compare, expected not at least 3",
        ),
        (metric("x"), {"not": {"equals": "a"}}, "a", "x is 'a', expected not a"),
        (
            metric("x"),
            {"not": {"one_of": ["a", "b"]}},
            5,
            "x is 5, which cannot be compared with 'b', expected not one of a, b",
        ),
        (metric("x"), {"exists": "true"}, None, "x is absent, expected to be present"),
        (metric("x"), {"exists": "false"}, 0, "x is 0, expected to be absent"),
        (metric("x"), {"exists": "true"}, [], "x is an empty list, expected to be present"),
        (metric("x"), {"exists": "false"}, [], "x is an empty list, expected to be absent"),
        (
            metric("x"),
            {"exists": "false"},
            Unreadable("cut short"),
            "x is unreadable (cut short), expected to be absent",
        ),
        (metric("x"), {"not": {"equals": "1"}}, Unreadable("no"), "x is unreadable (no), expected not 1"),
        (metric("l"), {"max": "3"}, [], "l is an empty list, expected at most 3"),
        (metric("l"), {"not": {"equals": "3"}}, [], "l is an empty list, expected not 3"),
        (metric("l"), {"one_of": ["A+"]}, ["A", "A+", "B"], "l is 'A' (and 1 more of 3), expected one of A+"),
        (metric("l"), {"contains": "x"}, ["y"], "l is ['y'], expected to contain x"),
        (metric("l"), {"excludes": ["TLSv1"]}, ["TLSv1", "b"], "l is ['TLSv1', 'b'], expected to exclude TLSv1"),
        (
            metric("l"),
            {"excludes": ["x"]},
            [None],
            "l is absent, which cannot be compared with 'x', expected to exclude x",
        ),
        (metric("l"), {"equals": ["a"]}, ["a", "a"], "l is ['a', 'a'], expected a"),
        (metric("l"), {"equals": []}, ["a"], "l is ['a'], expected empty"),
        (metric("l"), {"equals": ["a"]}, "a", "l is 'a', which cannot be compared with [a], expected a"),
        (metric("l"), {"min": "1"}, [2, None], "l is absent, expected at least 1"),
        (metric("n"), {"contains": "1"}, 1, "n is 1, which cannot contain 1, expected to contain 1"),
        (metric("d"), {"matches": "a"}, {"a": 1}, "d is {a: 1}, which is no text to match, expected to match 'a'"),
        (metric("d"), compare.Given({"a": 1}), {"a": "x"}, "d is {a: 'x'}, expected {a: 1}"),
        (metric("x"), {"matches": "(a+)+$"}, "a" * 64 + "b", None),
        (metric("on"), True, "true", "on is 'true', which cannot be compared with true, expected true"),
        (
            metric("t", TIME),
            {"max": "2026-01-01"},
            5,
            "t is 5, which cannot be compared with 2026-01-01T00:00:00Z, expected at most 2026-01-01",
        ),
    ],
)
def test_a_limit_is_breached_and_says_so(of, spec, value, message):
    breaches = said(compile_limit(of, spec), value)
    assert breaches == ([message] if message else breaches)
    assert breaches


@pytest.mark.parametrize(
    ("of", "spec", "path", "message"),
    [
        (metric("r", BOOL), "yes", (), "'yes' is neither true nor false, and r is one of the two"),
        (metric("s", NUMBER), "ok", (), "'ok' is not a plain number"),
        (metric("s", NUMBER), ["1", "ok"], (1,), "'ok' is not a plain number"),
        (metric("a_seconds", NUMBER), {"max": "5MiB"}, ("max",), "'5MiB' is not a time such as 500ms, 1h30m or 30d"),
        (metric("a_bytes", NUMBER), {"max": "5s"}, ("max",), "'5s' is not a size such as 512MiB or 10kB"),
        (
            metric("lat"),
            {"max": "500ms"},
            ("max",),
            "'500ms' is not a plain number; name the reading for its unit, as …_seconds or …_bytes",
        ),
        (metric("x"), {}, (), "x asserts nothing: name a limit such as min, max, equals or exists"),
        (metric("x"), {"mim": "3"}, ("mim",), "unknown limit 'mim'"),
        (
            metric("x"),
            {"one_of": []},
            ("one_of",),
            "nothing is one of an empty list; for a list that is empty write 'equals: []'",
        ),
        (metric("x"), [], (), "nothing is one of an empty list; for a list that is empty write 'equals: []'"),
        (metric("x"), {"contains": []}, ("contains",), "'contains' is an empty list, which asserts nothing"),
        (metric("x", NUMBER), {"contains": "1"}, ("contains",), "x is a number, which contains nothing"),
        (metric("x", TEXT), {"min": "1"}, ("min",), "x is text, which has no size for 'min' to compare"),
        (
            metric("x"),
            {"matches": "["},
            ("matches",),
            "'matches' is not a regular expression: unterminated character set at position 1",
        ),
        (metric("x"), {"matches": ["a"]}, ("matches",), "'matches' is not text: a pattern is a regular expression"),
        (metric("x"), {"exists": "maybe"}, ("exists",), "'exists' is 'maybe', expected true or false"),
        (metric("x"), {"not": "a"}, ("not",), "'not' wants a limit below it, as 'not: {equals: …}'"),
        (
            metric("x"),
            {"not": {"exists": "true"}},
            ("not",),
            "'not' cannot turn exists, max_increase or max_decrease; write the limit itself",
        ),
        (
            metric("x"),
            {"not": {"contains": "a", "min": "3"}},
            ("not",),
            "'not' mixes limits on a whole list with limits on each element; write two checks",
        ),
        (metric("x"), {"not": {"min": "a"}}, ("not", "min"), "'a' is not a plain number"),
        (metric("x", TEXT, choices=("a", "b")), "c", (), "x is never 'c'; it is one of a, b"),
        (metric("x", TEXT), [["a"]], (0,), "x is text, which cannot equal ['a']"),
        (metric("x", TIME), "soon", (), "'soon' is not a time such as 2026-12-01 or 2026-12-01T10:30:00Z"),
        (
            metric("x", TEXT),
            {"max_increase": "5%"},
            ("max_increase",),
            "x is no number, which cannot be compared with a baseline",
        ),
        (metric("x"), {"max_increase": "-5%"}, ("max_increase",), "'max_increase' is negative"),
        (metric("x"), {"min": [1]}, ("min",), "[1] is not a number"),
        (metric("x"), {"equals": None}, ("equals",), "'equals' has no value"),
        (metric("x"), None, (), "x has no limit: nothing is written here"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_at_its_place(of, spec, path, message):
    with pytest.raises(LimitError) as caught:
        compile_limit(of, spec)
    assert (caught.value.path, str(caught.value)) == (path, message)


@pytest.mark.parametrize(
    ("spec", "value", "baseline", "breaches"),
    [
        ({"max_increase": "5%"}, 105, 100, []),
        ({"max_increase": "5%"}, 106, 100, ["x is 106 after 100, expected an increase of at most 5%"]),
        ({"max_increase": "0%"}, 0, 0, []),
        ({"max_increase": "50%"}, 1, 0, ["x is 1 after 0, expected an increase of at most 50%"]),
        ({"max_increase": "3"}, 103, 100, []),
        ({"max_decrease": "0%"}, 99, 100, ["x is 99 after 100, expected a decrease of at most 0%"]),
        ({"max_decrease": "0%"}, 200, 100, []),
        ({"max_increase": "5%"}, None, 100, ["x is absent, expected an increase of at most 5%"]),
        (
            {"max_increase": "5%"},
            "oops",
            100,
            ["x is 'oops', which has no size to compare, expected an increase of at most 5%"],
        ),
        ({"max_increase": "5%"}, 1, None, ["x is absent, expected an increase of at most 5%"]),
    ],
)
def test_limits_against_a_baseline(spec, value, baseline, breaches):
    assert said(compile_limit(metric("x"), spec), value, baseline) == breaches


def test_times_have_no_percentage_of_a_baseline():
    limit = compile_limit(metric("x"), {"max_increase": "5%"})
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert said(limit, moment, moment) == [
        "x is 2026-01-01T00:00:00Z, which has no size to compare with a baseline, expected an increase of at most 5%"
    ]


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "settled"),
    [
        ("backup_age_seconds", "2026-06-01T11:00:00Z", 3600.0),
        ("backup_age_seconds", "2026-06-01 11:00:00+00:00", 3600.0),
        ("backup_age_seconds", datetime(2026, 6, 1, 11), 3600.0),
        ("ends_in_seconds", "2026-06-02", 43200.0),
        ("backup_age_seconds", 90, 90),
        ("backup_age_seconds", "90", Decimal(90)),
        ("backup_age_seconds", 1780311600, 3600.0),
        ("backup_age_seconds", "1780311600000", 3600.0),
        ("backup_age_seconds", 1780311600000000, 3600.0),
        ("backup_age_seconds", 1780311600000000000, 3600.0),
        ("ends_in_seconds", 1500000000000000, 1500000000 - 1780315200.0),
        ("backup_age_seconds", 10**40, Unreadable("it is 1" + "0" * 40 + ", which is neither a duration nor a time")),
        ("backup_age_seconds", -(10**12), Unreadable("it is -1000000000000, which is neither a duration nor a time")),
        ("backup_age_seconds", float("inf"), float("inf")),
        ("backup_age_seconds", "2026-06-01T12:00:30Z", 0.0),
        ("backup_age_seconds", "2099-01-01", Unreadable("it is 2099-01-01T00:00:00Z, which is in the future")),
        ("backup_age_seconds", -5, Unreadable("it is -5, and nothing has an age below zero")),
        ("ends_in_seconds", -5, -5),
        ("backup_age_seconds", "2026-99-99", "2026-99-99"),
        ("backup_age_seconds", True, True),
        ("memory_bytes", "4Gi", Decimal(4 * 1024**3)),
        ("memory_bytes", "plenty", "plenty"),
        ("memory_bytes", ["1Ki", "2Ki"], [Decimal(1024), Decimal(2048)]),
        ("state", "4Gi", "4Gi"),
        ("state", None, None),
    ],
)
def test_readings_are_settled_by_what_their_names_promise(name, value, settled):
    assert settle(name, value, NOW) == settled


def test_a_unix_time_is_never_taken_for_a_long_life():
    """An `exp` of a token that is over must not read as 56 years to come."""
    limit = compile_limit(metric("expires_in_seconds"), {"min": "30d"})
    over = settle("expires_in_seconds", 1700000000, NOW)
    assert judge(limit, over)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "absent"),
        (Unreadable("why"), "unreadable (why)"),
        (False, "false"),
        (0.1, "0.1"),
        (float("inf"), "inf"),
        ("a\nb", "'a\\nb'"),
        (b"x", "b'x'"),
        ({"a": [1, "b"]}, "{a: [1, 'b']}"),
        ("x" * 300, "'" + "x" * 199 + "… (302 characters)"),
    ],
)
def test_values_are_shown_on_one_line_and_cut(value, text):
    assert compare.shown(value) == text


def test_a_number_of_any_size_is_compared():
    limit = compile_limit(metric("n"), {"max": "5"})
    assert said(limit, 10**5000)[0].startswith("n is 1000000")


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ({"min": "3"}, "oops"),
        ({"matches": "a", "max": "3"}, "oops"),
        ({"equals": ["a"]}, "a"),
        ({"min": "3"}, [5, "oops"]),
        ({"not": {"min": "3"}}, ["oops"]),
    ],
)
def test_what_cannot_be_held_against_a_limit_at_all_is_told_apart(spec, value):
    with pytest.raises(compare.Incomparable):
        compare_all(compile_limit(metric("x"), spec), value)


@pytest.mark.parametrize(
    ("spec", "value"), [({"min": "3"}, 1), ({"min": "3"}, [5, "1"]), ({"equals": ["a"]}, ["b"]), ("a", "b")]
)
def test_what_can_be_held_against_a_limit_may_breach_it(spec, value):
    compare_all(compile_limit(metric("x"), spec), value)


def test_a_pattern_that_is_slow_for_each_of_a_million_elements_ends():
    limit = compile_limit(metric("l"), {"matches": "(?e)(?:abcdefghij){e<=9}y"})
    assert said(limit, ["x" * 200] * 1_000_000) == [
        "l is a list of 1000000, which took too long to compare, expected to match '(?e)(?:abcdefghij){e<=9}y'"
    ]
