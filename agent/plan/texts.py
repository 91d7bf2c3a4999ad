"""Nodes as text, lists of text and mappings, for keys that are known before the run."""

from __future__ import annotations

import re

from agent.findings import Findings
from agent.node import Late, Mapping, Node, Scalar, Sequence
from agent.plan.scope import Scope

_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def text_of(node: Node | None, name: str, scope: Scope) -> str:
    """Take a node as text on one line; another form is a finding, and gives an empty text."""
    return "" if node is None else _text(scope.resolve(node), node, name, scope)


def texts_of(node: Node | None, name: str, scope: Scope) -> tuple[str, ...]:
    """Take a node as a text or a list of texts."""
    if node is None:
        return ()
    found = scope.resolve(node)
    if isinstance(found, Mapping):
        scope.findings.wrong(f"{name} is a mapping, expected text or a list of texts", node.mark)
        return ()
    items = found.items if isinstance(found, Sequence) else (found,)
    return tuple(text for item in items if (text := _text(item, item, name, scope)))


def lines_of(node: Node | None, name: str, scope: Scope) -> str:
    """Take a node as text on as many lines as it likes."""
    return "" if node is None else _text(scope.resolve(node), node, name, scope, lines=True)


def _text(found: Node, place: Node, name: str, scope: Scope, *, lines: bool = False) -> str:
    if isinstance(found, Late):
        if found.parts:  # else a value that nobody demands
            scope.findings.wrong(f"{name} cannot hold a secret or a reading", place.mark)
        return ""
    if not isinstance(found, Scalar):
        scope.findings.wrong(f"{name} is {form(found)}, expected text", place.mark)
        return ""
    if found.empty:
        scope.findings.wrong(f"{name} has no value", place.mark)
        return ""
    return found.text if found.text.isprintable() else _visible(found.text, lines=lines)


def _visible(text: str, *, lines: bool) -> str:
    """Show what a terminal would obey, or what would turn the text around it; lines become one."""
    if not lines:
        text = " ".join(text.split())
    return _UNSEEN.sub("�", text)


def form(node: Node) -> str:
    """Say what stands there instead of text."""
    return {Mapping: "a mapping", Sequence: "a list"}.get(type(node), "a value")


def mapping_of(node: Node | None, name: str, findings: Findings) -> Mapping | None:
    """Take a node as a mapping; another form is a finding."""
    if node is None or isinstance(node, Mapping):
        return node
    findings.wrong(f"{name} is not a mapping", node.mark)
    return None
