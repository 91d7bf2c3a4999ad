"""The words that the rooms share: outcomes, severities, what one check came to.

Everything here is data, immutable, and encodes to JSON as it stands.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Outcome(StrEnum):
    """How a check or a section ended (DESIGN section 3)."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    BLOCKED = "blocked"
    PENDING = "pending"
    SKIPPED = "skipped"
    WAIVED = "waived"
    INCONCLUSIVE = "inconclusive"


UNDECIDED = frozenset({Outcome.ERROR, Outcome.BLOCKED, Outcome.PENDING, Outcome.INCONCLUSIVE})
"""Outcomes that say that nobody knows."""


class Severity(StrEnum):
    """How much an item weighs: a critical one is a veto, an advisory one only tells."""

    CRITICAL = "critical"
    NORMAL = "normal"
    ADVISORY = "advisory"


class Decision(StrEnum):
    """The answer to "is it safe to go?"."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"


class Breach(msgspec.Struct, frozen=True):
    """One limit that did not hold; `actual` and `expected` are written for a person."""

    metric: str
    actual: str
    expected: str

    def __str__(self) -> str:
        return f"{self.metric} is {self.actual}, expected {self.expected}"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One look: when, for how long, what was read and why it did or did not pass."""

    number: int
    started_seconds: float
    """Since the start of the run."""
    duration_seconds: float
    outcome: Outcome
    """PASS, FAIL or ERROR (could not look)."""
    reason: str = ""
    """Why it did not pass; empty when it did."""
    readings: dict[str, Any] = {}
    """Metric to value as it may be shown: cut, masked; null is "absent"."""
    unreadable: dict[str, str] = {}
    """Metric to the reason why it could not be read."""
    breaches: tuple[Breach, ...] = ()
    warnings: tuple[Breach, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one check came to.  Every step of a plan gets exactly one, whatever happens."""

    address: str
    outcome: Outcome
    reason: str = ""
    """Why it is not a plain pass, in one line; for a pass after a retry it says so."""
    attempts: tuple[Attempt, ...] = ()
    blocked_by: tuple[str, ...] = ()
    """Addresses of what it needed and did not get."""
    retried: bool = False
    """It passed, but not at the first attempt."""
    cut_short: bool = False
    """The run's deadline or an interrupt ended it, or kept it from starting; such a run is never GO."""
    waited_seconds: float | None = None
    """With `within` or `hold`: from the first attempt to the end."""

    @property
    def last(self) -> Attempt | None:
        """The attempt that decided: the newest one of the outcome's kind, else the newest."""
        wanted = Outcome.FAIL if self.outcome is Outcome.WAIVED else self.outcome
        matching = [attempt for attempt in self.attempts if attempt.outcome is wanted]
        return next(reversed(matching or self.attempts), None)

    @property
    def warnings(self) -> tuple[Breach, ...]:
        """Limits under `warn` that did not hold at the deciding attempt."""
        return self.last.warnings if self.last else ()
