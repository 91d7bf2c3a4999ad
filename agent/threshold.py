"""The judgement whether a value stands its limit.

Three answers, and only one of them passes: a limit holds, it is breached, or the value cannot be
compared with it (absent, text where a size is asked, not a number).  The third is a breach as well,
and `not` does not turn it into a pass.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from time import monotonic

from agent import compare, pattern, units
from agent.compare import Incomparable, TookTooLong
from agent.limit import RELATIVE, WHOLE, Limit, Metric, Test
from agent.model import Breach
from agent.probe import Unreadable, Value


def judge(limit: Limit, value: Value, baseline: Value = None) -> tuple[Breach, ...]:
    """Hold a value against a limit; no breach means that all of it holds.

    `value` is as the probe gave it, settled by `agent.settle`.  `baseline` is the value of the run to
    compare with, needed by `max_increase` and `max_decrease` only; their caller sees that there is one.
    """
    name = limit.metric.name
    if isinstance(value, Unreadable):
        return (Breach(name, f"unreadable ({value.reason})", ", ".join(map(str, limit.tests))),)
    return tuple(
        Breach(name, said, str(test)) for test in limit.tests if (said := _breach(limit.metric, test, value, baseline))
    )


def compare_all(limit: Limit, value: Value) -> None:
    """See that a value can be held against all of a limit.  Raises Incomparable, whose text says what it is."""
    for test in limit.tests:
        each = isinstance(value, list) and not _whole(test)
        for item in value if each else [value]:
            _held(limit.metric, test, item, None)


def _breach(metric: Metric, test: Test, value: Value, baseline: Value) -> str:
    """Say what the value is when the test does not hold; empty when it does."""
    try:
        return _held(metric, test, value, baseline)
    except Incomparable as error:
        return str(error)


def _held(metric: Metric, test: Test, value: Value, baseline: Value) -> str:
    if test.op in RELATIVE:
        return _breach_relative(metric, test, value, baseline)
    if isinstance(value, list) and not _whole(test):
        return _breach_of_elements(metric, test, value)
    return "" if _holds(test, value) else _actual(metric, value, test)


def _whole(test: Test) -> bool:
    return all(inner.op in WHOLE for inner in test.operand) if test.op == "not" else test.op in WHOLE


def _breach_of_elements(metric: Metric, test: Test, value: list[Value]) -> str:
    if not value:
        return "an empty list"
    end = monotonic() + pattern.SECONDS
    wrong = []
    for item in value:
        if said := _breach(metric, test, item, None):
            wrong.append(said)
        if monotonic() > end:  # a pattern may take nearly its time for each of a million elements
            raise TookTooLong(f"a list of {len(value)}, which took too long to compare")
    return f"{wrong[0]} (and {len(wrong) - 1} more of {len(value)})" if len(wrong) > 1 else "".join(wrong)


def _holds(test: Test, value: Value) -> bool:
    if test.op == "exists":
        return _holds_exists(value, wanted=test.operand)
    if value is None:
        raise Incomparable("absent")
    if test.op != "not":
        return bool(_HOLDS[test.op](value, test.operand))
    if value == []:
        raise Incomparable("an empty list")
    held = [_holds(inner, value) for inner in test.operand]
    return not all(held)


def _holds_exists(value: Value, *, wanted: bool) -> bool:
    if value == []:
        raise Incomparable("an empty list")
    return (value is not None) is wanted


def _breach_relative(metric: Metric, test: Test, value: Value, baseline: Value) -> str:
    now, before = compare.sized(value), compare.sized(baseline)
    if not isinstance(now, Decimal) or not isinstance(before, Decimal):
        raise Incomparable(f"{compare.shown(value)}, which has no size to compare with a baseline")
    amount, share = test.operand
    allowed = abs(before) * amount if share else amount
    change = now - before if test.op == "max_increase" else before - now
    if change <= allowed:
        return ""
    return f"{units.show(now, metric.unit)} after {units.show(before, metric.unit)}"


_HOLDS: dict[str, Callable[[Value, Value], bool]] = {
    "equals": compare.equal,
    "one_of": compare.one_of,
    "min": compare.at_least,
    "max": compare.at_most,
    "above": compare.above,
    "below": compare.below,
    "matches": compare.matches,
    "contains": compare.contains,
    "excludes": compare.excludes,
}


def _actual(metric: Metric, value: Value, test: Test) -> str:
    """Write the value with its unit; exactly, when rounding would make it look like the limit."""
    if metric.unit and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        exact = units.exact(value)
        shown = units.show(exact, metric.unit)
        return f"{exact:f} {metric.unit}" if shown == test.text else shown
    return compare.shown(value)
