"""Types and values in the words of an operator: `a whole number from 1 to 65535`."""

from __future__ import annotations

from msgspec import inspect

from agent import compare
from agent.node import Data, Mapping, Node, Scalar, Sequence
from agent.probe import Value


def expected(kind: inspect.Type) -> str:
    """Name a type."""
    plain = without_notes(kind)
    if isinstance(plain, inspect.UnionType):
        return " or ".join(expected(member) for member in plain.types if not isinstance(member, inspect.NoneType))
    if isinstance(plain, inspect.LiteralType | inspect.EnumType):
        return " or ".join(choices_of(plain))
    if isinstance(plain, inspect.IntType | inspect.FloatType):
        return _number(plain)
    if isinstance(plain, inspect.StructType):
        return f"a mapping with {', '.join(field.encode_name for field in plain.fields)}"
    return _NOUNS.get(type(plain), "a value")


def choices_of(kind: inspect.LiteralType | inspect.EnumType) -> dict[str, Value]:
    """Give what may be written, with the value that it stands for."""
    if isinstance(kind, inspect.EnumType):
        return {str(member.value): member for member in kind.cls}
    return {str(value): value for value in kind.values}


def form(node: Node) -> str:
    """Say what stands there instead."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    return compare.shown(node.value if isinstance(node, Data) else node.text if isinstance(node, Scalar) else None)


def without_notes(kind: inspect.Type) -> inspect.Type:
    """Give a type without what is annotated to it."""
    return without_notes(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _number(kind: inspect.IntType | inspect.FloatType) -> str:
    noun = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
    if kind.ge is not None and kind.le is not None:
        return f"{noun} from {kind.ge} to {kind.le}"
    bounds = [f"{word} {bound}" for name, word in _BOUNDS if (bound := getattr(kind, name)) is not None]
    return f"{noun} {' and '.join(bounds)}" if bounds else noun


_BOUNDS = (("ge", "of at least"), ("gt", "above"), ("le", "of at most"), ("lt", "below"))
_NOUNS: dict[type, str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.ListType: "a list",
    inspect.VarTupleType: "a list",
    inspect.DictType: "a mapping",
}
