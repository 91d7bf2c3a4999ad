"""The keys of a profile, by what they belong to (DESIGN section 2, "The tree")."""

from __future__ import annotations

from collections.abc import Collection

COMMON = ("name", "id", "owner", "runbook", "tags", "refs", "refutes", "when", "needs", "severity", "each")
SECTION = ("require", "defaults")
POLICY = ("timeout", "retry", "within", "every", "hold", "tolerate")
CHECK = ("expect", "warn", "active", "always", *POLICY)
BODIES = ("checks", "include")
RUN = ("subject", "deadline", "concurrency", "baseline", "waivers")
"""Keys that are about a run, and so stand in a profile and not in what it includes."""
HEAD = ("title", "description", "vars", "checks", "extends", *RUN)
_OF_ITEMS = ("each", "needs", "id")
PROFILE = (*(key for key in COMMON if key not in _OF_ITEMS), *SECTION, *HEAD)

OF_CHECK = frozenset((*COMMON, *CHECK))
OF_SECTION = frozenset((*COMMON, *SECTION))
OF_PROFILE = frozenset(PROFILE)


def elsewhere(key: str, here: str, kinds: Collection[str]) -> str:
    """Say where a key belongs that has no place here; empty when it is no key at all."""
    if key == "remove":
        return "'remove' takes a check out of an extended profile, and nothing is extended here"
    if key == "vars":
        return "'vars' stand at the head of a profile or beside 'include'"
    if key in HEAD and key not in BODIES:
        return f"'{key}' stands at the head of a profile"
    if key in CHECK:
        return f"'{key}' belongs to a check, and this is {here}"
    if key in SECTION:
        return f"'{key}' belongs to a section, and this is {here}"
    if key in COMMON or key in BODIES:
        return f"'{key}' belongs to a check or a section, and this is {here}"
    return f"'{key}' is a kind, which makes a check, and this is {here}" if key in kinds else ""
