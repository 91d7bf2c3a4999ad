"""The items of a profile: sections and checks, told apart, every key known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Sequence as Many
from difflib import get_close_matches

import msgspec

from agent.findings import Findings
from agent.node import Entry, Mapping, Node, Scalar, Sequence
from agent.problem import Mark, nearest
from agent.profile.keys import BODIES, CHECK, COMMON, OF_CHECK, OF_SECTION, SECTION, elsewhere


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item as written: a check has a kind, a section has `checks` or `include`."""

    mark: Mark
    keys: dict[str, Entry]
    """The keys that are not the body: `name`, `when`, `expect` …"""
    kind: Scalar | None = None
    settings: Node | None = None
    include: Scalar | None = None
    given: Mapping | None = None
    """`vars` beside `include`."""
    sound: bool = True
    """Whether these could be read."""
    children: tuple[Item, ...] = ()
    written: int = 0
    """How many items stand under `checks`, those that are none among them."""

    def get(self, key: str) -> Node | None:
        """Give what stands under a key."""
        entry = self.keys.get(key)
        return entry.value if entry is not None else None

    @property
    def is_check(self) -> bool:
        """Whether it has a kind."""
        return self.kind is not None


class Reader:
    """Reads items; what is wrong is a finding, and the rest is read all the same."""

    def __init__(self, findings: Findings, kinds: Collection[str]) -> None:
        self.findings = findings
        self.kinds = kinds

    def items(self, node: Node | None) -> tuple[Item, ...]:
        """Read a list under `checks`."""
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            self.findings.wrong("checks is not a list: write each check as '- name: …'", node.mark)
            return ()
        if not node.items:
            self.findings.wrong("checks is an empty list, which asserts nothing", node.mark)
        read = map(self._item, node.items)
        return tuple(item for item in read if item is not None)

    def _item(self, node: Node) -> Item | None:
        if not isinstance(node, Mapping):
            self.findings.wrong("is no check: a check is a mapping with a name and a kind", node.mark)
            return None
        bodies = [entry for entry in node.entries if entry.key.text in BODIES]
        if len(bodies) > 1:
            message = "has both 'checks' and 'include': a section is one or the other"
            self.findings.wrong(message, bodies[1].key.mark)
            return None
        return self._section(node, bodies[0]) if bodies else self._check(node)

    # ---- sections

    def _section(self, node: Mapping, body: Entry) -> Item:
        known = {*OF_SECTION, body.key.text, *(("vars",) if body.key.text == "include" else ())}
        for entry in node.entries:
            if entry.key.text not in known:
                self.findings.wrong(self._misplaced(entry.key.text, known, body.key.text), entry.key.mark)
        keys = _only(OF_SECTION, node)
        if body.key.text == "include":
            given = self._given(node.get("vars"))
            sound = given is not None or node.get("vars") is None
            return Item(mark=node.mark, keys=keys, include=self._file(body.value), given=given, sound=sound)
        written = len(body.value.items) if isinstance(body.value, Sequence) else 0
        return Item(mark=node.mark, keys=keys, children=self.items(body.value), written=written)

    def _misplaced(self, key: str, known: Collection[str], body: str) -> str:
        if key in self.kinds:
            return f"'{key}' makes this a check, and '{body}' a section: it cannot be both"
        return elsewhere(key, "a section", ()) or f"unknown key '{key}' of a section{nearest(key, sorted(known))}"

    def _file(self, node: Node) -> Scalar | None:
        if isinstance(node, Scalar) and not node.empty:
            return node
        self.findings.wrong("include is not the name of a file", node.mark)
        return None

    def _given(self, node: Node | None) -> Mapping | None:
        if node is None or isinstance(node, Mapping):
            return node
        self.findings.wrong("vars is not a mapping of variables to values", node.mark)
        return None

    # ---- checks

    def _check(self, node: Mapping) -> Item | None:
        known = OF_CHECK | {"require"} if node.get("each") is not None else OF_CHECK
        others = [entry for entry in node.entries if entry.key.text not in known]
        found = [entry for entry in others if entry.key.text in self.kinds]
        if len(found) > 1:
            names = " and ".join(f"'{entry.key.text}'" for entry in found)
            self.findings.wrong(f"has the kinds {names}: a check has exactly one", found[1].key.mark)
            return None
        body = found[0] if found else self._meant_as_kind(others)
        self._refuse([entry for entry in others if entry is not body], "a check" if body else "neither")
        if body is None:
            if not others:
                message = "has no kind, such as http, tls or exec, and no checks: it asserts nothing"
                self.findings.wrong(message, node.mark)
            return None
        return Item(mark=node.mark, keys=_only(known, node), kind=body.key, settings=body.value)

    def _meant_as_kind(self, others: Many[Entry]) -> Entry | None:
        """Take an unknown key with settings below it for a kind, which binding will not find."""
        return next((entry for entry in others if self._looks_like_kind(entry)), None)

    def _looks_like_kind(self, entry: Entry) -> bool:
        key = entry.key.text
        if elsewhere(key, "", ()) or not (isinstance(entry.value, Mapping) or "." in key):
            return False
        meant = get_close_matches(key, (*self.kinds, *_OF_ITEM), n=1, cutoff=_SLIP)
        return not meant or meant[0] in self.kinds

    def _refuse(self, entries: Iterable[Entry], here: str) -> None:
        for entry in entries:
            key = entry.key.text
            if here == "a check":
                message = (
                    elsewhere(key, here, ()) or f"unknown key '{key}' of a check{nearest(key, _OF_CHECK, listed=0)}"
                )
            else:
                hint = nearest(key, (*_OF_ITEM, *self.kinds), listed=0)
                message = elsewhere(key, "neither: it has no kind", ()) or f"unknown key '{key}'{hint}"
            self.findings.wrong(message, entry.key.mark)


_SLIP = 0.8
"""How alike a key and a word must be for it to be a slip of the pen, and no kind that is not installed."""
_OF_CHECK = (*COMMON, *CHECK)
_OF_ITEM = (*_OF_CHECK, *SECTION, *BODIES)


def _only(known: Collection[str], node: Mapping) -> dict[str, Entry]:
    return {entry.key.text: entry for entry in node.entries if entry.key.text in known}
