"""`defaults`: each key is a policy, a kind or a family of kinds, and each setting one that some kind has."""

from __future__ import annotations

from agent import registry
from agent.findings import Findings
from agent.node import Entry, Mapping
from agent.plan.outline import Draft
from agent.problem import nearest
from agent.profile.items import POLICY
from agent.registry import UnknownKind
from agent.settings import fields


def refuse_unknown(root: Draft, findings: Findings) -> None:
    """Find defaults that can reach nothing, which are most often misspelt."""
    kinds = registry.names()
    families = tuple({name.partition(".")[0] for name in kinds})
    used = {kind.text for draft in root.walk() if (kind := getattr(draft.item, "kind", None)) is not None}
    blocks = {id(found.written): found.written for draft in root.walk() for found in draft.around.defaults}
    for block in blocks.values():
        for entry in block.entries:
            _refuse(entry, used, (*POLICY, *kinds, *families), findings)


def _refuse(entry: Entry, used: set[str], known: tuple[str, ...], findings: Findings) -> None:
    key = entry.key.text
    if key in POLICY:
        return
    if key not in known:
        findings.wrong(f"unknown default '{key}'{nearest(key, known, listed=0)}", entry.key.mark)
        return
    if not isinstance(entry.value, Mapping):
        findings.wrong(f"the defaults of {key} are not a mapping", entry.value.mark)
        return
    reached = [name for name in used if name == key or name.startswith(f"{key}.")]
    settings = {name for kind in reached for name in _settings(kind)}
    for setting in entry.value.entries if settings else ():
        if setting.key.text not in settings:
            hint = nearest(setting.key.text, sorted(settings))
            findings.wrong(f"unknown setting of {key} '{setting.key.text}'{hint}", setting.key.mark)


def _settings(kind: str) -> list[str]:
    try:
        return [field.encode_name for field in fields(registry.find(kind).probe)]
    except UnknownKind:
        return []
