"""Scopes: what `$(…)` means at a place of a file, and putting it in.

A file's variables belong to the file; `each` adds `item` and `key`.  What only the run learns (secrets,
readings) stays in the text as a late part.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping as Table
from pathlib import Path
from typing import NamedTuple, TypeAlias

from agent import pattern
from agent.findings import Findings
from agent.node import Data, Entry, Late, Mapping, Measured, Node, Scalar, Secret, Sequence
from agent.problem import Mark, nearest
from agent.template import Ref, Source, TemplateError, parse

PATTERNS = frozenset({"matches", "regex"})
"""Keys under which a substituted value stands for itself and not for a pattern."""
_NO_VALUE = Scalar("", Mark("", 0, 0))
_Part: TypeAlias = str | Secret | Measured


class Supply(NamedTuple):
    """What comes from outside a file for its variables."""

    values: Table[str, Node]
    included: bool = False
    """It comes from `vars` beside an `include`."""
    demanded: bool = True
    """A variable that is used must have a value."""


class Variables:
    """The variables of one file: declared there, given from outside, each resolved once."""

    def __init__(self, path: Path, findings: Findings, declared: Mapping | None, supply: Supply) -> None:
        self.path = path
        self.findings = findings
        self.declared = {entry.key.text: entry for entry in (declared.entries if declared else ())}
        self.supply = supply
        self.used: set[str] = set()
        self._known: dict[str, Node | None] = {}
        self._open: list[str] = []

    def value(self, name: str, mark: Mark) -> Node | None:
        """Give a variable's value; None when it has none, or has no meaning, which is a finding."""
        self.used.add(name)
        if name not in self.declared:
            self.findings.wrong(f"variable '{name}' is not declared{nearest(name, list(self.declared))}", mark)
            return None
        if name not in self._known:
            self._known[name] = self._resolve(name, mark)
        return self._known[name]

    def _resolve(self, name: str, mark: Mark) -> Node | None:
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            self.findings.wrong(f"variables go in a circle: {circle}", mark)
            return None
        if name in self.supply.values:
            return self.supply.values[name]
        written = self.declared[name].value
        if isinstance(written, Scalar) and written.empty:
            return _NO_VALUE
        self._open.append(name)
        try:
            return Scope(self).resolve(written)
        finally:
            self._open.pop()

    def unused(self) -> None:
        """Find variables that nothing uses: a misspelt name, or a limit that somebody thinks is set."""
        for name, entry in self.declared.items():
            if name not in self.used:
                self.findings.wrong(f"variable '{name}' is never used", entry.key.mark)


class Scope:
    """A place in a file: its variables and the element that `each` stands at."""

    def __init__(
        self,
        variables: Variables,
        *,
        item: Node | None = None,
        key: Node | None = None,
        lenient: bool = False,
    ) -> None:
        self.variables = variables
        self.findings = variables.findings
        self.item = item
        self.key = key
        self.lenient = lenient
        """In what does not apply no variable needs a value: each stands there as not known yet."""

    def at(self, *, item: Node | None = None, key: Node | None = None, lenient: bool = False) -> Scope:
        """Give the scope further in."""
        return Scope(
            self.variables,
            item=item if item is not None else self.item,
            key=key if key is not None else self.key,
            lenient=lenient or self.lenient,
        )

    def resolve(self, node: Node, *, escaped: bool = False) -> Node:
        """Put in everything that is known before the run; mistakes are findings."""
        if isinstance(node, Mapping):
            return Mapping(tuple(self._entry(entry, escaped=escaped) for entry in node.entries), node.mark)
        if isinstance(node, Sequence):
            return Sequence(tuple(self.resolve(item, escaped=escaped) for item in node.items), node.mark)
        if isinstance(node, Scalar) and "$" in node.text:
            return self._scalar(node, escaped=escaped)
        return node

    def touch(self, node: Node) -> None:
        """Count the variables in it as used, and see that they are declared, without asking for their values."""
        if isinstance(node, Mapping):
            for entry in node.entries:
                self.touch(entry.value)
        elif isinstance(node, Sequence):
            for item in node.items:
                self.touch(item)
        elif isinstance(node, Scalar) and "$(" in node.text:
            self.at(lenient=True).resolve(node)

    def _entry(self, entry: Entry, *, escaped: bool) -> Entry:
        return Entry(entry.key, self.resolve(entry.value, escaped=escaped or entry.key.text in PATTERNS))

    def _scalar(self, node: Scalar, *, escaped: bool) -> Node:
        try:
            parts = parse(node.text)
        except TemplateError as error:
            self.findings.wrong(str(error), node.mark)
            self.variables.used.update(re.findall(r"\$\(([\w-]+)", node.text))
            return Late((), node.mark)
        if len(parts) == 1 and isinstance(parts[0], Ref):
            return _marked(self._value(parts[0], node.mark, escaped=escaped), node.mark)
        return self._joined(node, parts, escaped=escaped)

    def _joined(self, node: Scalar, parts: tuple[str | Ref, ...], *, escaped: bool) -> Node:
        values = [part if isinstance(part, str) else self._value(part, node.mark, escaped=escaped) for part in parts]
        found: list[_Part] = []
        for part, value in zip(parts, values, strict=True):
            if isinstance(value, Late) and not value.parts:
                return value  # not known at all, so neither is what holds it
            found += (value,) if isinstance(value, str) else self._in_text(part, value, node.mark)
        if all(isinstance(part, str) for part in found):
            return Scalar("".join(map(str, found)), node.mark, node.plain)
        return Late(tuple(found), node.mark)

    def _in_text(self, ref: str | Ref, value: Node, mark: Mark) -> tuple[_Part, ...]:
        if isinstance(value, Late):
            return value.parts
        if isinstance(value, Scalar):
            return (value.text,)
        shown = ref if isinstance(ref, str) else ref.text
        self.findings.wrong(f"{shown} is a {_form(value)}, which cannot stand inside a text", mark)
        return ()

    def _value(self, ref: Ref, mark: Mark, *, escaped: bool) -> Node:
        if ref.source is Source.SECRET:
            return Late((Secret(ref.name, escaped),), mark)
        if ref.source is Source.READING:
            return Late((Measured(ref.name, ref.field, escaped),), mark)
        value = self._known(ref, mark)
        if escaped and isinstance(value, Scalar):
            return Scalar(pattern.escape(value.text), value.mark, value.plain)
        if escaped and isinstance(value, Late):
            return Late(tuple(_escaped(part) for part in value.parts), value.mark)
        return value

    def _known(self, ref: Ref, mark: Mark) -> Node:
        if ref.source is Source.ENV:
            return self._environment(ref, mark)
        if ref.source is Source.FILE:
            return self._file(ref, mark)
        if ref.source in (Source.ITEM, Source.KEY):
            return self._element(ref, mark)
        value = self.variables.value(ref.name, mark)
        if self.lenient:
            return Late((), mark)
        if value is _NO_VALUE and self.variables.supply.demanded:
            self.findings.wrong(_without_value(ref.name, self.variables), mark)
        return Late((), mark) if value is None or value is _NO_VALUE else value

    def _environment(self, ref: Ref, mark: Mark) -> Node:
        found = os.environ.get(ref.name)
        if found is None and not self.lenient:
            self.findings.wrong(f"environment variable {ref.name} is not set", mark)
        return Late((), mark) if self.lenient or found is None else Scalar(found, mark, plain=False)

    def _file(self, ref: Ref, mark: Mark) -> Node:
        path = self.variables.path.parent / ref.name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            if not self.lenient:
                self.findings.wrong(f"{ref.text} cannot be read: {path}: {reason}", mark)
            return Late((), mark)
        return Scalar(text.removesuffix("\n").removesuffix("\r"), mark, plain=False)

    def _element(self, ref: Ref, mark: Mark) -> Node:
        found = self.key if ref.source is Source.KEY else self.item
        if found is None:
            self.findings.wrong(f"{ref.text} stands outside of 'each'{_of_list(self, ref)}", mark)
            return Late((), mark)
        for name in ref.field.split(".") if ref.field else ():
            inner = found.get(name) if isinstance(found, Mapping) else None
            if inner is None:
                has = f"; it has {', '.join(found.keys())}" if isinstance(found, Mapping) else ""
                self.findings.wrong(f"{ref.text}: this element has no '{name}'{has}", mark)
                return Late((), mark)
            found = inner
        return found


def _of_list(scope: Scope, ref: Ref) -> str:
    return ", or each is a list, which has no keys" if scope.item is not None and ref.source is Source.KEY else ""


def _without_value(name: str, variables: Variables) -> str:
    if variables.supply.included:
        return f"variable '{name}' has no value: give it in 'vars' beside 'include'"
    return f"variable '{name}' has no value: give it with --var {name}=…, {environment_name(name)} or --vars-file"


def environment_name(name: str) -> str:
    """Name the environment variable that gives a variable its value."""
    return f"GONOGO_VAR_{name.upper().replace('-', '_')}"


def _escaped(part: _Part) -> _Part:
    if isinstance(part, str):
        return pattern.escape(part)
    if isinstance(part, Secret):
        return Secret(part.name, escaped=True)
    return Measured(part.address, part.metric, escaped=True)


def _form(node: Node) -> str:
    return {Mapping: "mapping", Sequence: "list", Data: "value"}.get(type(node), "text")


def _marked(node: Node, mark: Mark) -> Node:
    """Give a value the place where it is used, which is where a mistake in it shows."""
    if isinstance(node, Mapping):
        entries = (Entry(Scalar(entry.key.text, mark), _marked(entry.value, mark)) for entry in node.entries)
        return Mapping(tuple(entries), mark)
    if isinstance(node, Sequence):
        return Sequence(tuple(_marked(item, mark) for item in node.items), mark)
    if isinstance(node, Scalar):
        return Scalar(node.text, mark, node.plain)
    return Late(node.parts, mark) if isinstance(node, Late) else node
