"""Holding a reading against the limits of its check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

import msgspec

from agent import compare, threshold
from agent.compare import Incomparable
from agent.engine.reading import Metrics
from agent.engine.ready import Ready
from agent.limit import RELATIVE, Limit
from agent.model import Breach, Outcome
from agent.plan.steps import Baseline
from agent.probe import Unknown, Unreadable, Value

WAITED = "waited_seconds"
"""The metric that the engine measures itself, with `within` and `hold`."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt came to, before it is written down: nothing is cut and nothing masked."""

    outcome: Outcome
    reason: str = ""
    """Why it did not pass, when that is not its breaches."""
    values: Mapping[str, Value] = {}
    named: frozenset[str] = frozenset()
    """The metrics that the operator named."""
    breaches: tuple[Breach, ...] = ()
    warnings: tuple[Breach, ...] = ()
    final: bool = False
    """No further attempt can change what the check comes to."""


_Judgeable: TypeAlias = tuple[Limit, Limit]
"""A limit, and what of it can be judged."""


class Judge:
    """The limits of one check."""

    def __init__(self, ready: Ready, baseline: Baseline | None) -> None:
        step, baseline = ready.step, baseline or Baseline()
        self._probe = ready.probe
        self._before = baseline.readings.get(step.address, {})
        waits = step.policy.within is not None or step.policy.hold is not None
        self._limits, self._of_wait = self._parted(ready.limits, waits=waits)
        self._warnings, self._warnings_of_wait = self._parted(ready.warnings, waits=waits)
        lost = [limit.metric.name for limit, judgeable in self._limits + self._of_wait if limit is not judgeable]
        missing = baseline.missing or "there is no reading of it in the baseline"
        self._unknown = f"{lost[0]} has nothing to compare with: {missing}" if lost else ""

    def __call__(self, seen: Metrics, waited: float | None = None) -> Observation:
        """Judge one reading.  `waited`: if it passes the check ends, having waited so many seconds.

        How long it waited is judged once, at the end: no further attempt makes it shorter.
        """
        values, warnings = seen.values, self._warnings
        breaches = self._breaches(self._limits, values)
        passed = not breaches
        if passed and waited is not None:
            values, warnings = {**values, WAITED: waited}, warnings + self._warnings_of_wait
            breaches = self._breaches(self._of_wait, values)
        return Observation(
            outcome=self._outcome(breaches, values),
            reason="" if breaches else self._unknown,
            values=values,
            named=seen.named,
            breaches=breaches,
            warnings=self._breaches(warnings, values),
            final=passed and bool(breaches or self._unknown),
        )

    def _outcome(self, breaches: tuple[Breach, ...], values: Mapping[str, Value]) -> Outcome:
        """Tell what is wrong from what nobody saw: a witness's answer that is none (`gates`), a metric Unknown."""
        if self._probe.witness and any(breach.metric in self._probe.gates for breach in breaches):
            return Outcome.ERROR
        if any(not isinstance(values.get(breach.metric), Unknown) for breach in breaches):
            return Outcome.FAIL
        return Outcome.ERROR if breaches or self._unknown else Outcome.PASS

    def _breaches(self, limits: Iterable[_Judgeable], values: Mapping[str, Value]) -> tuple[Breach, ...]:
        return tuple(breach for limit in limits for breach in self._held(*limit, values))

    def _held(self, limit: Limit, judgeable: Limit, values: Mapping[str, Value]) -> tuple[Breach, ...]:
        name = limit.metric.name
        value = values.get(name)
        return threshold.judge(limit if isinstance(value, Unreadable) else judgeable, value, self._before.get(name))

    def _parted(self, limits: Iterable[Limit], *, waits: bool) -> tuple[list[_Judgeable], list[_Judgeable]]:
        """Part the limits that any attempt is held against from those on how long the check waited."""
        parts: tuple[list[_Judgeable], list[_Judgeable]] = ([], [])
        for limit in limits:
            parts[waits and limit.metric.name == WAITED].append((limit, self._judgeable(limit)))
        return parts

    def _judgeable(self, limit: Limit) -> Limit:
        """Leave out what wants a baseline that is not there."""
        absolute = tuple(test for test in limit.tests if test.op not in RELATIVE)
        whole = len(absolute) == len(limit.tests) or _has_size(self._before.get(limit.metric.name))
        return limit if whole else Limit(limit.metric, absolute)


def _has_size(before: Value) -> bool:
    try:
        return isinstance(compare.sized(before), Decimal)
    except Incomparable:
        return False
