"""Limits that cannot fail, and limits that nothing can meet."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import inspect

from agent import settings
from agent.coerce.words import without_notes
from agent.limit import Limit, Shape, Test
from agent.probe import Probe
from agent.units import Unit

_NEVER_NEGATIVE = frozenset({Unit.BYTES, Unit.RATIO, Unit.PERCENT})
_SIGNED = ("_in_seconds",)
"""Endings of metrics that go below zero: the time until something that may be over."""
_EVERYTHING = frozenset({"", ".*", "^", "$", "^.*$", "(?s).*", ".*?"})


def dubious(limit: Limit, probe: type[Probe]) -> Iterator[str]:
    """Say what is odd about a limit."""
    for test in limit.tests:
        if why := _cannot_fail(limit, test, probe):
            yield f"{limit.metric.name}: {test} cannot fail: {why}"
    yield from _impossible(limit)


def _cannot_fail(limit: Limit, test: Test, probe: type[Probe]) -> str:
    rules = {
        "min": _least,
        "above": _least,
        "max": _most,
        "matches": _pattern,
        "exists": _exists,
    }
    rule = rules.get(test.op)
    return rule(limit, test, probe) if rule else ""


def _least(limit: Limit, test: Test, _: type[Probe]) -> str:
    low = test.operand
    if not isinstance(low, Decimal) or not _counts_up(limit):
        return ""
    harmless = low < 0 or (low == 0 and test.op == "min")
    return "it is never below zero" if harmless else ""


def _counts_up(limit: Limit) -> bool:
    metric = limit.metric
    if metric.name.endswith(_SIGNED) or metric.shape is not Shape.NUMBER:
        return metric.unit in _NEVER_NEGATIVE
    return bool(metric.unit)


def _most(limit: Limit, test: Test, _: type[Probe]) -> str:
    whole = {Unit.RATIO: 1, Unit.PERCENT: 100}.get(limit.metric.unit)
    if whole is None or limit.metric.shape is not Shape.NUMBER or not isinstance(test.operand, Decimal):
        return ""
    return "it is never above 100%" if test.operand >= whole else ""


def _pattern(_: Limit, test: Test, __: type[Probe]) -> str:
    return "every text matches it" if test.operand in _EVERYTHING else ""


def _exists(limit: Limit, test: Test, probe: type[Probe]) -> str:
    if not test.operand or limit.metric.many or len(limit.tests) > 1:
        return ""
    reading = typing.get_type_hints(probe.measure)["return"]
    field = next((field for field in settings.fields(reading) if field.name == limit.metric.name), None)
    always = field is not None and not _optional(field.type)
    return "it is there after every look" if always else ""


_RULES: dict[str, Callable[[Limit, Test, type[Probe]], str]] = {
    "min": _least,
    "above": _least,
    "max": _most,
    "matches": _pattern,
    "exists": _exists,
}


def _optional(kind: inspect.Type) -> bool:
    plain = without_notes(kind)
    members = plain.types if isinstance(plain, inspect.UnionType) else (plain,)
    return any(isinstance(member, inspect.NoneType | inspect.StructType | inspect.AnyType) for member in members)


def _impossible(limit: Limit) -> Iterator[str]:
    """Find a lower limit above an upper one."""
    by_op = {test.op: test.operand for test in limit.tests if isinstance(test.operand, Decimal)}
    lows = [by_op[op] for op in ("min", "above") if op in by_op]
    highs = [by_op[op] for op in ("max", "below") if op in by_op]
    for low in lows:
        for high in highs:
            if low > high or (low == high and {"above", "below"} & by_op.keys()):
                yield f"{limit}: nothing can meet both"
                return
