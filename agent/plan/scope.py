"""Scopes: what `$(…)` means at a place of a file, and putting it in.

A file's variables belong to the file; `each` adds `item` and `key`.  What only the run learns (secrets,
readings) stays in the text as a late part; what nobody knows or demands is a late value without parts.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from pathlib import Path
from typing import TypeAlias

import msgspec

from agent import pattern
from agent.node import Entry, Late, Mapping, Measured, Node, Scalar, Secret, Sequence
from agent.plan.ground import OutsideError
from agent.plan.variables import Missing, Variables
from agent.problem import Mark
from agent.template import OPENING, Ref, Source, TemplateError, parse

PATTERNS = frozenset({"matches", "regex"})
"""Keys under which a substituted value stands for itself and not for a pattern."""
_NO_PATTERNS = frozenset[str]()
_Part: TypeAlias = str | Secret | Measured


class Scope:
    """A place in a file: its variables and the element that `each` stands at."""

    def __init__(
        self,
        variables: Variables,
        *,
        item: Node | None = None,
        key: Node | None = None,
        missing: Callable[[Missing], None] | None = None,
        blind: bool = False,
    ) -> None:
        self.variables = variables
        self.ground = variables.ground
        self.findings = variables.ground.findings
        self.item = item
        self.key = key
        self.missing = missing or self._demand
        """Takes what is used and has no value: a mistake in what applies, and nothing in what does not."""
        self.blind = blind
        """Whether everything that is put in stands there as not known: values may not fit what does not apply."""

    def _demand(self, missing: Missing) -> None:
        if self.variables.supply.demanded:
            self.findings.wrong(*missing)

    def at(self, *, item: Node, key: Node | None) -> Scope:
        """Give the scope of an element of `each`."""
        return Scope(self.variables, item=item, key=key, missing=self.missing, blind=self.blind)

    def idle(self, *, blind: bool = False) -> Scope:
        """Give the same place in what does not apply, where nothing needs a value."""
        return Scope(self.variables, item=self.item, key=self.key, missing=_ignore, blind=blind)

    def setting(self, name: str, node: Node) -> Node:
        """Put in what a setting wants; what stands in it, as a body, has keys of its own."""
        return self.resolve(node, escaped=name in PATTERNS, patterns=_NO_PATTERNS)

    def resolve(self, node: Node, *, escaped: bool = False, patterns: frozenset[str] = PATTERNS) -> Node:
        """Put in everything that is known before the run; mistakes are findings.

        `escaped`: it is a pattern, and so is what stands under the keys in `patterns`.
        """
        if isinstance(node, Scalar):
            return self._scalar(node, escaped=escaped) if OPENING in node.text else node
        if isinstance(node, Mapping):
            return self._mapping(node, escaped, patterns)
        assert isinstance(node, Sequence)  # noqa: S101  nothing that is written is late
        items = [self.resolve(item, escaped=escaped, patterns=patterns) for item in node.items]
        return node if all(map(is_, items, node.items)) else Sequence(tuple(items), node.mark)

    def _mapping(self, node: Mapping, escaped: bool, patterns: frozenset[str]) -> Mapping:
        entries = []
        for entry in node.entries:
            value = self.resolve(entry.value, escaped=escaped or entry.key.text in patterns, patterns=patterns)
            entries.append(entry if value is entry.value else Entry(entry.key, value))
        return node if all(map(is_, entries, node.entries)) else Mapping(tuple(entries), node.mark)

    def _scalar(self, node: Scalar, *, escaped: bool) -> Node:
        try:
            parts = parse(node.text)
        except TemplateError as error:
            self.findings.wrong(str(error), node.mark, error.text)
            return Late((), node.mark)
        if len(parts) == 1 and isinstance(parts[0], Ref):
            return self._marked(self._value(parts[0], node, escaped=escaped), node.mark)
        return self._joined(node, parts, escaped=escaped)

    def _joined(self, node: Scalar, parts: tuple[str | Ref, ...], *, escaped: bool) -> Node:
        found: list[_Part] = []
        known = True
        for part in parts:
            if isinstance(part, str):
                found.append(part)
                continue
            value = self._value(part, node, escaped=escaped)
            known = known and not (isinstance(value, Late) and not value.parts)
            found += self._in_text(part, value, node.mark)
        if not known:
            return Late((), node.mark)  # of what holds it nothing is known either
        texts = [part for part in found if isinstance(part, str)]
        text = self.ground.joined(texts, node.mark)
        return Scalar(text, node.mark, plain=False) if len(texts) == len(found) else Late(tuple(found), node.mark)

    def _in_text(self, ref: Ref, value: Node, mark: Mark) -> tuple[_Part, ...]:
        if isinstance(value, Late):
            return value.parts
        if isinstance(value, Scalar):
            return (value.text,)
        form = "mapping" if isinstance(value, Mapping) else "list"
        self.findings.wrong(f"{ref.text} is a {form}, which cannot stand inside a text", mark, ref.text)
        return ()

    def _value(self, ref: Ref, node: Scalar, *, escaped: bool) -> Node:
        if ref.source is Source.SECRET:
            return Late((Secret(ref.name, escaped),), node.mark)
        if ref.source is Source.READING:
            return Late((Measured(ref.name, ref.field, escaped),), node.mark)
        value = self._known(ref, node)
        if self.blind:
            return Late((), node.mark)
        if escaped and isinstance(value, Scalar):
            return Scalar(pattern.escape(value.text), value.mark, value.plain)
        if escaped and isinstance(value, Late):
            return Late(tuple(map(_escaped, value.parts)), value.mark)
        return value

    def _known(self, ref: Ref, node: Scalar) -> Node:
        if ref.source is Source.VARIABLE:
            return self._variable(ref, node)
        if ref.source is Source.ENV:
            return self._outside(ref, node, lambda: self.ground.environment(ref.name))
        if ref.source is Source.FILE:
            return self._outside(ref, node, lambda: self.ground.file(Path(node.mark.file).parent / ref.name))
        return self._element(ref, node.mark)

    def variable(self, name: str, mark: Mark) -> Node | None:
        """Give a variable's value; None when it has none, or is not declared, which is a finding."""
        known = self.variables.value(name, mark, self._resolved)
        for missing in known.missing:
            self.missing(missing)
        return known.node

    def _resolved(self, node: Node, missing: Callable[[Missing], None]) -> Node:
        return Scope(self.variables, missing=missing).resolve(node)

    def _variable(self, ref: Ref, node: Scalar) -> Node:
        value = self.variable(ref.name, node.mark)
        if value is None and ref.name in self.variables.declared:
            self.missing(self._without_value(ref, node.mark))
        return Late((), node.mark) if value is None else value

    def _without_value(self, ref: Ref, mark: Mark) -> Missing:
        asked = self.variables.supply.asked
        if asked is not None:
            file = Path(mark.file).name
            return Missing(f"{file} wants a value for '{ref.name}': give it in 'vars' beside 'include'", asked, "")
        ways = f"--var {ref.name}=…, {environment_name(ref.name)} or --vars-file"
        return Missing(f"variable '{ref.name}' has no value: give it with {ways}", mark, ref.text)

    def _outside(self, ref: Ref, node: Scalar, look: Callable[[], str]) -> Node:
        try:
            return Scalar(look(), node.mark, plain=False)
        except OutsideError as error:
            message = str(error) if ref.source is Source.ENV else f"{ref.text}: {error}"
            self.missing(Missing(message, node.mark, ref.text))
            return Late((), node.mark)

    def _element(self, ref: Ref, mark: Mark) -> Node:
        found = self.key if ref.source is Source.KEY else self.item
        if found is None:
            why = " stands outside of 'each'" if self.item is None else ": each is a list here, which has no keys"
            self.findings.wrong(f"{ref.text}{why}", mark, ref.text)
            return Late((), mark)
        for name in ref.field.split(".") if ref.field else ():
            inner = found.get(name) if isinstance(found, Mapping) else None
            if inner is None:
                self._no_field(ref, name, found, mark)
                return Late((), mark)
            found = inner
        return found

    def _no_field(self, ref: Ref, name: str, found: Node, mark: Mark) -> None:
        if isinstance(found, Late):  # nobody knows what it has
            return
        has = f"; it has {', '.join(found.keys())}" if isinstance(found, Mapping) else ""
        self.findings.wrong(f"{ref.text}: this element has no '{name}'{has}", mark, ref.text)

    def _marked(self, node: Node, mark: Mark) -> Node:
        """Give a value the place where it is used, which is where a mistake in it shows."""
        if isinstance(node, Scalar):
            return Scalar(node.text, mark, node.plain)
        if isinstance(node, Mapping):
            self.ground.made(len(node.entries), mark)
            entries = [Entry(Scalar(entry.key.text, mark), self._marked(entry.value, mark)) for entry in node.entries]
            return Mapping(tuple(entries), mark)
        if isinstance(node, Sequence):
            self.ground.made(len(node.items), mark)
            return Sequence(tuple([self._marked(item, mark) for item in node.items]), mark)
        return Late(node.parts, mark) if isinstance(node, Late) else node


def _ignore(_: Missing) -> None:
    """Take no notice: nothing that applies asks for it."""


def environment_name(name: str) -> str:
    """Name the environment variable that gives a variable its value."""
    return f"GONOGO_VAR_{name.upper().replace('-', '_')}"


def _escaped(part: _Part) -> _Part:
    return pattern.escape(part) if isinstance(part, str) else msgspec.structs.replace(part, escaped=True)
