"""Values of several: lists, mappings, Structs, and what may be one thing or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import inspect

from agent.coerce.strange import Refused, attempt
from agent.coerce.words import expected, form, without_notes
from agent.node import Data, Entry, Mapping, Node, Scalar, Sequence
from agent.probe import Value

if TYPE_CHECKING:
    from agent.coerce.reader import Coercion

_RANK = (
    inspect.LiteralType,
    inspect.EnumType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.StructType,
)
"""Of a union's members the most particular is tried first: `true` is a bool before it is text."""
_LISTS = (inspect.ListType, inspect.VarTupleType)
_MAPPINGS = (inspect.DictType, inspect.StructType)


def several(reader: Coercion, node: Node, kind: inspect.ListType | inspect.VarTupleType, name: str) -> Value:
    """Read a list."""
    if isinstance(node, Data) and isinstance(node.value, list):
        node = Sequence(tuple(Data(item, node.mark) for item in node.value), node.mark)
    if not isinstance(node, Sequence):
        return reader.wrong(f"{name} is {form(node)}, expected a list", node)
    if kind.min_length and len(node.items) < kind.min_length:
        return reader.wrong(f"{name} is an empty list", node)
    items = [reader.read(item, kind.item_type, f"{name}[{number}]") for number, item in enumerate(node.items)]
    return tuple(items) if isinstance(kind, inspect.VarTupleType) else items


def by_name(reader: Coercion, node: Node, kind: inspect.DictType, name: str) -> Value:
    """Read a mapping of whatever names to values of one type."""
    mapping = _mapping(reader, node, name)
    return {
        entry.key.text: reader.read(entry.value, kind.value_type, f"{name}.{entry.key.text}")
        for entry in (mapping.entries if mapping else ())
    }


def struct(reader: Coercion, node: Node, kind: inspect.StructType, name: str) -> Value:
    """Read a mapping of known keys."""
    mapping = _mapping(reader, node, name)
    if mapping is None:
        return None
    before, late = len(reader.mistakes), reader.late
    reader.late = False
    values = reader.struct(mapping, kind, f"key of {name}")
    unknown, reader.late = reader.late, late or reader.late
    if unknown or len(reader.mistakes) > before:
        return None
    made = attempt(kind.cls, **values)
    return reader.wrong(f"{name}: {made.message}", node) if isinstance(made, Refused) else made


def _mapping(reader: Coercion, node: Node, name: str) -> Mapping | None:
    if isinstance(node, Data) and isinstance(node.value, dict):
        keys = {key: Scalar(str(key), node.mark, plain=False) for key in node.value}
        return Mapping(tuple(Entry(keys[key], Data(item, node.mark)) for key, item in node.value.items()), node.mark)
    if not isinstance(node, Mapping):
        reader.wrong(f"{name} is {form(node)}, expected a mapping", node)
        return None
    return node


def union(reader: Coercion, node: Node, kind: inspect.UnionType, name: str) -> Value:
    """Try the members that the node's form allows; the first that fits without a mistake is it."""
    members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    if len(members) < len(kind.types) and _is_null(node):
        return None
    if len(members) == 1:
        return reader.read(node, members[0], name)
    fitting = [member for member in sorted(members, key=_rank) if _fits(node, member)]
    trials = [reader.trial(node, member, name) for member in fitting]
    for trial, value in trials:
        if not trial.mistakes:
            reader.late |= trial.late
            return value
    if len(trials) == 1:
        reader.mistakes += trials[0][0].mistakes
        return None
    return reader.wrong(f"{name} is {form(node)}, expected {expected(kind)}", node)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in ("", "null")


def _rank(kind: inspect.Type) -> int:
    plain = without_notes(kind)
    return next((rank for rank, member in enumerate(_RANK) if isinstance(plain, member)), len(_RANK))


def _fits(node: Node, kind: inspect.Type) -> bool:
    plain = without_notes(kind)
    if isinstance(plain, inspect.AnyType) or isinstance(node, Data):
        return True
    if isinstance(node, Sequence):
        return isinstance(plain, _LISTS)
    if isinstance(node, Mapping):
        return isinstance(plain, _MAPPINGS)
    return not isinstance(plain, _LISTS + _MAPPINGS)


def inner(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """Give the types that a type consists of."""
    if isinstance(kind, inspect.UnionType):
        return kind.types
    if isinstance(kind, inspect.Metadata):
        return (kind.type,)
    if isinstance(kind, _LISTS):
        return (kind.item_type,)
    if isinstance(kind, inspect.DictType):
        return (kind.value_type,)
    return tuple(field.type for field in kind.fields) if isinstance(kind, inspect.StructType) else ()
