"""References: what `needs` and `$(check.metric)` name.

A name is looked up among the siblings, then outward, never out of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from agent.node import Entry, Late, Mapping, Measured, Node, Sequence
from agent.problem import Mark

if TYPE_CHECKING:
    from agent.plan.outline import Draft

_STEP = re.compile(r"([\w-]+)|\[([^\]]*)\]")
_ANCHOR = "\0"


def anchored(node: Node, address: str) -> Node:
    """Have the readings in it looked up from that address, wherever the node is used."""
    return mapped(node, lambda part, _: Measured(f"{address}{_ANCHOR}{part.address}", part.metric, part.escaped))


def mapped(node: Node, change: Callable[[Measured, Mark], Measured]) -> Node:
    """Give a node with every reading in it changed; what has none is given back as it is."""
    if isinstance(node, Late):
        parts = tuple(change(part, node.mark) if isinstance(part, Measured) else part for part in node.parts)
        return Late(parts, node.mark)
    if not any(True for _ in measured(node)):
        return node
    if isinstance(node, Mapping):
        return Mapping(tuple(Entry(entry.key, mapped(entry.value, change)) for entry in node.entries), node.mark)
    return (
        Sequence(tuple(mapped(item, change) for item in node.items), node.mark) if isinstance(node, Sequence) else node
    )


def measured(node: Node) -> Iterator[tuple[Measured, Late]]:
    """Give every reading that stands in a node, with the scalar that it stands in."""
    if isinstance(node, Late):
        yield from ((part, node) for part in node.parts if isinstance(part, Measured))
    elif isinstance(node, Mapping):
        for entry in node.entries:
            yield from measured(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from measured(item)


def find(name: str, start: Draft) -> Draft | None:
    """Look a name up from an item: among its siblings, then outward to the end of the file."""
    address, _, plain = name.rpartition(_ANCHOR)
    place: Draft | None = _root(start).at(address) if address else start
    while place is not None and place.parent is not None:
        found = _below(place.parent, plain)
        if found is not None:
            return found
        place = place.parent if place.parent.body is None else None
    return None


def shown(name: str) -> str:
    """Give a reference as it was written."""
    return name.rpartition(_ANCHOR)[2]


def known(start: Draft) -> list[str]:
    """List the ids that a reference from an item could name."""
    names: list[str] = []
    place: Draft | None = start
    while place is not None and place.parent is not None:
        names += [identity for identity, draft in place.parent.ids.items() if draft is not start]
        place = place.parent if place.parent.body is None else None
    return names


def _root(draft: Draft) -> Draft:
    return draft if draft.parent is None else _root(draft.parent)


def _below(section: Draft, path: str) -> Draft | None:
    """Follow `section/check` or `metrics[orders_total]` down from a section."""
    place: Draft | None = section
    for word, label in _STEP.findall(path):
        if place is None:
            return None
        place = place.ids.get(word) if word else place.element(label)
    return place if place is not section else None
