"""What was seen: the attempts of a check, folded, and what the one that decided found."""

from __future__ import annotations

from itertools import groupby

import msgspec

from agent.model import Attempt, Breach, Outcome
from agent.report import Entry
from agent.reporters.wording import duration, reading


def readings(attempt: Attempt) -> list[tuple[str, str]]:
    """Give what an attempt read, with what it could not read."""
    told = {metric: reading(metric, value) for metric, value in attempt.readings.items()}
    return list((told | {metric: f"unreadable: {why}" for metric, why in attempt.unreadable.items()}).items())


class Run(msgspec.Struct, frozen=True):
    """Attempts one after the other that ended alike."""

    first: Attempt
    last: Attempt

    @property
    def number(self) -> str:
        """`3`, or `3-58` for many."""
        same = self.first.number == self.last.number
        return str(self.first.number) if same else f"{self.first.number}-{self.last.number}"

    @property
    def ended(self) -> str:
        """How these ended, and why."""
        return f"{self.first.outcome}: {self.first.reason}" if self.first.reason else str(self.first.outcome)

    @property
    def when(self) -> str:
        """`at 1.2s for 300ms`, or `1.2s to 4m58s` for many."""
        begin = duration(self.first.started_seconds)
        if self.first.number == self.last.number:
            return f"at {begin} for {duration(self.first.duration_seconds)}"
        return f"{begin} to {duration(self.last.started_seconds + self.last.duration_seconds)}"


def runs(attempts: tuple[Attempt, ...]) -> list[Run]:
    """Fold attempts that ended alike and for the same reason, so that sixty looks are one line."""
    folded = [list(same) for _, same in groupby(attempts, key=lambda one: (one.outcome, one.reason))]
    return [Run(alike[0], alike[-1]) for alike in folded]


class Findings(msgspec.Struct, frozen=True):
    """What the deciding attempt of a check found, sorted by what it means."""

    reason: str
    """Why there is nothing to judge; empty when limits were breached."""
    breaches: tuple[Breach, ...]
    warnings: tuple[Breach, ...]
    held: tuple[str, ...]
    """Limits that held beside the breached ones."""
    unjudged: tuple[str, ...]
    """Limits that nobody could hold against anything."""
    read: tuple[tuple[str, str], ...]
    """Metrics that were not breached, with their values."""


def findings(entry: Entry) -> Findings:
    """Sort what the deciding attempt of a check found."""
    last = entry.result.last if entry.result else None
    if last is None:
        return Findings(entry.reason, (), (), (), entry.expectations, ())
    breached = {breach.metric for breach in last.breaches}
    rest = tuple(text for text in entry.expectations if text.partition(":")[0] not in breached)
    judged = bool(breached) or last.outcome is Outcome.PASS
    return Findings(
        reason="" if breached else entry.reason,
        breaches=last.breaches,
        warnings=tuple(breach for breach in last.warnings if breach.metric not in breached),
        held=rest if judged else (),
        unjudged=() if judged else rest,
        read=tuple(pair for pair in readings(last) if pair[0] not in breached),
    )
