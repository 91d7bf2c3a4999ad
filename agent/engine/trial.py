"""One check: its attempts, and what they come to."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from anyio import get_cancelled_exc_class
from anyio.abc import TaskGroup

from agent.engine import results
from agent.engine.attempt import Turn, observe
from agent.engine.course import Course
from agent.engine.judge import Judge, Observation
from agent.engine.ledger import Ledger
from agent.engine.look import Look
from agent.engine.ready import Ready
from agent.model import Attempt, Outcome, Result
from agent.plan.steps import Baseline


class Shared(msgspec.Struct, frozen=True):
    """What all checks of a run share."""

    ledger: Ledger
    baseline: Baseline | None
    ward: TaskGroup
    """Where looks run, and where one that does not end is left behind."""
    patience: float
    """Seconds that a probe has to end when it was cancelled."""


class Trial:
    """Runs one check by its policy.  `why` says what cuts it short, if anything does."""

    def __init__(self, ready: Ready, shared: Shared, why: Callable[[], str]) -> None:
        self._probe = ready.probe
        self._step = ready.step
        self._shared = shared
        self._why = why
        self._judge = Judge(ready, shared.baseline)
        self._attempts: list[Attempt] = []

    async def run(self) -> Result:
        """Look as often as the policy wants, and give the result."""
        self._shared.ledger.start(self._step)
        outcome = await Course(self._step.policy, self._attempt).run()
        return results.concluded(self._step, outcome, tuple(self._attempts))

    def cut_short(self) -> Result:
        """Give the result of a check that was cut short: an error, whatever it was about to be."""
        started = self._step.address in self._shared.ledger.started
        reason = self._why() if started else f"not started: {self._why()}"
        return results.cut_short(self._step, reason, tuple(self._attempts))

    async def _attempt(self, turn: Turn) -> Observation:
        look = Look(self._probe, turn.timeout, self._shared.patience)
        try:
            await look.take(self._shared.ward)
        except get_cancelled_exc_class():
            self._write(look, Observation(outcome=Outcome.ERROR, reason=self._why()))
            raise
        seen = observe(look, turn, self._judge, witness=self._probe.witness)
        self._write(look, seen)
        return seen

    def _write(self, look: Look, seen: Observation) -> None:
        number = len(self._attempts) + 1
        self._attempts.append(self._shared.ledger.attempt(self._step, number, seen, (look.started, look.ended)))
