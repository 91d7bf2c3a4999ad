"""Binding one check: its kind, its settings, its limits."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from agent import registry
from agent.findings import Findings
from agent.limit import Metric
from agent.node import Entry, Mapping, Node, Scalar
from agent.plan.common import common
from agent.plan.draft import Draft, is_null
from agent.plan.limits import Limits, bind_limits, metrics_of
from agent.plan.policy import Policies
from agent.plan.steps import Step
from agent.probe import Probe
from agent.problem import nearest
from agent.profile import Item as Written
from agent.registry import Kind
from agent.settings import check, named, names
from agent.template import METRIC


class Bound(msgspec.Struct, frozen=True):
    """A step, and what is known of its metrics by those who refer to it."""

    step: Step
    kind: Kind
    metrics: dict[str, Metric]


class Checks:
    """Binds checks; every mistake is a finding."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.policies = Policies(findings)

    def bind(self, draft: Draft) -> Bound | None:
        """Bind a check; None when it has no kind that is there."""
        written = draft.item
        assert isinstance(written, Written) and written.kind is not None  # noqa: S101, PT018  a check has a kind
        try:
            kind = registry.find(written.kind.text)
        except registry.UnknownKind as error:
            self.findings.wrong(str(error), written.kind.mark)
            return None
        return self._bound(draft, kind, written.kind, written.settings)

    def _bound(self, draft: Draft, kind: Kind, place: Scalar, written: Node | None) -> Bound:
        settings = self._settings(draft, kind, place, written)
        probe, readings = self._probe(kind, settings, written)
        policy, active, always = self.policies.bind(draft)
        waits = policy.within is not None or policy.hold is not None
        metrics = metrics_of(kind, readings, waits=waits)
        expect = bind_limits(draft.get("expect"), "expect", draft.typing, kind, metrics)
        warn = bind_limits(draft.get("warn"), "warn", draft.typing, kind, metrics)
        limits = (*(limit for name, limit in kind.defaults.items() if name not in expect.names), *expect.known)
        if not limits and draft.get("expect") is None:
            known = ", ".join(sorted(metrics))
            self.findings.wrong(f"asserts nothing: add 'expect' with a limit on one of {known}", place.mark)
        self._need_baseline(draft, expect, warn)
        self._refs(draft, kind, metrics, {*kind.defaults, *expect.names})
        step = Step(
            **common(draft),
            kind=kind.name,
            probe=kind.probe,
            settings=settings,
            ready=None if draft.around.skipped else probe,
            limits=limits,
            late_limits=expect.late,
            warnings=warn.known,
            late_warnings=warn.late,
            policy=policy,
            active=active,
            always=always,
        )
        return Bound(step, kind, metrics)

    # ---- settings

    def _settings(self, draft: Draft, kind: Kind, place: Scalar, own: Node | None) -> Mapping:
        """Give the settings: those of the defaults around it, the nearest winning, then its own."""
        entries = self._defaults(draft, kind)
        if isinstance(own, Mapping):
            for entry in own.entries:
                name = entry.key.text
                if is_null(entry.value) and name in entries:
                    del entries[name]
                    continue
                value = draft.typing.setting(name, entry.value)
                entries[name] = entry if value is entry.value else Entry(entry.key, value)
        elif not _is_mapping(own):
            mark = own.mark if own else place.mark
            self.findings.wrong(f"the settings of {kind.name} are not a mapping: write {kind.name}: {{…}}", mark)
        return Mapping(tuple(entries.values()), place.mark)

    def _defaults(self, draft: Draft, kind: Kind) -> dict[str, Entry]:
        if draft.around.defaults is None:
            return {}
        block = draft.around.defaults.block(kind.name, idle=bool(draft.around.skipped))
        return {name: entry for name, entry in block.items() if name in names(kind.probe)}

    def _probe(self, kind: Kind, settings: Mapping, written: Node | None) -> tuple[Probe | None, tuple[str, ...]]:
        """Give the probe, when all is known, and the metrics that the operator named."""
        readings, wrong = self._named(kind, settings)
        if not _is_mapping(written):
            return None, readings
        mistakes, probe = check(kind.probe, settings, kind.name, whole=not wrong)
        for mistake in mistakes:
            self.findings.wrong(mistake.message, mistake.mark)
        return probe, readings

    def _named(self, kind: Kind, settings: Mapping) -> tuple[tuple[str, ...], bool]:
        """Give the metrics that the operator named, and whether one of them has no name of its own."""
        seen: dict[str, Scalar] = {}
        before = len(self.findings.problems)
        for key in named(kind.probe, settings):
            name = key.text
            if not METRIC.fullmatch(name):
                message = f"'{name}' is no name for a reading: letters, digits and '_', no digit first"
                self.findings.wrong(message, key.mark)
            elif name in kind.metrics:
                message = f"'{name}' is a metric of {kind.name} already: name the reading otherwise"
                self.findings.wrong(message, key.mark)
            elif name in seen:
                message = f"the reading '{name}' is named twice, first in line {seen[name].mark.line}"
                self.findings.wrong(message, key.mark)
            seen[name] = key
        return tuple(seen), len(self.findings.problems) > before

    # ---- what has to agree

    def _need_baseline(self, draft: Draft, *limits: Limits) -> None:
        relative = [found.relative for found in limits if found.relative is not None]
        *_, root = draft.up()
        if relative and root.get("baseline") is None:
            message = "max_increase and max_decrease compare with a 'baseline', which the head of the profile names"
            self.findings.wrong(message, relative[0])

    def _refs(self, draft: Draft, kind: Kind, metrics: dict[str, Metric], limited: Collection[str]) -> None:
        """See that what proves something by a metric has a limit on it."""
        written = draft.get("refs")
        for entry in written.entries if isinstance(written, Mapping) else ():
            name = entry.key.text
            if name not in metrics and not kind.open_names:
                hint = nearest(name, list(metrics), listed=12)
                self.findings.wrong(f"{kind.name} has no metric '{name}'{hint}", entry.key.mark)
            elif name not in limited:
                message = f"refs rest on '{name}', and no limit here is about it: nothing would be proved"
                self.findings.wrong(message, entry.key.mark)


def _is_mapping(node: Node | None) -> bool:
    """Tell whether it is settings; nothing written (`runner:`) is no settings at all."""
    return isinstance(node, Mapping) or (isinstance(node, Scalar) and node.empty)
