"""Operands: what stands in a limit, given the type of the metric that it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from agent import compare, units
from agent.compare import Word
from agent.limit.data import LimitError, Metric, Shape
from agent.probe import Value
from agent.units import Unit


def typed(metric: Metric, operand: Value, *path: int) -> Value:
    """Give one operand the type of the metric (or of each of its elements).  Raises LimitError."""
    try:
        return _TYPE[metric.shape](metric, operand)
    except LimitError as error:
        raise error.under(*path) from None


def all_typed(metric: Metric, operands: Sequence[Value]) -> list[Value]:
    """Give each of several operands that type."""
    return [typed(metric, operand, index) for index, operand in enumerate(operands)]


def sized(metric: Metric, operand: Value) -> Decimal | datetime:
    """Give an operand that has a size.  Raises LimitError."""
    if metric.shape is Shape.TIME:
        return _as_time(metric, operand)
    return quantity(operand, metric.unit)


def quantity(operand: Value, unit: Unit) -> Decimal:
    """Give a number in a unit.  Raises LimitError."""
    if isinstance(operand, bool) or not isinstance(operand, str | int | float | Decimal):
        raise LimitError(f"{compare.shown(operand)} is not a number")
    if not isinstance(operand, str):
        return units.exact(operand)
    try:
        return units.parse(operand, unit)
    except ValueError as error:
        hint = "; name the reading for its unit, as …_seconds or …_bytes" if operand[:1].isdigit() and not unit else ""
        raise LimitError(f"{error}{hint}") from None


def truth(operand: Value) -> bool | None:
    """Read `true` and `false`; None for anything else."""
    if isinstance(operand, bool):
        return operand
    return {"true": True, "false": False}.get(operand) if isinstance(operand, str) else None


def shown(metric: Metric, operand: Value) -> str:
    """Write an operand for a person, with its unit."""
    if compare.is_number(operand) and metric.unit:
        return units.show(units.exact(operand), metric.unit)
    if isinstance(operand, str) and metric.unit and (bare := units.number(operand)) is not None:
        return units.show(bare, metric.unit)
    return operand if isinstance(operand, str) and operand else compare.shown(operand)


def all_shown(metric: Metric, operands: Sequence[Value]) -> str:
    """Write several operands."""
    return ", ".join(shown(metric, operand) for operand in operands)


def _as_number(metric: Metric, operand: Value) -> Decimal:
    return quantity(operand, metric.unit)


def _as_bool(metric: Metric, operand: Value) -> bool:
    found = truth(operand)
    if found is None:
        raise LimitError(f"{operand!r} is neither true nor false, and {metric.name} is one of the two")
    return found


def _as_text(metric: Metric, operand: Value) -> Word:
    if isinstance(operand, list | Mapping) or operand is None:
        raise LimitError(f"{metric.name} is text, which cannot equal {compare.shown(operand)}")
    word = Word.of(operand)
    if metric.choices and word.text not in metric.choices:
        raise LimitError(f"{metric.name} is never '{word.text}'; it is one of {', '.join(metric.choices)}")
    return word


def _as_time(metric: Metric, operand: Value) -> datetime:
    moment = compare.timestamp(operand)
    if moment is None:
        raise LimitError(f"{operand!r} is not a time such as 2026-12-01 or 2026-12-01T10:30:00Z")
    return moment


def _as_data(metric: Metric, operand: Value) -> Value:
    if isinstance(operand, str) and metric.unit:
        return quantity(operand, metric.unit)
    if operand is None:
        raise LimitError("is null, which nothing equals; write 'exists: false'")
    return _as_word(operand)


def _as_word(operand: Value) -> Value:
    """Give text in it the type of what it will be compared with; what was read has its type already."""
    if isinstance(operand, str):
        return Word.of(operand)
    if isinstance(operand, list):
        return [_as_word(item) for item in operand]
    if isinstance(operand, dict) and not isinstance(operand, compare.Given):
        return {key: _as_word(item) for key, item in operand.items()}
    return operand


_TYPE = {
    Shape.NUMBER: _as_number,
    Shape.BOOL: _as_bool,
    Shape.TEXT: _as_text,
    Shape.TIME: _as_time,
    Shape.DATA: _as_data,
}
