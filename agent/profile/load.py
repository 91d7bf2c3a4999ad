"""Reading a profile: the head, and the items below it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from agent.findings import Findings
from agent.node import Entry, Mapping, Node, Sequence
from agent.problem import Mark, nearest
from agent.profile import mentions
from agent.profile.extends import chain, merged
from agent.profile.items import Item, Reader
from agent.profile.keys import OF_PROFILE, PROFILE, RUN, elsewhere


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile, or a fragment that one includes, as written."""

    path: Path
    mark: Mark
    keys: dict[str, Entry]
    """Everything but the checks."""
    items: tuple[Item, ...]
    written: int
    """How many items stand under `checks`, those that are none among them."""

    def get(self, key: str) -> Node | None:
        """Give what stands under a key of the head."""
        entry = self.keys.get(key)
        return entry.value if entry is not None else None


def load(
    path: Path, findings: Findings, kinds: Collection[str], *, asked: Mark | None = None, fragment: bool = False
) -> Profile | None:
    """Read a profile and what it extends.  None when one of them cannot be read; all mistakes are findings.

    `kinds` are the names of the installed kinds; `asked` is where a profile includes this one.
    """
    source = findings.read(path, asked)
    roots = chain(path, source.root, findings) if source else None
    if roots is None:
        return None
    root = merged(roots, findings)
    mentions.check(root, roots[1:], findings)
    _head(root, findings, kinds, fragment=fragment)
    below = root.get("checks")
    return Profile(
        path=path,
        mark=root.mark,
        keys={entry.key.text: entry for entry in root.entries if entry.key.text != "checks"},
        items=Reader(findings, kinds).items(below),
        written=len(below.items) if isinstance(below, Sequence) else 0,
    )


def _head(root: Mapping, findings: Findings, kinds: Collection[str], *, fragment: bool) -> None:
    for entry in root.entries:
        key = entry.key.text
        if key not in OF_PROFILE:
            here = "the head of a profile"
            message = (
                elsewhere(key, here, kinds) or f"unknown key '{key}' of a profile{nearest(key, PROFILE, listed=0)}"
            )
            findings.wrong(message, entry.key.mark)
        elif fragment and key in RUN:
            findings.wrong(f"'{key}' is about a whole run and cannot stand in an included file", entry.key.mark)
    if root.get("checks") is None:
        findings.wrong("has no checks: a profile that asserts nothing is never GO", root.mark)
