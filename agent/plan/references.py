"""References: what `needs` and `$(check.metric)` name.

A name is looked up among the siblings, then outward, never out of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from agent.node import Entry, Late, Mapping, Measured, Node, Sequence
from agent.plan.draft import Draft, Each
from agent.problem import Mark

_STEP = re.compile(r"([\w-]+)|\[([^\]]+)\]")
_PATH = re.compile(r"[\w-]+(?:\[[^\]]+\])*(?:/[\w-]+(?:\[[^\]]+\])*)*")


class Anchored(Measured, frozen=True, gc=False):
    """A reading that is looked up from another place than the one where it is used: beside an `include`."""

    start: str = ""
    """Address of the item that it was given to."""


def anchored(node: Node, address: str) -> Node:
    """Have the readings in it looked up from that address, wherever the node is used."""

    def anchor(part: Measured, _: Mark) -> Measured:
        if isinstance(part, Anchored):
            return part
        return Anchored(part.address, part.metric, part.escaped, address)

    return mapped(node, anchor)


def mapped(node: Node, change: Callable[[Measured, Mark], Measured]) -> Node:
    """Give a node with every reading in it changed; what has none is given back as it is."""
    if isinstance(node, Late):
        parts = tuple(change(part, node.mark) if isinstance(part, Measured) else part for part in node.parts)
        return Late(parts, node.mark)
    if isinstance(node, Mapping) and _holds_readings(node):
        return Mapping(tuple(Entry(entry.key, mapped(entry.value, change)) for entry in node.entries), node.mark)
    if isinstance(node, Sequence) and _holds_readings(node):
        return Sequence(tuple(mapped(item, change) for item in node.items), node.mark)
    return node


def _holds_readings(node: Node) -> bool:
    if isinstance(node, Late):
        return any(isinstance(part, Measured) for part in node.parts)
    if isinstance(node, Mapping):
        return any(_holds_readings(entry.value) for entry in node.entries)
    return isinstance(node, Sequence) and any(map(_holds_readings, node.items))


def find(name: str, start: Draft) -> Draft | None:
    """Look a name up from an item: among its siblings, then outward to the end of the file."""
    for section in _sections(start):
        found = _below(section, name)
        if found is not None:
            return found
    return None


def _sections(start: Draft) -> Iterator[Draft]:
    """Give the sections whose children a reference from an item can name, the nearest first."""
    place = start.parent
    while place is not None:
        yield place
        place = place.parent if place.body is None else None


def known(start: Draft) -> tuple[str, ...]:
    """Give the ids that a reference from an item could name, the nearest first."""
    names = (name for section in _sections(start) for name, draft in section.ids.items() if draft is not start)
    return tuple(dict.fromkeys(names))


def path_to(found: Draft, start: Draft) -> str:
    """Give the path by which an item can be named from another; empty when it cannot."""
    for section in _sections(start):
        if section in found.up():
            return found.address[len(section.address) :].lstrip("/")
    return ""


def _below(section: Draft, path: str) -> Draft | None:
    """Follow `section/check` or `metrics[orders_total]` down from a section."""
    if not _PATH.fullmatch(path):
        return None
    place: Draft | None = section
    for word, label in _STEP.findall(path):
        if place is None or (bool(label) is not (place.each is Each.SECTION)):
            return None
        if not place.unknown:
            place = place.ids.get(word or label)
    return place if place is not section else None
