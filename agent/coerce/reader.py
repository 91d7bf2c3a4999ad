"""Reading a tree of settings: each value gets the type of its setting, each mistake its place."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import inspect

from agent import compare, units
from agent.coerce.words import choices_of, expected, form, without_notes
from agent.node import Data, Entry, Late, Mapping, Node, Scalar, Sequence, free
from agent.probe import Value
from agent.problem import Mark, nearest
from agent.units import Unit


class Mistake(msgspec.Struct, frozen=True):
    """One wrong setting and where it stands."""

    message: str
    mark: Mark


class _Unknown:
    """Stands for a value that only the run learns."""


LATE = _Unknown()
_LARGEST = 10**18
"""A larger number is a slip of the pen; some would be infinite as a float."""


def holds_late(node: Node) -> bool:
    """Tell whether anything in it is known only to the run."""
    if isinstance(node, Mapping):
        return any(holds_late(entry.value) for entry in node.entries)
    if isinstance(node, Sequence):
        return any(holds_late(item) for item in node.items)
    return isinstance(node, Late)


class Coercion:
    """Reads one tree of settings; collects mistakes instead of stopping at the first."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.late = False

    def wrong(self, message: str, node: Node | Scalar) -> Value:
        """Keep a mistake; gives None, to be returned in place of a value."""
        self.mistakes.append(Mistake(message, node.mark))
        return None

    def struct(self, node: Mapping, info: inspect.StructType, what: str) -> dict[str, Value]:
        """Read a mapping into a Struct's fields; `what` is what a message calls one of them."""
        known = {field.encode_name: field for field in info.fields}
        values = {}
        meant: set[str] = set()
        for entry in node.entries:
            name = entry.key.text
            field = known.get(name)
            if field is None:
                hint = nearest(name, list(known))
                self.wrong(f"unknown {what} '{name}'{hint}", entry.key)
                meant.update(word for word in known if f"'{word}'" in hint)
            else:
                values[field.name] = self.read(entry.value, field.type, name)
        for field in info.fields:
            if field.required and field.name not in values and field.encode_name not in meant:
                self.wrong(f"'{field.encode_name}' is missing: it is a required {what}", node)
        return values

    def read(self, node: Node, kind: inspect.Type, name: str) -> Value:
        """Read one value; `name` is what a message calls it."""
        if isinstance(node, Late):
            self.late = True
            return LATE
        if isinstance(kind, inspect.Metadata):
            return self._annotated(node, kind, name)
        if isinstance(kind, inspect.UnionType):
            return self._union(node, kind, name)
        return self._BY_TYPE.get(type(kind), Coercion._unsupported)(self, node, kind, name)

    def _unsupported(self, node: Node, kind: inspect.Type, name: str) -> Value:
        raise TypeError(f"setting {name!r} has a type that profiles cannot write: {kind}")

    def _annotated(self, node: Node, kind: inspect.Metadata, name: str) -> Value:
        extra = kind.extra or {}
        if extra.get("free"):
            return self._free(node)
        if "unit" in extra:
            return self._quantity(node, Unit(extra["unit"]), kind.type, name)
        value = self.read(node, kind.type, name)
        if "parse" in extra and isinstance(value, str):
            self._try(extra["parse"], value, node, name)
        return value

    def _try(self, parse: Callable[[str], object], text: str, node: Node, name: str) -> None:
        try:
            parse(text)
        except ValueError as error:
            self.wrong(f"{name}: {error}", node)
        except RecursionError:
            self.wrong(f"{name}: nested too deep", node)

    def _free(self, node: Node) -> Value:
        if holds_late(node):
            self.late = True
            return LATE
        return free(node)

    def _quantity(self, node: Node, unit: Unit, kind: inspect.Type, name: str) -> Value:
        if isinstance(node, Data) and compare.is_number(node.value):
            amount = units.exact(node.value)
        elif (text := self._text(node, name)) is None:
            return None
        else:
            try:
                amount = units.parse(text, unit)
            except ValueError as error:
                return self.wrong(f"{name}: {error}", node)
        return self._amount(amount, node, unit, kind, name)

    def _amount(self, amount: Decimal, node: Node, unit: Unit, kind: inspect.Type, name: str) -> Value:
        whole = isinstance(kind, inspect.IntType)
        if amount < 0:
            return self.wrong(f"{name} is negative", node)
        if amount > _LARGEST:
            return self.wrong(f"{name} is {form(node)}, which is more than there is", node)
        if whole and amount != int(amount):
            return self.wrong(f"{name} is {form(node)}, expected whole {unit}", node)
        return int(amount) if whole else float(amount)

    def _union(self, node: Node, kind: inspect.UnionType, name: str) -> Value:
        """Try the members that the node's form allows; the first that fits without a mistake is it."""
        if _is_null(node) and any(isinstance(member, inspect.NoneType) for member in kind.types):
            return None
        members = sorted((member for member in kind.types if not isinstance(member, inspect.NoneType)), key=_rank)
        fitting = members if len(members) == 1 else [member for member in members if _fits(node, member)]
        readers = [self._trial(node, member, name) for member in fitting]
        for reader, value in readers:
            if not reader.mistakes:
                self.late |= reader.late
                return value
        if len(readers) == 1:
            self.mistakes += readers[0][0].mistakes
            return None
        return self.wrong(f"{name} is {form(node)}, expected {expected(kind)}", node)

    def _trial(self, node: Node, kind: inspect.Type, name: str) -> tuple[Coercion, Value]:
        reader = Coercion()
        return reader, reader.read(node, kind, name)

    def _text(self, node: Node, name: str, wanted: str = "text") -> str | None:
        if isinstance(node, Data) and isinstance(node.value, str | bool | int | float | Decimal):
            return compare.Word.of(node.value).text
        if not isinstance(node, Scalar):
            self.wrong(f"{name} is {form(node)}, expected {wanted}", node)
            return None
        if node.empty:
            self.wrong(f"{name} has no value", node)
            return None
        return node.text

    def _str(self, node: Node, kind: inspect.StrType, name: str) -> Value:
        text = self._text(node, name)
        if text is not None and kind.min_length and len(text) < kind.min_length:
            return self.wrong(f"{name} is empty", node)
        if text is not None and kind.pattern and not compare.matches(text, kind.pattern):
            return self.wrong(f"{name} is {compare.shown(text)}, expected text that matches {kind.pattern}", node)
        return text

    def _number(self, node: Node, kind: inspect.IntType | inspect.FloatType, name: str) -> Value:
        whole = isinstance(kind, inspect.IntType)
        wanted = expected(kind)
        text = self._text(node, name, wanted)
        if text is None:
            return None
        number = units.number(text)
        if number is None or abs(number) > _LARGEST or (whole and number != int(number)) or not _within(number, kind):
            return self.wrong(f"{name} is {compare.shown(text)}, expected {wanted}", node)
        return int(number) if whole else float(number)

    def _bool(self, node: Node, _: inspect.Type, name: str) -> Value:
        text = self._text(node, name, "true or false")
        if text is not None and text not in ("true", "false"):
            return self.wrong(f"{name} is {compare.shown(text)}, expected true or false", node)
        return text == "true"

    def _literal(self, node: Node, kind: inspect.LiteralType | inspect.EnumType, name: str) -> Value:
        choices = choices_of(kind)
        text = self._text(node, name, expected(kind))
        if text is None:
            return None
        if text not in choices:
            return self.wrong(f"{name} is {compare.shown(text)}{nearest(text, list(choices))}", node)
        return choices[text]

    def _list(self, node: Node, kind: inspect.ListType | inspect.VarTupleType, name: str) -> Value:
        if isinstance(node, Data) and isinstance(node.value, list):
            node = Sequence(tuple(Data(item, node.mark) for item in node.value), node.mark)
        if not isinstance(node, Sequence):
            return self.wrong(f"{name} is {form(node)}, expected a list", node)
        if kind.min_length and len(node.items) < kind.min_length:
            return self.wrong(f"{name} is an empty list", node)
        items = [self.read(item, kind.item_type, f"{name}[{number}]") for number, item in enumerate(node.items)]
        return tuple(items) if isinstance(kind, inspect.VarTupleType) else items

    def _dict(self, node: Node, kind: inspect.DictType, name: str) -> Value:
        mapping = self._mapping(node, name)
        return {
            entry.key.text: self.read(entry.value, kind.value_type, f"{name}.{entry.key.text}")
            for entry in (mapping.entries if mapping else ())
        }

    def _struct(self, node: Node, kind: inspect.StructType, name: str) -> Value:
        mapping = self._mapping(node, name)
        if mapping is None:
            return None
        before = len(self.mistakes)
        values = self.struct(mapping, kind, f"key of {name}")
        if len(self.mistakes) > before or LATE in values.values():
            return None
        try:
            return kind.cls(**values)
        except ValueError as error:
            return self.wrong(f"{name}: {error}", node)
        except RecursionError:
            return self.wrong(f"{name}: nested too deep", node)

    def _mapping(self, node: Node, name: str) -> Mapping | None:
        if isinstance(node, Data) and isinstance(node.value, dict):
            from_data = [(Scalar(str(key), node.mark, plain=False), item) for key, item in node.value.items()]
            return Mapping(tuple(Entry(key, Data(item, node.mark)) for key, item in from_data), node.mark)
        if not isinstance(node, Mapping):
            self.wrong(f"{name} is {form(node)}, expected a mapping", node)
            return None
        return node

    _BY_TYPE: ClassVar[dict[type, Callable[..., Value]]] = {
        inspect.StrType: _str,
        inspect.IntType: _number,
        inspect.FloatType: _number,
        inspect.BoolType: _bool,
        inspect.LiteralType: _literal,
        inspect.EnumType: _literal,
        inspect.ListType: _list,
        inspect.VarTupleType: _list,
        inspect.DictType: _dict,
        inspect.StructType: _struct,
    }


_RANK = (
    inspect.LiteralType,
    inspect.EnumType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.StructType,
)
"""Of a union's members the most particular is tried first: `true` is a bool before it is text."""
_COLLECTIONS = (inspect.ListType, inspect.VarTupleType)
_MAPPINGS = (inspect.DictType, inspect.StructType)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and (node.empty or (node.plain and node.text == "null"))


def _rank(kind: inspect.Type) -> int:
    plain = without_notes(kind)
    return next((rank for rank, member in enumerate(_RANK) if isinstance(plain, member)), len(_RANK))


def _fits(node: Node, kind: inspect.Type) -> bool:
    plain = without_notes(kind)
    if isinstance(plain, inspect.AnyType) or isinstance(node, Data):
        return True
    if isinstance(node, Sequence):
        return isinstance(plain, _COLLECTIONS)
    if isinstance(node, Mapping):
        return isinstance(plain, _MAPPINGS)
    return not isinstance(plain, _COLLECTIONS + _MAPPINGS)


def _within(number: Decimal, kind: inspect.IntType | inspect.FloatType) -> bool:
    tests = [
        (kind.ge, number.__ge__),
        (kind.gt, number.__gt__),
        (kind.le, number.__le__),
        (kind.lt, number.__lt__),
    ]
    return all(bound is None or bool(test(Decimal(bound))) for bound, test in tests)
