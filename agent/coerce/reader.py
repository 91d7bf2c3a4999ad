"""Reading a tree of settings: each value gets the type of its setting, each mistake its place."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Table
from functools import cache
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from agent.coerce import composites, scalars
from agent.node import Late, Mapping, Node, Scalar, Sequence, late
from agent.probe import Value
from agent.problem import Mark, nearest


class Mistake(msgspec.Struct, frozen=True):
    """One wrong setting and where it stands."""

    message: str
    mark: Mark


class _Unknown:
    """Stands for a value that only the run learns."""


LATE = _Unknown()


def holds_late(node: Node) -> bool:
    """Tell whether anything in it is known only to the run."""
    if isinstance(node, Scalar):
        return False
    if isinstance(node, Mapping):
        return any(holds_late(entry.value) for entry in node.entries)
    if isinstance(node, Sequence):
        return any(map(holds_late, node.items))
    return isinstance(node, Late)


def rests_on_run(node: Node) -> bool:
    """Tell whether a secret or a reading is in it; all else that is late is a value that nobody gave."""
    return next(late(node), None) is not None


class Coercion:
    """Reads one tree of settings; collects mistakes instead of stopping at the first."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.late = False

    def wrong(self, message: str, node: Node) -> Value:
        """Keep a mistake; gives None, to be returned in place of a value."""
        self.mistakes.append(Mistake(message, node.mark))
        return None

    def struct(self, node: Mapping, info: inspect.StructType, what: str) -> dict[str, Value]:
        """Read a mapping into a Struct's fields; `what` is what a message calls one of them."""
        known, required = _fields(info.cls)
        values = {}
        meant = ""
        for entry in node.entries:
            name = entry.key.text
            field = known.get(name)
            if field is None:
                hint = nearest(name, list(known))
                meant += hint
                self.wrong(f"unknown {what} '{name}'{hint}", entry.key)
            else:
                values[field.name] = self.read(entry.value, field.type, name)
        for field in required:
            if field.name not in values and f"'{field.encode_name}'?" not in meant:
                self.wrong(f"'{field.encode_name}' is missing: it is a required {what}", node)
        return values

    def read(self, node: Node, kind: inspect.Type, name: str) -> Value:
        """Read one value; `name` is what a message calls it."""
        if isinstance(node, Late):
            self.late = True
            return LATE
        return _READERS[type(kind)](self, node, kind, name)

    def free(self, node: Node) -> Value:
        """Take a value as it stands."""
        if holds_late(node):
            self.late = True
            return LATE
        return scalars.free(node)

    def trial(self, node: Node, kind: inspect.Type, name: str) -> tuple[Coercion, Value]:
        """Read one value with no consequence; gives what was found beside it."""
        reader = Coercion()
        return reader, reader.read(node, kind, name)


@cache
def _fields(cls: type) -> tuple[Table[str, inspect.Field], tuple[inspect.Field, ...]]:
    """Give the fields of a Struct by the names that a profile writes, and those that must be there."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)  # noqa: S101  a Struct's info is a StructType
    known = {field.encode_name: field for field in info.fields}
    return known, tuple(field for field in info.fields if field.required)


_Reader: TypeAlias = Callable[[Coercion, Node, Any, str], Value]

_READERS: dict[type, _Reader] = {
    inspect.StrType: scalars.text,
    inspect.IntType: scalars.number,
    inspect.FloatType: scalars.number,
    inspect.BoolType: scalars.truth,
    inspect.LiteralType: scalars.choice,
    inspect.EnumType: scalars.choice,
    inspect.Metadata: scalars.annotated,
    inspect.ListType: composites.several,
    inspect.VarTupleType: composites.several,
    inspect.DictType: composites.by_name,
    inspect.StructType: composites.struct,
    inspect.UnionType: composites.union,
}


def refuse_strange(kind: inspect.Type, name: str) -> None:
    """See that a profile can write values of this type; raises TypeError."""
    if isinstance(kind, inspect.NoneType) or (isinstance(kind, inspect.Metadata) and scalars.is_free(kind)):
        return
    if type(kind) not in _READERS:
        raise TypeError(f"setting '{name}' has a type that no profile can write: {type(kind).__name__}")
    for inner in composites.inner(kind):
        refuse_strange(inner, name)
