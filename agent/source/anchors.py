"""Anchors and aliases: each defined once, before it is used, and used."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agent.node import Node
from agent.problem import Mark


class Anchor(msgspec.Struct):
    """What `&name` stands before."""

    name: str
    mark: Mark
    node: Node | None = None
    """None while it is being read."""
    size: int = 0
    """Values in it, those behind aliases included."""
    height: int = 0
    """Levels in it."""
    used: bool = False


class Anchors:
    """The anchors of one file; mistakes go to `wrong`."""

    def __init__(self, wrong: Callable[[str, Mark], None]) -> None:
        self._wrong = wrong
        self._known: dict[str, Anchor] = {}

    def open(self, name: str, mark: Mark) -> Anchor:
        """Meet `&name`."""
        if name in self._known:
            self._wrong(f"anchor '&{name}' is on line {self._known[name].mark.line} already", mark)
        self._known[name] = Anchor(name, mark)
        return self._known[name]

    def use(self, name: str, mark: Mark) -> Anchor | None:
        """Meet `*name`; None when there is no such anchor or the alias stands within it."""
        anchor = self._known.get(name)
        if anchor is None:
            self._wrong(f"no anchor '&{name}' stands above; if '*{name}' is text, quote it", mark)
            return None
        anchor.used = True
        if anchor.node is None:
            self._wrong(f"alias '*{name}' stands inside its own anchor", mark)
            return None
        return anchor

    def unused(self) -> None:
        """Report what no alias asked for: `path: &debug on` was more likely meant as text."""
        for anchor in self._known.values():
            if not anchor.used:
                self._wrong(f"nothing uses the anchor '&{anchor.name}'; if it is text, quote it", anchor.mark)
