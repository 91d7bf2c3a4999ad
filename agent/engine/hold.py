"""What is seen of a check while it has to keep passing.  Knows points in time, and no clock."""

from __future__ import annotations

from agent.model import Outcome

ROUNDING = 1e-6
"""Seconds by which two points in time may differ and be the same."""


class Hold:
    """Takes one look after the other, each with the time at which it was due.

    A breach lasts from the look that showed it to the next one that passes.  A look that was lost breaches
    nothing; but of more than one in a row nobody knows what happened meanwhile, unless that is tolerated.
    """

    def __init__(self, passed: float, tolerate: float) -> None:
        self._passed = passed
        """When the newest pass was due."""
        self._tolerate = tolerate
        self._broken: float | None = None
        """When the breach began that is not over."""
        self._lost = 0
        """Looks since the newest pass that saw nothing."""
        self.failed = False
        """A breach lasted longer than is tolerated, or surely will."""
        self.unseen = False
        """For some time between two passes nobody looked."""

    def look(self, outcome: Outcome, due: float) -> None:
        """Take one look."""
        if outcome is Outcome.FAIL and self._broken is None:
            self._broken = due
        if self._broken is not None and self._outlasts(due - self._broken, outcome):
            self.failed = True
        if outcome is Outcome.PASS:
            self.unseen |= self._lost > 1 and due - self._passed > self._tolerate + ROUNDING
            self._passed, self._lost, self._broken = due, 0, None
        elif outcome is Outcome.ERROR:
            self._lost += 1

    def _outlasts(self, seconds: float, outcome: Outcome) -> bool:
        """Whether a breach is longer than what is tolerated; one that is not over will last on."""
        if outcome is Outcome.PASS:
            return seconds > self._tolerate + ROUNDING
        return seconds >= self._tolerate - ROUNDING
