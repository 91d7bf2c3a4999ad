"""See that alerting and recording rules are loaded, healthy, evaluated, and fed by series that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from anyio import to_thread
from msgspec import Meta, field

from agent.probe import Need, Reading, Unreadable
from probes.extract import Pattern
from probes.http.readings import apart
from probes.http.visit import Visit
from probes.prometheus import rulefile, ruleset
from probes.prometheus.chosen import Chosen, Health, Wanted
from probes.prometheus.client import Client
from probes.prometheus.comparison import FORMAT, Comparison, compare
from probes.prometheus.feeding import Fed, feeding
from probes.prometheus.rulefile import Written
from probes.prometheus.ruleset import Groups, Loaded
from probes.prometheus.server import Server
from probes.prometheus.times import server_time

__all__ = ["RulesProbe", "RulesReading"]

_TOLD = 20
"""Problems that are told."""


class RulesReading(Reading, frozen=True, kw_only=True):
    """The rules that were asked for.  What one rule has is a value, what several have is a list."""

    loaded: bool
    """Whether each rule that was asked for is there; without any asked for, whether there is one at all."""
    rules: int
    """Rules that were found."""
    missing: list[str]
    """Names that were asked for, or stand in `file`, without a rule."""
    health: Health | None
    """The worst of them: `err` when the last evaluation failed, `unknown` before the first; absent without rules."""
    severity: str | list[str | None] | None
    """Their label `severity`; absent where there is none."""
    query: str | list[str] | None
    """Their expressions, as the server writes them."""
    for_seconds: float | list[float] | None
    """How long an alert's expression must hold before it fires."""
    runbook: str | list[str | None] | None
    """Their annotation `runbook_url`."""
    evaluation_age_seconds: float | Unreadable | None
    """Since the last evaluation, of the rule that waits longest; absent when none was."""
    overdue: int | Unreadable
    """Rules that were not evaluated for two intervals of their group."""
    unfed: list[str] | Unreadable
    """Metrics without series now that these rules read, or that recording rules should make.  What stands in
    `absent()` does not count."""
    changed: list[str] | Unreadable
    """With `file`: rules that are loaded otherwise than they are written, and how (expression, labels, `for`,
    `keep_firing_for`)."""
    extra: list[str]
    """With `file`: rules in its groups that are loaded and not written."""
    problems: list[str]
    """What is wrong with which rule: the first 20."""


class RulesProbe(Server, frozen=True, kw_only=True):
    """Ask Prometheus for its rules; by default for all of them."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "loaded": "true",
        "health": "ok",
        "overdue": "0",
        "unfed": {"equals": []},
        "changed": {"equals": []},
    }
    paths: ClassVar[tuple[str, ...]] = (ruleset.PATH, "/api/v1/query", FORMAT)

    alert: str | Annotated[list[str], Meta(min_length=1)] | None = None
    """Name of an alerting rule that must be there, or a list of names."""

    record: str | Annotated[list[str], Meta(min_length=1)] | None = None
    """Name of a recording rule that must be there, or a list of names."""

    pattern: Pattern | None = None
    """Regular expression that the whole name of at least one rule must match: all of these are looked at."""

    group: str | None = None
    """Look only at the rules of this group."""

    labels: dict[str, str] = field(default_factory=dict)
    """Look only at rules that have these labels: `{severity: critical}`."""

    file: str | None = None
    """Rule file, or PrometheusRule manifest, whose rules must be there and be the same."""

    fed: Fed = "names"
    """Which series must exist: those that have the names of the metrics in an expression (`names`), or those that
    have all labels that stand there as well (`selectors`)."""

    sparse: list[str] = field(default_factory=list)
    """Metrics that may have no series, such as a counter that is created with the first error."""

    async def measure(self) -> RulesReading:
        """Look at the rules once, and at what feeds them.  Raises Unreachable and ProbeError."""
        written = await to_thread.run_sync(rulefile.load, self.file, abandon_on_cancel=True) if self.file else []
        visit = await self.visit(ruleset.PATH)
        chosen = await apart(len(visit.answer.content), self._chosen, visit, written)
        compared = await compare(self, written, chosen.everything) if written else Comparison()
        fed = await feeding(Client(self), [one.rule for one in chosen.loaded], self.fed, self.sparse)
        missing = list(dict.fromkeys([*chosen.missing, *compared.missing]))
        return RulesReading(
            loaded=bool(chosen.loaded) and not missing,
            missing=missing,
            changed=compared.changed,
            extra=compared.extra,
            unfed=fed.unfed,
            problems=[*chosen.problems(), *fed.problems][:_TOLD],
            **chosen.facts(),
        )

    def _chosen(self, visit: Visit, written: Sequence[Written]) -> Chosen:
        """Choose the rules that were asked for."""
        wanted = Wanted(_names(self.alert), _names(self.record), self.pattern, tuple(written))
        groups = [one for one in self.told(visit, Groups).groups if self.group in (None, one.name)]
        everything = [
            Loaded(group.name, rule, group.interval)
            for group in groups
            for rule in group.rules
            if self.labels.items() <= rule.labels.items()
        ]
        found = [one for one in everything if wanted.has(one.rule)]
        missing = wanted.missing([one.rule for one in found])
        if self.group is not None and not groups:
            missing.append(f"group {self.group}")
        return Chosen(found, missing, server_time(visit), everything)

    def permissions(self) -> tuple[Need, ...]:
        """List what is asked, and the file."""
        needs = super().permissions()
        return (*needs, Need("file", "read", self.file)) if self.file else needs


def _names(names: str | list[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())
