"""When things were looked at, drawn to scale: one bar per attempt, on the clock of the run."""

from __future__ import annotations

import msgspec

from agent.model import Attempt
from agent.report import Entry
from agent.reporters.html.markup import esc
from agent.reporters.wording import duration

_WIDTH = 1000
_LEAST = 6
"""Units of width that the shortest look still has, so that it can be seen."""


class Clock(msgspec.Struct, frozen=True):
    """The time that a drawing covers: from the start of the run to the end of the last look."""

    seconds: float

    @classmethod
    def of(cls, root: Entry, run_seconds: float) -> Clock:
        """Cover the whole run, and whatever ended after it."""
        ends = (_end(attempt) for entry in root.checks() if entry.result for attempt in entry.result.attempts)
        return cls(max(run_seconds, 1e-6, *ends))

    def axis(self) -> str:
        """Write the times at the beginning, the middle and the end."""
        marks = "".join(f"<span>{duration(self.seconds * part)}</span>" for part in (0, 0.5, 1))
        return f'<div class="axis" aria-hidden="true"><span>started after</span><div>{marks}</div></div>'

    def bars(self, attempts: tuple[Attempt, ...]) -> str:
        """Draw attempts; who cannot see them hears how many there were, and when."""
        if not attempts:
            return '<span class="bars"></span>'
        said = f"{len(attempts)} looks from {duration(attempts[0].started_seconds)} to {duration(_end(attempts[-1]))}"
        drawn = "".join(map(self._bar, attempts))
        return (
            f'<svg class="bars" viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" role="img"'
            f' aria-label="{esc(said)}">{drawn}</svg>'
        )

    def _bar(self, attempt: Attempt) -> str:
        width = max(attempt.duration_seconds / self.seconds * _WIDTH, _LEAST)
        left = min(attempt.started_seconds / self.seconds * _WIDTH, _WIDTH - width)
        said = f"attempt {attempt.number}: {attempt.outcome}, at {duration(attempt.started_seconds)}"
        return (
            f'<rect class="{attempt.outcome}" x="{left:.1f}" width="{width:.1f}" height="10">'
            f"<title>{esc(f'{said} for {duration(attempt.duration_seconds)}')}</title></rect>"
        )


def _end(attempt: Attempt) -> float:
    return attempt.started_seconds + attempt.duration_seconds
