"""From a limit as written to one that is typed for its metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from agent import compare, pattern
from agent.compare import Word
from agent.limit.data import RELATIVE, WHOLE, Limit, LimitError, Metric, Shape, Test, UnknownLimit
from agent.limit.operands import all_shown, all_typed, quantity, shown, sized, truth, typed
from agent.probe import Value
from agent.units import Unit

Spec: TypeAlias = Value
"""A limit as written: text, a typed value that substitution gave, a list, or a mapping of operators."""

_NAMES = {Shape.NUMBER: "a number", Shape.BOOL: "true or false", Shape.TIME: "a time", Shape.TEXT: "text"}


def compile_limit(metric: Metric, spec: Spec) -> Limit:
    """Type a limit for its metric.  Raises LimitError, with the path to the place, when it cannot be."""
    if isinstance(spec, Mapping) and not isinstance(spec, compare.Given):
        if not spec:
            raise LimitError(f"{metric.name} asserts nothing: name a limit such as min, max, equals or exists")
        return Limit(metric, tuple(_test(metric, op, operand) for op, operand in spec.items()))
    if spec is None:
        raise LimitError(f"{metric.name} has no limit: nothing is written here")
    op = "one_of" if isinstance(spec, list) else "equals"
    return Limit(metric, (_COMPILE[op](metric, op, spec),))


def _test(metric: Metric, op: str, operand: Value) -> Test:
    if op not in _COMPILE:
        raise UnknownLimit(op)
    if operand is None:
        raise LimitError(f"'{op}' has no value", op)
    try:
        return _COMPILE[op](metric, op, operand)
    except LimitError as error:
        raise error.under(op) from None


def _equals(metric: Metric, op: str, operand: Value) -> Test:
    if isinstance(operand, list):
        return Test(op, all_typed(metric, operand), all_shown(metric, operand) or "empty")
    value = typed(metric, operand)
    return Test(op, [value] if metric.many else value, shown(metric, operand))


def _one_of(metric: Metric, op: str, operand: Value) -> Test:
    items = operand if isinstance(operand, list) else [operand]
    if not items:
        raise LimitError("nothing is one of an empty list; for a list that is empty write 'equals: []'")
    return Test(op, all_typed(metric, items), all_shown(metric, items))


def _order(metric: Metric, op: str, operand: Value) -> Test:
    if metric.shape is Shape.BOOL or (metric.shape is Shape.TEXT and not metric.unit):
        raise LimitError(f"{metric.name} is {_NAMES[metric.shape]}, which has no size for '{op}' to compare")
    return Test(op, sized(metric, operand), shown(metric, operand))


def _matches(_: Metric, op: str, operand: Value) -> Test:
    if not isinstance(operand, str):
        raise LimitError(f"'{op}' is not text: a pattern is a regular expression")
    if not operand:
        raise LimitError(f"'{op}' is empty, and every text matches that")
    try:
        pattern.check(operand)
    except ValueError as error:
        raise LimitError(f"'{op}' {error}") from None
    return Test(op, operand, repr(operand))


def _contains(metric: Metric, op: str, operand: Value) -> Test:
    items = operand if isinstance(operand, list) else [operand]
    if not items:
        raise LimitError(f"'{op}' is an empty list, which asserts nothing")
    if metric.many:
        return Test(op, all_typed(metric, items), all_shown(metric, items))
    if metric.shape in (Shape.NUMBER, Shape.BOOL, Shape.TIME):
        raise LimitError(f"{metric.name} is {_NAMES[metric.shape]}, which contains nothing")
    if "" in items:
        raise LimitError(f"'{op}' is empty, and every text contains that", *([items.index("")] * (items is operand)))
    if metric.shape is Shape.TEXT:
        return Test(op, [Word.of(item) for item in items], all_shown(metric, items))
    return Test(op, all_typed(metric, items), all_shown(metric, items))


def _exists(_: Metric, op: str, operand: Value) -> Test:
    wanted = truth(operand)
    if wanted is None:
        raise LimitError(f"'{op}' is {operand!r}, expected true or false")
    return Test(op, wanted, "present" if wanted else "absent")


def _not(metric: Metric, op: str, operand: Value) -> Test:
    if not isinstance(operand, Mapping) or not operand:
        raise LimitError("'not' wants a limit below it, as 'not: {equals: …}'")
    inner = compile_limit(metric, operand).tests
    if {test.op for test in inner} & (RELATIVE | {"exists"}):
        raise LimitError("'not' cannot turn exists, max_increase or max_decrease; write the limit itself")
    if len({test.op in WHOLE for test in inner}) > 1:
        raise LimitError("'not' mixes limits on a whole list with limits on each element; write two checks")
    return Test(op, inner, " and ".join(map(str, inner)))


def _relative(metric: Metric, op: str, operand: Value) -> Test:
    if metric.shape not in (Shape.NUMBER, Shape.DATA) or metric.many:
        raise LimitError(f"{metric.name} is no number, which cannot be compared with a baseline")
    share = isinstance(operand, str) and operand.endswith("%") and metric.unit not in (Unit.RATIO, Unit.PERCENT)
    amount = quantity(operand, Unit.RATIO if share else metric.unit)
    if amount < 0:
        raise LimitError(f"'{op}' is negative")
    return Test(op, (amount, share), str(operand))


_COMPILE = {
    "equals": _equals,
    "one_of": _one_of,
    **dict.fromkeys(("min", "max", "above", "below"), _order),
    "matches": _matches,
    "contains": _contains,
    "excludes": _contains,
    "exists": _exists,
    "not": _not,
    **dict.fromkeys(("max_increase", "max_decrease"), _relative),
}
