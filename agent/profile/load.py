"""Reading a profile: the head, and the items below it."""

from __future__ import annotations

from collections.abc import Sequence as Many
from pathlib import Path

import msgspec

from agent.findings import Findings
from agent.node import Mapping, Node
from agent.problem import Mark, nearest
from agent.profile.extends import merged
from agent.profile.items import COMMON, SECTION, Item, read_items

RUN = ("subject", "deadline", "concurrency", "baseline", "waivers")
"""Keys that are about a run, and so stand in a profile and not in what it includes."""
HEAD = ("title", "description", "vars", "checks", "extends", *RUN)
_OF_PROFILE = tuple(key for key in COMMON if key not in ("each", "needs", "id"))


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile, or a fragment that one includes, as written."""

    path: Path
    mark: Mark
    keys: Mapping
    """Everything but the checks."""
    items: tuple[Item, ...]

    def get(self, key: str) -> Node | None:
        """Give what stands under a key of the head."""
        return self.keys.get(key)


def load(
    path: Path, findings: Findings, kinds: Many[str], *, asked: Mark | None = None, fragment: bool = False
) -> Profile | None:
    """Read a profile and what it extends.  None when the file cannot be read; all mistakes are findings.

    `kinds` are the names of the installed kinds; `asked` is where a profile includes this one.
    """
    source = findings.read(path, asked)
    if source is None:
        return None
    root = merged(path, source.root, findings)
    known = (*_OF_PROFILE, *SECTION, *HEAD)
    for entry in root.entries:
        key = entry.key.text
        if key not in known:
            findings.wrong(f"unknown key '{key}' of a profile{nearest(key, known, listed=0)}", entry.key.mark)
        elif fragment and key in RUN:
            findings.wrong(f"'{key}' is about a whole run and cannot stand in an included file", entry.key.mark)
    if root.get("checks") is None:
        findings.wrong("has no checks: a profile that asserts nothing is never GO", root.mark)
    keys = Mapping(tuple(entry for entry in root.entries if entry.key.text != "checks"), root.mark)
    items = read_items(root.get("checks"), findings, kinds)
    return Profile(path=path, mark=root.mark, keys=keys, items=items)
