"""YAML 1.2's core schema (section 10.3.2), with the traps shut.

`yes`, `on`, `10:30`, `2026-12-01` are text; a number with leading zeros too, since the versions of YAML
disagree about it.  Keys are text.  A key twice, unknown tags, and an alias within itself are refused;
depth and the size with all aliases written out are bounded.  `<<` merges.  Several documents are a list
of those that are not empty.

It is built from the parser's events, because composing nodes recurses in C and can be made to crash.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable

import msgspec
import yaml

from agent.probe import Value
from probes.extract.json_text import MAX_DEPTH, decoded, exact_number

__all__ = ["parse"]

_MAX_NODES = 500_000
"""Scalars, lists and mappings of a document, aliases counted as what they stand for."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})", re.ASCII)
_BASED = re.compile(r"0x[0-9a-fA-F]{1,32}|0o[0-7]{1,64}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)


class _Node(msgspec.Struct):
    """A value, how many nodes it is when written out, and how deep it goes."""

    value: Value
    size: int = 1
    height: int = 0


class _Open(msgspec.Struct):
    """A list or mapping whose end has not come."""

    node: _Node
    anchor: str | None
    key: str | None = None
    merging: bool = False
    merged: list[dict[str, Value]] = msgspec.field(default_factory=list)


def parse(data: bytes) -> Value:
    """Read the document; ValueError says where it breaks and why."""
    text = decoded(data)
    try:
        documents = _Builder().build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise ValueError(f"{error.problem}{_place(error.problem_mark)}") from None
    except yaml.reader.ReaderError as error:
        raise ValueError(f"{error.reason} at position {error.position}") from None
    full = [document for document in documents if document is not None]
    return full if len(full) > 1 else full[0] if full else None


def _place(mark: Value) -> str:
    return f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""


class _Builder:
    """Puts together what the events of a stream say."""

    def __init__(self) -> None:
        self._documents: list[Value] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._nodes = 0

    def build(self, events: Iterable[yaml.Event]) -> list[Value]:
        """Give the documents of the stream."""
        for event in events:
            try:
                self._take(event)
            except ValueError as error:
                raise ValueError(f"{error}{_place(event.start_mark)}") from None
        return self._documents

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._aliased(event.anchor), None)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._open.pop()
            self._put(_complete(closed), closed.anchor)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            raise ValueError(f"the tag {event.tag} has no meaning here")
        if self._open and self._awaits_key(self._open[-1]):
            raise ValueError("a key is a list or a mapping, expected text")
        if len(self._open) >= MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        empty: Value = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(_Node(empty), event.anchor))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._open and self._awaits_key(self._open[-1]):
            self._key(self._open[-1], event)
        else:
            self._put(_Node(_value(event)), event.anchor)

    @staticmethod
    def _awaits_key(parent: _Open) -> bool:
        return isinstance(parent.node.value, dict) and parent.key is None

    def _key(self, parent: _Open, event: yaml.ScalarEvent) -> None:
        parent.merging = event.value == "<<" and event.implicit[0]
        if event.anchor:
            self._anchors[event.anchor] = _Node(event.value)
        _name(parent, event.value)

    def _aliased(self, anchor: str | None) -> _Node:
        if anchor is None or anchor not in self._anchors:
            raise ValueError(f"the alias *{anchor} stands for nothing that is complete")
        return self._anchors[anchor]

    def _put(self, node: _Node, anchor: str | None) -> None:
        """Put a complete value where it belongs."""
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._documents.append(node.value)
            return
        parent = self._open[-1]
        parent.node.size += node.size
        parent.node.height = max(parent.node.height, node.height + 1)
        self._bound(parent.node.size, len(self._open) + node.height)
        _adopt(parent, node.value)

    def _bound(self, size: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        if size > _MAX_NODES:
            raise ValueError(f"it is more than {_MAX_NODES} values with its aliases written out")


def _adopt(parent: _Open, value: Value) -> None:
    if isinstance(parent.node.value, list):
        parent.node.value.append(value)
    elif parent.key is None:
        _name(parent, value)
    elif parent.merging:
        parent.merged += _mappings(value)
        parent.key = None
    else:
        parent.node.value[parent.key] = value
        parent.key = None


def _name(parent: _Open, key: Value) -> None:
    if not isinstance(key, str):
        raise ValueError("a key is a list, a mapping or a number, expected text")  # noqa: TRY004  not a bug
    if not parent.merging and key in parent.node.value:
        raise ValueError(f"the key {key!r} stands twice in one mapping")
    parent.key = key


def _mappings(value: Value) -> list[dict[str, Value]]:
    """Give what `<<` merges: a mapping or a list of them, the first of which wins."""
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in found):
        raise ValueError("<< merges something else than mappings")
    return found


def _complete(closed: _Open) -> _Node:
    """Merge what `<<` brought under a mapping's own keys."""
    if closed.merged:
        brought = ChainMap({}, *closed.merged)
        closed.node.value = {**brought, **closed.node.value}
    return closed.node


def _value(event: yaml.ScalarEvent) -> Value:
    """Give a scalar its type by the core schema; quoted and tagged ones are text."""
    text: str = event.value
    if event.tag is not None and event.tag not in _TEXT_TAGS:
        raise ValueError(f"the tag {event.tag} has no meaning here")
    if event.tag is not None or not event.implicit[0]:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return exact_number(text) if _FLOAT.fullmatch(text) else text
