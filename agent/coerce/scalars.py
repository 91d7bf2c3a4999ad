"""Single values: text, numbers, quantities, true and false, one of several words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import inspect

from agent import compare, node, units
from agent.coerce.strange import Refused, attempt
from agent.coerce.words import choices_of, expected, form
from agent.node import Data, Node, Scalar
from agent.probe import Value
from agent.problem import nearest
from agent.units import Unit

if TYPE_CHECKING:
    from agent.coerce.reader import Coercion

_LARGEST = 10**18
"""A larger number is a slip of the pen; some would be infinite as a float."""

free = node.free


def is_free(kind: inspect.Metadata) -> bool:
    """Tell whether it is data that stays as it stands."""
    return bool((kind.extra or {}).get("free"))


def annotated(reader: Coercion, node: Node, kind: inspect.Metadata, name: str) -> Value:
    """Read what has a note: free data, a quantity, a text that is tried."""
    extra = kind.extra or {}
    if is_free(kind):
        return reader.free(node)
    if "unit" in extra:
        return _quantity(reader, node, kind, name)
    value = reader.read(node, kind.type, name)
    if "parse" in extra and isinstance(value, str):
        tried = attempt(extra["parse"], value)
        if isinstance(tried, Refused):
            return reader.wrong(f"{name}: {tried.message}", node)
    return value


def _quantity(reader: Coercion, node: Node, kind: inspect.Metadata, name: str) -> Value:
    if isinstance(node, Data) and compare.is_number(node.value):
        return _amount(reader, units.exact(node.value), node, kind, name)
    written = _written(reader, node, name)
    if written is None:
        return None
    try:
        return _amount(reader, units.parse(written, _unit(kind)), node, kind, name)
    except ValueError as error:
        return reader.wrong(f"{name}: {error}", node)


def _unit(kind: inspect.Metadata) -> Unit:
    return Unit((kind.extra or {})["unit"])


def _amount(reader: Coercion, amount: Decimal, node: Node, kind: inspect.Metadata, name: str) -> Value:
    whole = isinstance(kind.type, inspect.IntType)
    if not amount.is_finite() or amount > _LARGEST:
        return reader.wrong(f"{name} is {form(node)}, which is more than there is", node)
    if amount < 0:
        return reader.wrong(f"{name} is negative", node)
    if whole and amount != int(amount):
        return reader.wrong(f"{name} is {form(node)}, expected whole {_unit(kind)}", node)
    return int(amount) if whole else float(amount)


def _written(reader: Coercion, node: Node, name: str, wanted: str = "text") -> str | None:
    """Give a value as text; None, and a mistake, when it is none."""
    if isinstance(node, Data) and isinstance(node.value, str | bool | int | float | Decimal):
        return compare.Word.of(node.value).text
    if not isinstance(node, Scalar):
        reader.wrong(f"{name} is {form(node)}, expected {wanted}", node)
        return None
    if node.empty:
        reader.wrong(f"{name} has no value", node)
        return None
    return node.text


def text(reader: Coercion, node: Node, kind: inspect.StrType, name: str) -> Value:
    """Read text."""
    written = _written(reader, node, name)
    if written is not None and kind.min_length and len(written) < kind.min_length:
        return reader.wrong(f"{name} is empty", node)
    if written is not None and kind.pattern and not compare.matches(written, kind.pattern):
        return reader.wrong(f"{name} is {form(node)}, expected text that matches {kind.pattern}", node)
    return written


def number(reader: Coercion, node: Node, kind: inspect.IntType | inspect.FloatType, name: str) -> Value:
    """Read a number, whole or not."""
    wanted = expected(kind)
    written = _written(reader, node, name, wanted)
    if written is None:
        return None
    found = units.number(written)
    if found is None or abs(found) > _LARGEST or not _within(found, kind):
        return reader.wrong(f"{name} is {form(node)}, expected {wanted}", node)
    return int(found) if isinstance(kind, inspect.IntType) else float(found)


def _within(found: Decimal, kind: inspect.IntType | inspect.FloatType) -> bool:
    if isinstance(kind, inspect.IntType) and found != int(found):
        return False
    bounds = ((kind.ge, found.__ge__), (kind.gt, found.__gt__), (kind.le, found.__le__), (kind.lt, found.__lt__))
    return all(bound is None or bool(test(Decimal(bound))) for bound, test in bounds)


def truth(reader: Coercion, node: Node, _: inspect.BoolType, name: str) -> Value:
    """Read `true` or `false`."""
    written = _written(reader, node, name, "true or false")
    if written is not None and written not in ("true", "false"):
        return reader.wrong(f"{name} is {form(node)}, expected true or false", node)
    return written == "true"


def choice(reader: Coercion, node: Node, kind: inspect.LiteralType | inspect.EnumType, name: str) -> Value:
    """Read one of several words."""
    choices = choices_of(kind)
    written = _written(reader, node, name, expected(kind))
    if written is None:
        return None
    if written not in choices:
        return reader.wrong(f"{name} is {form(node)}{nearest(written, list(choices))}", node)
    return choices[written]
