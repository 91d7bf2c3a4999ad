"""Binding one check: its kind, its settings, its limits."""

from __future__ import annotations

import msgspec

from agent import registry
from agent.findings import Findings
from agent.limit import Metric
from agent.node import Entry, Mapping, Node, Scalar
from agent.plan.common import common
from agent.plan.limits import Limits, bind_limits, metrics_of
from agent.plan.outline import Draft
from agent.plan.policy import bind_policy
from agent.plan.steps import Step
from agent.probe import Probe
from agent.profile import Item as Written
from agent.registry import Kind
from agent.settings import check, fields, named
from agent.template import METRIC


class Bound(msgspec.Struct, frozen=True):
    """A step, and what is known of its metrics by those who refer to it."""

    step: Step
    kind: Kind
    metrics: dict[str, Metric]


def bind_check(draft: Draft, findings: Findings) -> Bound | None:
    """Bind a check; None when it has no kind that is there.  Every mistake is a finding."""
    written = draft.item
    if not isinstance(written, Written) or written.kind is None:  # pragma: no cover  the caller looked
        return None
    try:
        kind = registry.find(written.kind.text)
    except registry.UnknownKind as error:
        findings.wrong(str(error), written.kind.mark)
        for node in (written.settings, draft.get("expect"), draft.get("warn")):
            draft.scope.touch(node or written.kind)
        return None
    settings = _settings(draft, written, kind, findings)
    probe = _probe(kind, settings, findings) if _is_mapping(written.settings) else None
    metrics = metrics_of(kind, _named(kind, settings, findings))
    expect = bind_limits(_resolved(draft, "expect"), kind, metrics, findings)
    warn = bind_limits(_resolved(draft, "warn"), kind, metrics, findings, key="warn")
    limits = (*(limit for name, limit in kind.defaults.items() if name not in expect.names), *expect.known)
    if not limits and not expect.late and draft.get("expect") is None:
        findings.wrong(_asserts_nothing(kind, metrics), written.kind.mark)
    policy, active, always = bind_policy(draft)
    step = Step(
        **common(draft),
        kind=kind.name,
        probe=kind.probe,
        settings=settings,
        ready=probe,
        limits=limits,
        late_limits=expect.late,
        warnings=warn.known,
        late_warnings=warn.late,
        policy=policy,
        active=active,
        always=always,
    )
    _need_baseline(draft, (expect, warn), findings)
    return Bound(step, kind, metrics)


def _need_baseline(draft: Draft, limits: tuple[Limits, ...], findings: Findings) -> None:
    root = draft
    while root.parent is not None:
        root = root.parent
    if any(found.relative for found in limits) and root.get("baseline") is None:
        findings.wrong("max_increase and max_decrease want a baseline at the head of the profile", draft.mark)


def _asserts_nothing(kind: Kind, metrics: dict[str, Metric]) -> str:
    return f"asserts nothing: add 'expect' with a limit on one of {', '.join(sorted(metrics))}"


def _resolved(draft: Draft, key: str) -> Node | None:
    written = draft.get(key)
    return None if written is None else draft.scope.resolve(written)


def _probe(kind: Kind, settings: Mapping, findings: Findings) -> Probe | None:
    mistakes, probe = check(kind.probe, settings, kind.name)
    for mistake in mistakes:
        findings.wrong(mistake.message, mistake.mark)
    return probe


def _named(kind: Kind, settings: Mapping, findings: Findings) -> tuple[str, ...]:
    """Give the metrics that the operator named, each seen to be a name of its own."""
    seen: dict[str, Scalar] = {}
    for key in named(kind.probe, settings):
        if not METRIC.fullmatch(key.text):
            findings.wrong(f"'{key.text}' is no name for a reading: letters, digits and '_', no digit first", key.mark)
        elif key.text in kind.metrics:
            findings.wrong(f"'{key.text}' is a metric of {kind.name} already: name the reading otherwise", key.mark)
        elif key.text in seen:
            findings.wrong(
                f"the reading '{key.text}' is named twice, first in line {seen[key.text].mark.line}", key.mark
            )
        seen[key.text] = key
    return tuple(seen)


def _settings(draft: Draft, written: Written, kind: Kind, findings: Findings) -> Mapping:
    """Give the settings: those of the defaults around it, the nearest winning, then its own."""
    own = written.settings
    if not isinstance(own, Mapping):
        mark = own.mark if own else draft.mark
        if not _is_mapping(own):
            findings.wrong(f"the settings of {kind.name} are not a mapping: write {kind.name}: {{…}}", mark)
        own = Mapping((), mark)
    entries = _defaults(draft, kind)
    for entry in own.entries:
        entries[entry.key.text] = Entry(entry.key, draft.scope.resolve(entry.value, escaped=entry.key.text == "regex"))
    return Mapping(tuple(entries.values()), own.mark)


def _is_mapping(node: Node | None) -> bool:
    """Tell whether it is settings; nothing written (`runner:`) is no settings at all."""
    return isinstance(node, Mapping) or (isinstance(node, Scalar) and node.empty)


def _defaults(draft: Draft, kind: Kind) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    has = {field.encode_name for field in fields(kind.probe)}
    for defaults in draft.around.defaults:
        for key in dict.fromkeys((kind.name.partition(".")[0], kind.name)):
            block = defaults.written.get(key)
            for entry in block.entries if isinstance(block, Mapping) else ():
                name = entry.key.text
                if _is_null(entry.value):
                    found.pop(name, None)
                elif name in has:
                    found[name] = Entry(entry.key, defaults.scope.resolve(entry.value, escaped=name == "regex"))
    return found


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in ("", "null")
