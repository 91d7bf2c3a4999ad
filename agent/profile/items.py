"""The items of a profile: sections and checks, told apart, every key known."""

from __future__ import annotations

from collections.abc import Sequence as Many

import msgspec

from agent.findings import Findings
from agent.node import Entry, Mapping, Node, Scalar, Sequence
from agent.problem import Mark, nearest

COMMON = ("name", "id", "owner", "runbook", "tags", "refs", "refutes", "when", "needs", "severity", "each")
SECTION = ("require", "defaults")
POLICY = ("timeout", "retry", "within", "every", "hold", "tolerate")
CHECK = ("expect", "warn", "active", "always", *POLICY)
_BODIES = ("checks", "include")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item as written: a check has a kind, a section has `checks` or `include`."""

    mark: Mark
    keys: Mapping
    """The keys that are not the body: `name`, `when`, `expect` …"""
    kind: Scalar | None = None
    settings: Node | None = None
    include: Scalar | None = None
    given: Mapping | None = None
    """`vars` beside `include`."""
    children: tuple[Item, ...] = ()

    def get(self, key: str) -> Node | None:
        """Give what stands under a key."""
        return self.keys.get(key)

    @property
    def is_check(self) -> bool:
        """Whether it has a kind."""
        return self.kind is not None


def read_items(node: Node | None, findings: Findings, kinds: Many[str]) -> tuple[Item, ...]:
    """Read a list under `checks`; what is wrong is a finding, and the rest is read all the same."""
    if not isinstance(node, Sequence):
        if node is not None:
            findings.wrong("checks is not a list: write each check as '- name: …'", node.mark)
        return ()
    if not node.items:
        findings.wrong("checks is an empty list, which asserts nothing", node.mark)
    read = (_item(item, findings, kinds) for item in node.items)
    return tuple(item for item in read if item is not None)


def _item(node: Node, findings: Findings, kinds: Many[str]) -> Item | None:
    if not isinstance(node, Mapping):
        findings.wrong("is not a check: a check is a mapping with a name and a kind", node.mark)
        return None
    bodies = [key for key in _BODIES if node.get(key) is not None]
    if len(bodies) > 1:
        findings.wrong("has both 'checks' and 'include': a section is one or the other", node.mark)
        return None
    return _section(node, bodies[0], findings, kinds) if bodies else _check(node, findings, kinds)


def _section(node: Mapping, body: str, findings: Findings, kinds: Many[str]) -> Item:
    known = [*COMMON, *SECTION, body, *(["vars"] if body == "include" else [])]
    for entry in node.entries:
        if entry.key.text not in known:
            findings.wrong(_misplaced(entry.key.text, known, kinds), entry.key.mark)
    keys = Mapping(tuple(entry for entry in node.entries if entry.key.text in COMMON + SECTION), node.mark)
    if body == "include":
        return Item(
            mark=node.mark,
            keys=keys,
            include=_scalar(node.get("include"), "include", findings),
            given=_mapping(node.get("vars"), "vars", findings),
        )
    return Item(mark=node.mark, keys=keys, children=read_items(node.get("checks"), findings, kinds))


def _misplaced(key: str, known: Many[str], kinds: Many[str]) -> str:
    if key in CHECK:
        return f"'{key}' belongs to a check, and this is a section"
    if key in kinds:
        return f"'{key}' makes this a check, and 'checks' a section: it cannot be both"
    if key == "vars":
        return "'vars' stand at the head of a profile or beside 'include'"
    return f"unknown key '{key}' of a section{nearest(key, known)}"


def _check(node: Mapping, findings: Findings, kinds: Many[str]) -> Item | None:
    each = ("require",) if node.get("each") is not None else ()
    known = COMMON + CHECK + each
    others = [entry for entry in node.entries if entry.key.text not in known]
    found = [entry for entry in others if entry.key.text in kinds]
    if len(found) > 1:
        names = " and ".join(f"'{entry.key.text}'" for entry in found)
        findings.wrong(f"has the kinds {names}: a check has exactly one", found[1].key.mark)
        return None
    body = found[0] if found else _meant_as_kind(node, others, findings, kinds)
    for entry in others:
        if entry is not body and body is not None:
            findings.wrong(_unknown_key(entry.key.text, known), entry.key.mark)
    if body is None:
        return None
    keys = Mapping(tuple(entry for entry in node.entries if entry.key.text in known), node.mark)
    return Item(mark=node.mark, keys=keys, kind=body.key, settings=body.value)


def _unknown_key(key: str, known: Many[str]) -> str:
    if key in SECTION:
        return f"'{key}' belongs to a section, and this is a check"
    return f"unknown key '{key}' of a check{nearest(key, known, listed=0)}"


def _meant_as_kind(node: Mapping, others: Many[Entry], findings: Findings, kinds: Many[str]) -> Entry | None:
    """Take an unknown key with settings below it for a kind, which binding will not find."""
    meant = [entry for entry in others if isinstance(entry.value, Mapping) or "." in entry.key.text]
    if meant:
        return meant[0]
    known = (*COMMON, *CHECK, *_BODIES, *kinds)
    for entry in others:
        hint = nearest(entry.key.text, known, listed=0)
        findings.wrong(f"unknown key '{entry.key.text}'{hint}", entry.key.mark)
    if not others:
        findings.wrong("has no kind, such as http, tls or exec, and no checks: it asserts nothing", node.mark)
    return None


def _scalar(node: Node | None, name: str, findings: Findings) -> Scalar | None:
    if isinstance(node, Scalar) and not node.empty:
        return node
    if node is not None:
        findings.wrong(f"{name} is not text", node.mark)
    return None


def _mapping(node: Node | None, name: str, findings: Findings) -> Mapping | None:
    if node is None or isinstance(node, Mapping):
        return node
    findings.wrong(f"{name} is not a mapping", node.mark)
    return None
