"""Limits as data: what a metric must be, typed for the metric while the profile is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from agent import compare, pattern, units
from agent.compare import Word
from agent.probe import Value
from agent.units import Unit


class Shape(StrEnum):
    """What a metric's values are; DATA when only the look tells."""

    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"
    TIME = "time"
    DATA = "data"


class Metric(msgspec.Struct, frozen=True):
    """What is known of a metric before anything is measured."""

    name: str
    shape: Shape = Shape.DATA
    unit: Unit = Unit.PLAIN
    many: bool = False
    """A list of `shape`."""
    choices: tuple[str, ...] = ()
    """With TEXT: the only values that it can have."""
    doc: str = ""


class LimitError(ValueError):
    """A limit that cannot be; `path` leads from the limit to the place (keys and indices)."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path

    def under(self, *path: str | int) -> LimitError:
        """Give the same mistake seen from further out."""
        return LimitError(str(self), *path, *self.path)


class Test(msgspec.Struct, frozen=True):
    """One comparison; `operand` is typed for the metric, with `not` it is a tuple of tests."""

    op: str
    operand: Value
    text: str
    """The operand as a person reads it."""

    def __str__(self) -> str:
        return f"{_WORDS.get(self.op, self.op)} {self.text}".strip()


class Limit(msgspec.Struct, frozen=True):
    """All comparisons that one metric must stand."""

    metric: Metric
    tests: tuple[Test, ...]

    def __str__(self) -> str:
        return f"{self.metric.name}: {', '.join(map(str, self.tests))}"


Spec: TypeAlias = Value
"""A limit as written: text, a typed value that substitution gave, a list, or a mapping of operators."""

WHOLE = frozenset({"contains", "excludes", "equals", "exists", "max_increase", "max_decrease"})
"""Operators that look at a list as a whole; any other holds for each element."""
RELATIVE = frozenset({"max_increase", "max_decrease"})
"""Operators that need a baseline."""
OPERATORS = (
    "equals", "one_of", "min", "max", "above", "below", "matches", "contains", "excludes", "exists", "not",
    "max_increase", "max_decrease",
)  # fmt: skip
_WORDS = {
    "equals": "",
    "min": "at least",
    "max": "at most",
    "one_of": "one of",
    "max_increase": "an increase of at most",
    "max_decrease": "a decrease of at most",
    "exists": "to be",
    "matches": "to match",
    "contains": "to contain",
    "excludes": "to exclude",
}
_ORDERED = {"min", "max", "above", "below"}


def compile_limit(metric: Metric, spec: Spec) -> Limit:
    """Type a limit for its metric.  Raises LimitError, with the path to the place, when it cannot be."""
    if isinstance(spec, Mapping) and not isinstance(spec, compare.Given):
        if not spec:
            raise LimitError("asserts nothing: name a limit such as min, max, equals or exists")
        return Limit(metric, tuple(_test(metric, op, operand) for op, operand in spec.items()))
    if spec is None:
        raise LimitError("has no value")
    op = "one_of" if isinstance(spec, list) else "equals"
    return Limit(metric, (_COMPILE[op](metric, op, spec),))


def _test(metric: Metric, op: str, operand: Value) -> Test:
    if operand is None and op in _COMPILE:
        raise LimitError("has no value", op)
    try:
        return _COMPILE.get(op, _unknown)(metric, op, operand)
    except LimitError as error:
        raise error.under(op) from None


def _unknown(_: Metric, op: str, __: Value) -> Test:
    raise LimitError(f"unknown limit '{op}'")


def _equals(metric: Metric, op: str, operand: Value) -> Test:
    if isinstance(operand, list):
        typed = [_typed(metric, item, index) for index, item in enumerate(operand)]
        return Test(op, typed, _listed(operand, metric) if operand else "empty")
    return Test(op, _typed(metric, operand), _text(metric, operand))


def _one_of(metric: Metric, op: str, operand: Value) -> Test:
    items = operand if isinstance(operand, list) else [operand]
    if not items:
        raise LimitError("is an empty list: nothing can be one of nothing")
    return Test(op, [_typed(metric, item, index) for index, item in enumerate(items)], _listed(items, metric))


def _order(metric: Metric, op: str, operand: Value) -> Test:
    if metric.shape is Shape.BOOL or (metric.shape is Shape.TEXT and not metric.unit):
        raise LimitError(f"{metric.name} is {metric.shape}, which has no size for '{op}' to compare")
    return Test(op, _sized(metric, operand), _text(metric, operand))


def _matches(metric: Metric, op: str, operand: Value) -> Test:
    if not isinstance(operand, str):
        raise LimitError("is not text: a pattern is a regular expression")
    try:
        pattern.check(operand)
    except ValueError as error:
        raise LimitError(str(error)) from None
    return Test(op, operand, repr(operand))


def _contains(metric: Metric, op: str, operand: Value) -> Test:
    items = operand if isinstance(operand, list) else [operand]
    if not items:
        raise LimitError("is an empty list, which asserts nothing")
    if metric.shape in (Shape.NUMBER, Shape.BOOL, Shape.TIME) and not metric.many:
        raise LimitError(f"{metric.name} is a {metric.shape}, which contains nothing")
    if metric.shape is Shape.TEXT and not metric.many:
        return Test(op, [Word.of(item) for item in items], _listed(items, metric))
    return Test(op, [_typed(metric, item, index) for index, item in enumerate(items)], _listed(items, metric))


def _exists(_: Metric, op: str, operand: Value) -> Test:
    if operand not in ("true", "false", True, False):
        raise LimitError(f"{operand!r} is neither true nor false")
    wanted = operand in ("true", True)
    return Test(op, wanted, "present" if wanted else "absent")


def _not(metric: Metric, op: str, operand: Value) -> Test:
    if not isinstance(operand, Mapping) or not operand:
        raise LimitError("wants a limit below it, as `not: {equals: …}`")
    inner = compile_limit(metric, operand).tests
    if {test.op for test in inner} & (RELATIVE | {"exists"}):
        raise LimitError("cannot turn exists, max_increase or max_decrease; write the limit itself")
    if len({test.op in WHOLE for test in inner}) > 1:
        raise LimitError("mixes limits on a whole list with limits on each element; write two checks")
    return Test(op, inner, " and ".join(map(str, inner)))


def _relative(metric: Metric, op: str, operand: Value) -> Test:
    if metric.shape not in (Shape.NUMBER, Shape.DATA) or metric.many:
        raise LimitError(f"{metric.name} is no number, which cannot be compared with a baseline")
    share = isinstance(operand, str) and operand.endswith("%") and metric.unit not in (Unit.RATIO, Unit.PERCENT)
    amount = _quantity(operand, Unit.RATIO if share else metric.unit)
    if amount < 0:
        raise LimitError("is negative")
    return Test(op, (amount, share), str(operand))


_COMPILE = {
    "equals": _equals,
    "one_of": _one_of,
    **dict.fromkeys(_ORDERED, _order),
    "matches": _matches,
    "contains": _contains,
    "excludes": _contains,
    "exists": _exists,
    "not": _not,
    **dict.fromkeys(RELATIVE, _relative),
}


def _typed(metric: Metric, operand: Value, *path: int) -> Value:
    """Give one operand the type of the metric (or of each of its elements)."""
    try:
        return _TYPE[metric.shape](metric, operand)
    except LimitError as error:
        raise error.under(*path) from None


def _as_number(metric: Metric, operand: Value) -> Value:
    return _quantity(operand, metric.unit)


def _as_bool(metric: Metric, operand: Value) -> Value:
    if isinstance(operand, bool):
        return operand
    if operand not in ("true", "false"):
        raise LimitError(f"{operand!r} is neither true nor false, and {metric.name} is one of the two")
    return operand == "true"


def _as_text(metric: Metric, operand: Value) -> Value:
    if isinstance(operand, list | Mapping) or operand is None:
        raise LimitError(f"{metric.name} is text, which cannot equal {compare.shown(operand)}")
    word = Word.of(operand)
    if metric.choices and word.text not in metric.choices:
        raise LimitError(f"{metric.name} is never '{word.text}'; it is one of {', '.join(metric.choices)}")
    return word


def _as_time(metric: Metric, operand: Value) -> Value:
    moment = compare.timestamp(operand)
    if moment is None:
        raise LimitError(f"{operand!r} is not a time such as 2026-12-01 or 2026-12-01T10:30:00Z")
    return moment


def _as_data(metric: Metric, operand: Value) -> Value:
    if isinstance(operand, str) and metric.unit:
        return _quantity(operand, metric.unit)
    if operand is None:
        raise LimitError("is null, which nothing equals; write `exists: false`")
    return Word.of(operand) if isinstance(operand, str) else operand


_TYPE = {
    Shape.NUMBER: _as_number,
    Shape.BOOL: _as_bool,
    Shape.TEXT: _as_text,
    Shape.TIME: _as_time,
    Shape.DATA: _as_data,
}


def _sized(metric: Metric, operand: Value) -> Decimal | datetime:
    if metric.shape is Shape.TIME:
        return _as_time(metric, operand)  # type: ignore[no-any-return]
    return _quantity(operand, metric.unit)


def _quantity(operand: Value, unit: Unit) -> Decimal:
    if isinstance(operand, bool) or not isinstance(operand, str | int | float | Decimal):
        raise LimitError(f"{compare.shown(operand)} is not a number")
    if not isinstance(operand, str):
        return units.exact(operand)
    try:
        return units.parse(operand, unit)
    except ValueError as error:
        hint = "; name the reading for its unit, as …_seconds or …_bytes" if operand[:1].isdigit() and not unit else ""
        raise LimitError(f"{error}{hint}") from None


def _text(metric: Metric, operand: Value) -> str:
    if isinstance(operand, int | float | Decimal) and not isinstance(operand, bool) and metric.unit:
        return units.show(units.exact(operand), metric.unit)
    if isinstance(operand, str) and metric.unit and (bare := units.number(operand)) is not None:
        return units.show(bare, metric.unit)
    return operand if isinstance(operand, str) and operand else compare.shown(operand)


def _listed(items: Sequence[Value], metric: Metric) -> str:
    return ", ".join(_text(metric, item) for item in items)
