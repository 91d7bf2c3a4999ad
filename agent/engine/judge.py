"""Holding a reading against the limits of its check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from agent import compare, threshold
from agent.compare import Incomparable
from agent.engine.reading import Measured
from agent.engine.ready import Ready
from agent.limit import RELATIVE, Limit
from agent.model import Breach, Outcome
from agent.plan.steps import Baseline
from agent.probe import Unreadable, Value

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


class Judge:
    """The limits of one check."""

    def __init__(self, ready: Ready, baseline: Baseline | None) -> None:
        self._ready = ready
        policy = ready.step.policy
        self._waits = policy.within is not None or policy.hold is not None
        baseline = baseline or Baseline()
        self._before = baseline.readings.get(ready.step.address, {})
        self._missing = baseline.missing or "there is no reading of it in the baseline"

    def __call__(self, seen: Measured, waited: float | None = None) -> Observation:
        """Judge one reading.  `waited`: if it passes the check ends, having waited so many seconds.

        How long it waited is judged once, at the end: no further attempt makes it shorter.
        """
        values = seen.values
        breaches = self._breaches(self._ready.limits, values, of_wait=False)
        passed = not breaches
        if passed and waited is not None:
            values = {**values, WAITED: waited}
            breaches = self._breaches(self._ready.limits, values, of_wait=True)
        unknown = "" if breaches else self._unknown()
        return Observation(
            outcome=self._outcome(breaches, unknown),
            reason=unknown,
            values=values,
            named=seen.named,
            breaches=breaches,
            warnings=self._warnings(values),
            final=passed and bool(breaches or unknown),
        )

    def _outcome(self, breaches: Iterable[Breach], unknown: str) -> Outcome:
        """Tell a failed target from a witness whose answer is no answer (`gates`)."""
        probe = self._ready.probe
        if unknown or (probe.witness and any(breach.metric in probe.gates for breach in breaches)):
            return Outcome.ERROR
        return Outcome.FAIL if breaches else Outcome.PASS

    def _breaches(self, limits: Iterable[Limit], values: Mapping[str, Value], *, of_wait: bool) -> tuple[Breach, ...]:
        chosen = (limit for limit in limits if (self._waits and limit.metric.name == WAITED) is of_wait)
        return tuple(breach for limit in chosen for breach in self._held(limit, values.get(limit.metric.name)))

    def _warnings(self, values: Mapping[str, Value]) -> tuple[Breach, ...]:
        warnings = self._breaches(self._ready.warnings, values, of_wait=False)
        return warnings + self._breaches(self._ready.warnings, values, of_wait=True) if WAITED in values else warnings

    def _held(self, limit: Limit, value: Value) -> tuple[Breach, ...]:
        """Judge a value; what wants a baseline that is not there is left out."""
        if self._comparable(limit) or isinstance(value, Unreadable):
            return threshold.judge(limit, value, self._before.get(limit.metric.name))
        return threshold.judge(Limit(limit.metric, tuple(t for t in limit.tests if t.op not in RELATIVE)), value)

    def _comparable(self, limit: Limit) -> bool:
        relative = any(test.op in RELATIVE for test in limit.tests)
        return not relative or _has_size(self._before.get(limit.metric.name))

    def _unknown(self) -> str:
        """Say which limit could not be judged for want of a baseline; empty when all could."""
        limits = [limit.metric.name for limit in self._ready.limits if not self._comparable(limit)]
        return f"{limits[0]} has nothing to compare with: {self._missing}" if limits else ""


def _has_size(before: Value) -> bool:
    try:
        return isinstance(compare.sized(before), Decimal)
    except Incomparable:
        return False
