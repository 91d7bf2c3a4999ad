"""A YAML document as a tree that remembers where everything stands.

Scalars are text: their use gives them a type (DESIGN section 2).  `plain` says that a scalar stood
without quotes, which is what makes `true`, `false`, `null` and numbers JSON's where data is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

import msgspec

from agent.probe import Value
from agent.problem import Mark


class Scalar(msgspec.Struct, frozen=True, gc=False):
    """Text and whether it stood without quotes; an empty plain scalar is "no value"."""

    text: str
    mark: Mark
    plain: bool = True

    @property
    def empty(self) -> bool:
        """Whether nothing was written (`version:`)."""
        return self.plain and self.text == ""


class Sequence(msgspec.Struct, frozen=True, gc=False):
    """A list."""

    items: tuple[Node, ...]
    mark: Mark


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One key of a mapping and its value."""

    key: Scalar
    value: Node


class Mapping(msgspec.Struct, frozen=True, gc=False):
    """A mapping, its entries in the order written; no key is there twice."""

    entries: tuple[Entry, ...]
    mark: Mark

    def get(self, key: str) -> Node | None:
        """Give the value of a key."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)

    def keys(self) -> tuple[str, ...]:
        """Give the keys in the order written."""
        return tuple(entry.key.text for entry in self.entries)


class Data(msgspec.Struct, frozen=True, gc=False):
    """A value that substitution gave, typed already, in the place where its `$(…)` stood."""

    value: Value
    mark: Mark


class Secret(msgspec.Struct, frozen=True, gc=False):
    """A part of a text that only the run learns: `$(secret:NAME)`."""

    name: str
    escaped: bool = False
    """Stands in a pattern, and matches itself there."""


class Measured(msgspec.Struct, frozen=True, gc=False):
    """A part of a text that another check measures: `$(login.token)`."""

    address: str
    metric: str
    escaped: bool = False


class Late(msgspec.Struct, frozen=True, gc=False):
    """A scalar that is known only when its check starts: text, secrets and readings in a row."""

    parts: tuple[str | Secret | Measured, ...]
    mark: Mark


Node: TypeAlias = Scalar | Sequence | Mapping | Data | Late

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")  # RFC 8259 section 6
_LONGEST = 1000  # digits; Python itself refuses integers of more than 4,300
_WORDS = {"true": True, "false": False, "null": None}


def late(node: Node) -> Iterator[Secret | Measured]:
    """Give every part in it that only the run learns."""
    if isinstance(node, Late):
        yield from (part for part in node.parts if not isinstance(part, str))
    elif isinstance(node, Mapping):
        for entry in node.entries:
            yield from late(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from late(item)


def free(node: Node) -> Value:
    """Give a node as JSON data: plain `true`, `false`, `null` and JSON's numbers are typed, all else is text.

    Numbers with a point are Decimals, so that nothing is lost.
    """
    if isinstance(node, Late):
        raise TypeError("a late value is settled before it is used")
    if isinstance(node, Data):
        return node.value
    if isinstance(node, Mapping):
        return {entry.key.text: free(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [free(item) for item in node.items]
    return _scalar(node)


def _scalar(node: Scalar) -> Value:
    if not node.plain:
        return node.text
    if node.text in _WORDS:
        return _WORDS[node.text]
    if node.text == "":
        return None
    return _json_number(node.text)


def _json_number(text: str) -> Value:
    """`0012345` and `1.10.2` are text: JSON knows neither; `+1` and `.5` too."""
    if not _NUMBER.fullmatch(text):
        return text
    whole = len(text) <= _LONGEST and text.removeprefix("-").isdigit()
    return int(text) if whole else Decimal(text)
