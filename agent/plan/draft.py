"""Drafts: the items of the outline, each with its address and what is handed down to it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from agent.node import Entry, Mapping, Node, Scalar
from agent.plan.scope import Scope
from agent.problem import Mark
from agent.profile import Item, Profile, nodes
from agent.profile.keys import CHECK, POLICY
from agent.template import ELEMENT


class Each(Enum):
    """What `each` made a draft: an item without it is what it is."""

    NO = auto()
    SECTION = auto()
    ELEMENT = auto()


class Defaults:
    """`defaults` of one section, with the scope that they are written in, and those around it."""

    def __init__(self, written: Mapping, scope: Scope, outer: Defaults | None) -> None:
        self.written = written
        self.scope = scope
        self.outer = outer
        self._blocks: dict[tuple[str, bool], dict[str, Entry]] = {}

    def block(self, kind: str, *, idle: bool) -> dict[str, Entry]:
        """Give what there is for a kind, or with "" the policies: the nearest wins, `null` takes away.

        What is for a kind goes before what is for its family.  `idle`: it is for a check that does not apply.
        """
        if (kind, idle) not in self._blocks:
            found = dict(self.outer.block(kind, idle=idle)) if self.outer else {}
            for entry in self._written(kind):
                lay(found, entry, self.scope.idle(blind=True) if idle else self.scope)
            self._blocks[kind, idle] = found
        return self._blocks[kind, idle]

    def _written(self, kind: str) -> Iterator[Entry]:
        if not kind:
            yield from (entry for entry in self.written.entries if entry.key.text in POLICY)
            return
        for key in dict.fromkeys((kind.partition(".")[0], kind)):
            block = self.written.get(key)
            yield from block.entries if isinstance(block, Mapping) else ()


def lay(found: dict[str, Entry], over: Entry, scope: Scope) -> None:
    """Lay an entry over others; `null` takes one away."""
    name = over.key.text
    if is_null(over.value):
        found.pop(name, None)
    else:
        found[name] = Entry(over.key, scope.setting(name, over.value))


def is_null(node: Node) -> bool:
    """Tell whether it takes away what would come from around."""
    return isinstance(node, Scalar) and node.plain and node.text == "null"


class Around(NamedTuple):
    """What the sections around an item hand down to it."""

    owner: str = ""
    runbook: str = ""
    tags: tuple[str, ...] = ()
    defaults: Defaults | None = None
    skipped: str = ""


class Draft:
    """One item of the outline, or the profile as a whole."""

    def __init__(self, item: Item | Profile, scope: Scope, parent: Draft | None, address: str) -> None:
        self.item = item
        self.scope = scope
        """What `$(…)` means in its own keys."""
        self.inner = scope
        """What it means in what is below; another one when a file is included."""
        self.parent = parent
        self.address = address
        self.depth: int = parent.depth + 1 if parent else 0
        self.name = ""
        self.id = ""
        self.body: Profile | None = None
        """The file that it includes."""
        self.around = Around()
        self.slug = False
        self.each = Each.NO
        self.unknown = False
        """Nobody knows its children: they are elements of a variable that has no value."""
        self.children: list[Draft] = []
        self.ids: dict[str, Draft] = {}
        """Its children by id, or by label when they are elements."""

    @property
    def mark(self) -> Mark:
        """Where it is written."""
        return self.item.mark

    @property
    def is_check(self) -> bool:
        """Whether it is a check and no section."""
        return isinstance(self.item, Item) and self.item.is_check and self.each is not Each.SECTION

    @property
    def typing(self) -> Scope:
        """What `$(…)` means where a value must be of a type, which in what does not apply it need not be."""
        return self.scope.idle(blind=True) if self.around.skipped else self.scope

    def get(self, key: str) -> Node | None:
        """Give what stands under a key.

        With `each`, what names the element belongs to every child, as all that only a check has; the rest
        to the section of them.
        """
        node = self.item.get(key)
        if node is None or self.each is Each.NO:
            return node
        return node if _of_element(key, node) == (self.each is Each.ELEMENT) else None

    def own(self, key: str) -> tuple[Node | None, str, Scope]:
        """Give what stands under a key of the item, else at the head of the file that it includes."""
        node = self.get(key)
        if node is None and self.body is not None:
            return self.body.get(key), key, self.inner
        return node, key, self.scope

    def walk(self) -> Iterator[Draft]:
        """Give this and all below it, in the order of the profile."""
        waiting = [self]
        while waiting:
            draft = waiting.pop()
            yield draft
            waiting += reversed(draft.children)

    def up(self) -> Iterator[Draft]:
        """Give this and the sections around it, from the inside."""
        place: Draft | None = self
        while place is not None:
            yield place
            place = place.parent


def _of_element(key: str, node: Node) -> bool:
    if key in CHECK or (key == "refs" and isinstance(node, Mapping)):
        return True
    return key not in ("each", "require") and _names_element(node)


def _names_element(node: Node) -> bool:
    texts = (below.text for below in nodes(node) if isinstance(below, Scalar))
    return any(ELEMENT.search(text) for text in texts)
