"""`defaults`: each key is a policy, a kind or a family of kinds, and each setting one that some kind has."""

from __future__ import annotations

from agent import registry
from agent.findings import Findings
from agent.node import Entry, Mapping
from agent.plan.draft import Draft, is_null
from agent.problem import nearest
from agent.profile.keys import CHECK, COMMON, POLICY
from agent.registry import UnknownKind
from agent.settings import names


def refuse_unknown(root: Draft, findings: Findings) -> None:
    """Find defaults that can reach nothing, which are most often misspelt."""
    used = {kind.text for draft in root.walk() if (kind := getattr(draft.item, "kind", None)) is not None}
    written = {id(found.written): found.written for draft in root.walk() if (found := draft.around.defaults)}
    kinds = (*registry.names(), *sorted(used))  # of a kind that is not there its own line tells
    known = tuple(dict.fromkeys((*POLICY, *kinds, *map(_family, kinds))))
    for block in written.values():
        for entry in block.entries:
            if entry.key.text not in POLICY and not is_null(entry.value):
                _refuse(entry, used, known, findings)


def _family(kind: str) -> str:
    return kind.partition(".")[0]


def _refuse(entry: Entry, used: set[str], known: tuple[str, ...], findings: Findings) -> None:
    key = entry.key.text
    if key in (*COMMON, *CHECK):
        findings.wrong(f"'{key}' cannot be a default: each check says it itself", entry.key.mark)
    elif key not in known:
        findings.wrong(f"unknown default '{key}'{nearest(key, known, listed=0)}", entry.key.mark)
    elif not isinstance(entry.value, Mapping):
        findings.wrong(f"the defaults of {key} are not a mapping", entry.value.mark)
    else:
        reached = [kind for kind in used if key in (kind, _family(kind))]
        _refuse_settings(entry.value, key, {name for kind in reached for name in _settings(kind)}, findings)


def _refuse_settings(written: Mapping, key: str, settings: set[str], findings: Findings) -> None:
    for setting in written.entries if settings else ():
        name = setting.key.text
        if name not in settings:
            hint = nearest(name, sorted(settings))
            findings.wrong(f"unknown setting of {key} '{name}'{hint}", setting.key.mark)


def _settings(kind: str) -> frozenset[str]:
    try:
        return names(registry.find(kind).probe)
    except UnknownKind:
        return frozenset()
