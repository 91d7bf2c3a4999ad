"""Somebody else's file: YAML or JSON as values that know their place, whatever is in it.

Every scalar is text: nobody's `22:22` becomes 1342 and nobody's `on` becomes true.  `<<` merges, as the
tools that these files are for have it; tags are refused.  Nothing is built that is larger than the file
allows.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn, TypeAlias

import msgspec
import yaml
from yaml import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from agent.problem import Mark, Problem, ProfileError
from agent.source import text as texts
from agent.source.text import short

DEPTH = 100
"""Levels that may stand in each other."""
VALUES = 500_000
"""Values that a file may have, each alias counted with all that it stands for."""
_NOTHING = ("", "~", "null", "Null", "NULL")
_STANDARD = re.compile("tag:yaml.org,2002:[a-z]+")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Event: TypeAlias = Any
"""One of yaml.events; its types say that marks can be missing, which they never are."""


class Written(msgspec.Struct, frozen=True):
    """One value and where it stands; None is nothing (`key:`)."""

    value: str | list[Written] | dict[str, Written] | None
    mark: Mark

    def get(self, key: str) -> Written | None:
        """Give what stands under a key; None when that is nothing, or this is no mapping."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return None if found is None or found.value is None else found

    def at(self, *keys: str) -> Written | None:
        """Follow keys down."""
        place: Written | None = self
        for key in keys:
            place = place.get(key) if place is not None else None
        return place

    def text(self, what: str) -> str:
        """Give it as text.  Raises ProfileError; `what` is what the message calls it."""
        return self.value if isinstance(self.value, str) else self._refuse(what, "text")

    def items(self, what: str) -> list[Written]:
        """Give the elements of a list."""
        return self.value if isinstance(self.value, list) else self._refuse(what, "a list")

    def entries(self, what: str) -> dict[str, Written]:
        """Give the entries of a mapping, without those that are nothing."""
        if not isinstance(self.value, dict):
            return self._refuse(what, "a mapping")  # type: ignore[no-any-return]
        return {key: entry for key, entry in self.value.items() if entry.value is not None}

    def _refuse(self, what: str, wanted: str) -> Any:  # noqa: ANN401  it gives nothing
        form = "text" if isinstance(self.value, str) else "a list" if isinstance(self.value, list) else "a mapping"
        raise ProfileError([Problem(f"{what} is {form}, expected {wanted}", self.mark)])


def text_of(place: Written | None, what: str, otherwise: str = "") -> str:
    """Give a text that need not be there."""
    return otherwise if place is None else place.text(what)


def items_of(place: Written | None, what: str) -> list[Written]:
    """Give the elements of a list that need not be there."""
    return [] if place is None else place.items(what)


def entries_of(place: Written | None, what: str) -> dict[str, Written]:
    """Give the entries of a mapping that need not be there."""
    return {} if place is None else place.entries(what)


def documents(name: str, data: bytes, remedy: str) -> list[Written]:
    """Read all documents of a file; empty ones are left out.

    Raises ProfileError with the place of what is wrong; `remedy` is where a file comes from that has no
    tags and no templates.
    """
    text = texts.decode(name, data).body
    try:
        return _Reader(name, remedy).read(text)
    except YAMLError as error:
        raise ProfileError([_told(name, error, remedy, template="{{" in text or "{%" in text)]) from error


def _told(name: str, error: YAMLError, remedy: str, *, template: bool) -> Problem:
    found = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    mark = Mark(name, found.line + 1, found.column + 1) if found else Mark(name, 1, 1)
    if template:
        return Problem(f"is no YAML, and looks like a template: draft from what {remedy} prints", mark)
    why = getattr(error, "problem", None) or getattr(error, "reason", "")
    return Problem(f"is no YAML: {why}", mark)


class _Open(msgspec.Struct):
    """A list or mapping that is not closed yet."""

    mark: Mark
    keyed: bool
    anchor: str | None
    before: int
    """How many values there were before it."""
    inside: list[Written] = []
    """The elements; of a mapping keys and values in turn."""


class _Anchored(msgspec.Struct, frozen=True):
    node: Written
    size: int


class _Reader:
    """Builds values from events with a stack of its own: no depth of nesting is too much for Python."""

    def __init__(self, name: str, remedy: str) -> None:
        self._name = name
        self._remedy = remedy
        self._count = 0
        self._anchors: dict[str, _Anchored] = {}
        self._open: list[_Open] = []
        self._documents: list[Written] = []

    def read(self, text: str) -> list[Written]:
        """Read every document."""
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, DocumentEndEvent):
                self._anchors.clear()
            elif isinstance(event, NodeEvent):
                self._node(event)
            elif isinstance(event, CollectionEndEvent):
                self._close()
        return [document for document in self._documents if document.value is not None]

    def _node(self, event: Event) -> None:
        mark = Mark(self._name, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, AliasEvent):
            self._alias(event.anchor, mark)
            return
        self._refuse_tag(event.tag, mark)
        self._more(1, mark)
        if isinstance(event, ScalarEvent):
            nothing = not event.style and event.value in _NOTHING
            self._add(Written(None if nothing else event.value, mark), event.anchor, self._count - 1)
        else:
            self._start(event, mark)

    def _start(self, event: SequenceStartEvent | MappingStartEvent, mark: Mark) -> None:
        if len(self._open) == DEPTH:
            self._stop(f"nested deeper than {DEPTH} levels", mark)
        self._open.append(_Open(mark, isinstance(event, MappingStartEvent), event.anchor, self._count - 1))

    def _close(self) -> None:
        done = self._open.pop()
        value = self._mapping(done) if done.keyed else done.inside
        self._add(Written(value, done.mark), done.anchor, done.before)

    def _add(self, node: Written, anchor: str | None, before: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchored(node, self._count - before)
        (self._open[-1].inside if self._open else self._documents).append(node)

    def _alias(self, anchor: str | None, mark: Mark) -> None:
        found = self._anchors.get(anchor or "")
        if found is None:
            self._stop(f"alias '*{anchor}' has no anchor before it", mark)
        self._more(found.size, mark)
        self._add(found.node, None, 0)

    def _mapping(self, done: _Open) -> dict[str, Written]:
        entries: dict[str, Written] = {}
        merged: list[Written] = []
        for key, value in zip(done.inside[::2], done.inside[1::2], strict=True):
            name = self._key(key)
            if name == "<<":
                merged += value.value if isinstance(value.value, list) else [value]
            elif name in entries:
                self._stop(f"key '{short(name)}' is there twice", key.mark)
            else:
                entries[name] = value
        for each in merged:
            entries = {**each.entries("what '<<' merges"), **entries}
        return entries

    def _key(self, key: Written) -> str:
        if key.value is None:
            return ""
        if not isinstance(key.value, str):
            form = "mapping" if isinstance(key.value, dict) else "list"
            hint = f"if this is a template, draft from what {self._remedy} prints"
            self._stop(f"a key is a {form}, expected text; {hint}", key.mark)
        return key.value

    def _more(self, count: int, mark: Mark) -> None:
        self._count += count
        if self._count > VALUES:
            self._stop(f"more than {VALUES:,} values, aliases counted as often as they are used", mark)

    def _refuse_tag(self, tag: str | None, mark: Mark) -> None:
        if tag is not None and not _STANDARD.fullmatch(tag):
            self._stop(f"the tag '{short(tag)}' means nothing here: draft from what {self._remedy} prints", mark)

    def _stop(self, message: str, mark: Mark) -> NoReturn:
        raise ProfileError([Problem(message, mark)])
