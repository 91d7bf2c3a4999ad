"""`each`: the elements that it stands for, known before the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from agent.node import Late, Mapping, Measured, Node, Scalar, Sequence
from agent.plan import ids
from agent.plan.draft import Draft
from agent.plan.texts import text_of
from agent.template import ELEMENT


class Element(NamedTuple):
    """One of them; `key` is there when `each` is a mapping."""

    label: str
    node: Node
    key: Scalar | None = None


def elements(section: Draft) -> Iterator[Element]:
    """Give the elements of what `each` makes a section; a label that is there twice is a finding."""
    seen: set[str] = set()
    for element in _elements(section):
        if element.label in seen:
            section.scope.findings.wrong(f"each holds '{element.label}' twice", element.node.mark)
        else:
            seen.add(element.label)
            yield element


def _elements(section: Draft) -> Iterator[Element]:
    written, scope = section.item.get("each"), section.scope
    assert written is not None  # noqa: S101  it is what made the section
    node = scope.resolve(written)
    if isinstance(node, Mapping):
        for number, entry in enumerate(node.entries):
            yield Element(ids.label(entry.key, number), entry.value, Scalar(entry.key.text, entry.key.mark))
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            if _is_reading(item):
                scope.findings.wrong("an element of each cannot be a reading: it is known before the run", item.mark)
            else:
                yield Element(ids.label(item, number), item)
    elif isinstance(node, Late) and not node.parts:
        section.unknown = True
    else:
        what = "known before the run" if isinstance(node, Late) else "of the file or of a variable"
        scope.findings.wrong(f"each wants a list or a mapping, {what}", node.mark)


def _is_reading(node: Node) -> bool:
    return isinstance(node, Late) and any(isinstance(part, Measured) for part in node.parts)


def name_of_section(section: Draft) -> str:
    """Name the section that `each` makes: what stands for the element is left open."""
    written = section.item.get("name")
    if isinstance(written, Scalar):
        written = Scalar(ELEMENT.sub("…", written.text), written.mark, written.plain)
    return text_of(written, "name", section.scope) or section.id


def name_of_element(child: Draft, label: str) -> str:
    """Name one of its children: as written when that names the element, else with its label."""
    written = child.item.get("name")
    name = text_of(written, "name", child.scope) or child.id
    return name if isinstance(written, Scalar) and ELEMENT.search(written.text) else f"{name} [{label}]"
