"""From YAML's events to the tree: keys once, aliases resolved, bombs refused, every place remembered."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import NoReturn

from yaml import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from agent.node import Entry, Mapping, Node, Scalar, Sequence
from agent.problem import Mark, Problem, ProfileError
from agent.source.anchors import Anchors
from agent.source.loader import Event
from agent.source.text import Text, short
from agent.source.traps import ODD, Traps

DEPTH = 40
"""Levels that may stand in each other."""
NODES = 1_000_000
"""Values that a file may have, each alias counted with all that it stands for."""


class Tree:
    """One reading of one file; a mistake that does not end it is added to `problems`."""

    def __init__(self, text: Text, problems: list[Problem]) -> None:
        self.problems = problems
        self._text = text
        self._count = 0
        self._deepest = 0
        self._anchors = Anchors(self._wrong)
        self._traps = Traps(text)
        self._name, self._watched = text.name, self._traps.watched
        self._numbers = list(range(1, len(text.lines) + 2))  # made once, not once for each value

    def read(self, events: Callable[[], Event]) -> Mapping | None:
        """Read the one document, which is a mapping; None when it is not.

        Raises yaml.MarkedYAMLError where the text is no YAML or has a tag or a directive, and
        ProfileError for a bomb.
        """
        self._next = events
        try:
            root = self._document()
            self._anchors.unused()
        finally:
            self.problems += self._traps.found()
        return self._rooted(root)

    def _document(self) -> Node | None:
        self._next()  # the stream starts
        start = self._next()
        if start.__class__ is StreamEndEvent:
            return None
        self._refuse_directive(start)
        root = self._node(self._next(), 1)
        self._next()  # the document ends
        after = self._next()
        if after.__class__ is not StreamEndEvent:
            self._refuse_directive(after)
            self._wrong("a second document starts here; a file holds one", self._mark(after))
        return root

    def _refuse_directive(self, start: Event) -> None:
        if self._text.body.startswith("%", start.start_mark.index):
            raise MarkedYAMLError(problem="found a directive", problem_mark=start.start_mark)

    def _rooted(self, root: Node | None) -> Mapping | None:
        if isinstance(root, Mapping):
            return root
        if not self.problems:  # which would tell why
            mark = self._text.mark(0, 0) if root is None else root.mark
            self._wrong(f"the file holds {self._kind(root)}, expected keys and values such as 'name: smoke'", mark)
        return None

    def _kind(self, root: Node | None) -> str:
        if isinstance(root, Sequence):
            return "a list"
        if isinstance(root, Scalar) and not root.empty:
            return "text"
        return "only comments" if "#" in self._text.body else "nothing"

    # Nodes: there may be hundreds of thousands, so what nearly all of them are is decided first

    def _node(self, event: Event, depth: int) -> Node:
        if event.__class__ is ScalarEvent:
            return self._scalar(event)
        if event.__class__ is AliasEvent:
            return self._alias(event, depth)
        return self._collection(event, depth)

    def _scalar(self, event: Event) -> Scalar:
        start, end = event.start_mark, event.end_mark
        line, column = start.line, start.column
        if line != end.line or line in self._watched:
            return self._rare_scalar(event)
        mark = Mark(self._name, self._numbers[line], column + 1, end.column - column or 1)
        return Scalar(event.value, mark, not event.style)

    def _rare_scalar(self, event: Event) -> Scalar:
        """Only here can a scalar have a tag or an anchor: lines with `!` or `&` are watched."""
        _refuse_tag(event)
        self._traps.scalar(event)
        scalar = Scalar(event.value, self._mark(event), not event.style)
        if event.anchor is not None:
            self._anchors.open(event.anchor, scalar.mark).node = scalar
        return scalar

    def _collection(self, event: Event, depth: int) -> Node:
        _refuse_tag(event)
        self._enter(depth, event)
        build = self._mapping if event.__class__ is MappingStartEvent else self._sequence
        return build(event, depth) if event.anchor is None else self._anchored(build, event, depth)

    def _enter(self, depth: int, event: Event) -> None:
        if depth > self._deepest:
            self._deepest = depth
            if depth > DEPTH:
                self._stop(f"nested deeper than {DEPTH} levels", self._mark(event))

    def _sequence(self, start: Event, depth: int) -> Sequence:
        items = []
        while (event := self._next()).__class__ is not SequenceEndEvent:
            self._count += 1
            if self._count > NODES:
                self._too_many(event)
            items.append(self._node(event, depth + 1))
        return Sequence(tuple(items), self._span(start, event))

    def _mapping(self, start: Event, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        while (event := self._next()).__class__ is not MappingEndEvent:
            self._count += 2
            if self._count > NODES:
                self._too_many(event)
            key = self._key(event, depth + 1)
            text = key.text
            value = self._under(key, start, event, depth + 1)
            if text in entries:
                self._wrong(f"key '{short(text)}' is on line {entries[text].key.mark.line} already", key.mark)
            else:
                entries[text] = Entry(key, value)
        held = tuple(entries.values())
        return Mapping(held, self._span(start, event) if start.flow_style else held[0].key.mark)

    def _key(self, event: Event, depth: int) -> Scalar:
        if event.__class__ is not ScalarEvent:
            node = self._node(event, depth)
            mark = self._mark(event) if event.__class__ is AliasEvent else node.mark
            self._traps.strange_key(event, mark)
            return Scalar(f"\0{self._count}", mark)  # like no other
        event.value = text = intern(event.value)  # the same few words, thousands of times
        key = self._scalar(event)
        if text[:1] in ODD or key.mark.line - 1 in self._watched:
            self._traps.key(event, key)
        return key

    def _under(self, key: Scalar, start: Event, key_event: Event, depth: int) -> Node:
        event = self._next()
        if event.__class__ is not ScalarEvent:
            return self._node(event, depth)
        if event.value or event.style:
            return self._scalar(event)
        self._scalar(event)
        self._traps.without_value(start, key_event, event)
        return Scalar("", key.mark)

    def _too_many(self, event: Event) -> NoReturn:
        self._stop(f"more than {NODES:,} values, aliases counted as often as they are used", self._mark(event))

    # Aliases

    def _anchored(self, build: Callable[[Event, int], Node], event: Event, depth: int) -> Node:
        anchor = self._anchors.open(event.anchor, self._mark(event))
        before, deepest = self._count, self._deepest
        self._deepest = depth
        anchor.node = node = build(event, depth)
        anchor.size, anchor.height = self._count - before, self._deepest - depth
        self._deepest = max(self._deepest, deepest)
        return node

    def _alias(self, event: Event, depth: int) -> Node:
        mark = self._mark(event)
        anchor = self._anchors.use(event.anchor, mark)
        if anchor is None or anchor.node is None:
            return Scalar("", mark)
        self._count += anchor.size
        if self._count > NODES:
            self._too_many(event)
        self._enter(depth + anchor.height, event)
        return anchor.node

    # Places

    def _mark(self, event: Event) -> Mark:
        start, end = event.start_mark, event.end_mark
        line, column = start.line, start.column
        ends = end.column if end.line == line else len(self._text.lines[line])
        return Mark(self._text.name, line + 1, column + 1, ends - column or 1)

    def _span(self, start: Event, end: Event) -> Mark:
        """From bracket to bracket, if both are on one line; else where it starts."""
        first, last = start.start_mark, end.end_mark
        width = last.column - first.column if last.line == first.line else 1
        return Mark(self._name, first.line + 1, first.column + 1, width or 1)

    def _wrong(self, message: str, mark: Mark) -> None:
        self.problems.append(self._text.problem(message, mark))

    def _stop(self, message: str, mark: Mark) -> NoReturn:
        raise ProfileError([self._text.problem(message, mark)])


def _refuse_tag(event: Event) -> None:
    if event.tag is not None:
        raise MarkedYAMLError(problem="found a tag", problem_mark=event.start_mark)
