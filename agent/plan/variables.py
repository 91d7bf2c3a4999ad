"""The variables of a file: declared there, given from outside, each resolved once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from agent.node import Entry, Late, Mapping, Node, Scalar, Sequence
from agent.plan.ground import Ground
from agent.problem import Mark
from agent.profile import nodes, undeclared

_DEEPEST = 40
"""Levels in a value, as in a file."""
_MENTIONED = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_-]*)\)")


class Origin(Enum):
    """Where a value was given."""

    SHELL = auto()
    """By an option or the environment: text, in which nothing is put; empty is no value where none is declared."""
    FILE = auto()
    """By `--vars-file`: it may use variables itself."""
    INCLUDE = auto()
    """By `vars` beside `include`: resolved already, out there."""


class Supplied(NamedTuple):
    """A value from outside."""

    node: Node
    origin: Origin


class Supply(NamedTuple):
    """What comes from outside a file for its variables."""

    values: Table[str, Supplied] = {}
    demanded: bool = True
    """A variable that is used must have a value."""
    asked: Mark | None = None
    """Where the file is included."""


_NOTHING = Supply()


class Missing(NamedTuple):
    """Why a value is not known; a mistake only where something that applies uses it."""

    message: str
    mark: Mark
    about: str


class Known(NamedTuple):
    """What a variable came to."""

    node: Node | None = None
    """None when it has no value."""
    missing: tuple[Missing, ...] = ()
    """What it rests on and is not there."""


Resolve: TypeAlias = Callable[[Node, Callable[[Missing], None]], Node]
"""Puts into a text of the file what its variables are; what is missing goes to the function."""


class Variables:
    """The variables of one file."""

    def __init__(self, declared: Mapping | None, ground: Ground, supply: Supply = _NOTHING) -> None:
        self.declared: dict[str, Entry] = {entry.key.text: entry for entry in declared.entries} if declared else {}
        self.ground = ground
        self.supply = supply
        self._known: dict[str, Known] = {}

    def value(self, name: str, mark: Mark, resolve: Resolve) -> Known:
        """Give what a variable came to; that it is not declared is a finding."""
        if name not in self.declared:
            about = f"$({name})"
            self.ground.findings.wrong(undeclared(name, self.declared, self.ground.findings), mark, about)
            return Known()
        if name not in self._known:
            self._settle(name, resolve)
        return self._known[name]

    def _settle(self, name: str, resolve: Resolve) -> None:
        """Settle what it rests on first, however long the chain is."""
        path: dict[str, Iterator[str]] = {name: self._rests_on(name)}
        while path:
            current, below = next(reversed(path.items()))
            following = next((other for other in below if other not in self._known), None)
            if following is None:
                self._known[current] = self._resolved(current, resolve)
                del path[current]
            elif following in path:
                self._circle([*path], following)
                self._known[following] = Known(Late((), self.declared[following].value.mark))
            else:
                path[following] = self._rests_on(following)

    def _rests_on(self, name: str) -> Iterator[str]:
        written = self._written(name)
        for node in nodes(written) if written is not None else ():
            if isinstance(node, Scalar):
                yield from (found for found in _MENTIONED.findall(node.text) if found in self.declared)

    def _circle(self, path: list[str], back: str) -> None:
        circle = " -> ".join([*path[path.index(back) :], back])
        self.ground.findings.wrong(
            f"variables go in a circle: {circle}", self.declared[path[-1]].value.mark, f"$({back})"
        )

    def _written(self, name: str) -> Node | None:
        """Give what is to be resolved; None for a value that stands as it is."""
        given = self.supply.values.get(name)
        if given is None:
            return self.declared[name].value
        return given.node if given.origin is Origin.FILE else None

    def _resolved(self, name: str, resolve: Resolve) -> Known:
        written = self._written(name)
        missing: list[Missing] = []
        found = self._from_outside(name) if written is None else resolve(written, missing.append)
        if isinstance(found, Scalar) and found.empty:
            return Known()
        if _depth(found) > _DEEPEST:
            message = f"variable '{name}' is nested deeper than {_DEEPEST} levels"
            self.ground.findings.wrong(message, self.declared[name].key.mark)
            return Known(Late((), found.mark))
        return Known(found, tuple(missing))

    def _from_outside(self, name: str) -> Node:
        """Take text of the shell as if it stood where the variable is declared, with its quotes or without."""
        node, origin = self.supply.values[name]
        declared = self.declared[name].value
        if origin is Origin.INCLUDE or not isinstance(node, Scalar) or not isinstance(declared, Scalar):
            return node
        plain = declared.empty or (declared.plain and node.text != "")
        return Scalar(node.text, node.mark, plain)


def _depth(node: Node) -> int:
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        found, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(found, Mapping):
            waiting += [(entry.value, depth + 1) for entry in found.entries]
        elif isinstance(found, Sequence):
            waiting += [(item, depth + 1) for item in found.items]
    return deepest
