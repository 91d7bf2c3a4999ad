"""The results so far, and the only way out of a run: events, in order, with nothing secret in them."""

from __future__ import annotations

from datetime import UTC, datetime

import anyio
import msgspec

from agent import pattern, verdict
from agent.engine.judge import Observation
from agent.engine.late import Known
from agent.engine.needs import branch
from agent.engine.record import Record, credentials
from agent.events import AttemptFinished, CheckFinished, CheckStarted, Emit, RunFinished, RunStarted
from agent.mask import Mask
from agent.model import Attempt, Result
from agent.plan.steps import Plan, Step


class Ledger:
    """What is written here is masked, cut, kept and told."""

    def __init__(self, plan: Plan, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._begun = anyio.current_time()
        self._mask = Mask()
        self._record = Record(self._mask, credentials(plan.steps))
        self.known = Known()
        self.results: dict[str, Result] = {}
        """By address.  Each check has one, and it never changes."""
        self.started: set[str] = set()
        """Addresses of the checks that had their turn."""

    def open(self) -> None:
        """Tell that the run starts."""
        started_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        checks = len(self._plan.steps)
        self._emit(RunStarted(at_seconds=self._now(), name=self._plan.name, started_at=started_at, checks=checks))

    def learn(self, secrets: dict[str, str | LookupError]) -> None:
        """Take secrets in: from now on checks can use them, and nobody sees them."""
        self.known.secrets = secrets
        for secret in secrets.values():
            if isinstance(secret, str):
                self._mask.add(secret)
                self._mask.add(pattern.escape(secret))

    def start(self, step: Step) -> None:
        """Tell that a check has its turn."""
        self.started.add(step.address)
        self._emit(CheckStarted(at_seconds=self._now(), address=step.address, name=step.name, kind=step.kind))

    def attempt(self, step: Step, number: int, seen: Observation, times: tuple[float, float]) -> Attempt:
        """Write down one attempt; keep, as measured, what other checks want of it."""
        for metric in step.wanted & seen.values.keys():
            self.known.readings[step.address, metric] = seen.values[metric]
        started, ended = (moment - self._begun for moment in times)
        attempt = self._record.attempt(step.address, number, seen, (started, ended))
        self._emit(AttemptFinished(at_seconds=self._now(), address=step.address, attempt=attempt))
        return attempt

    def finish(self, step: Step, result: Result) -> None:
        """Write down what a check came to."""
        told = msgspec.structs.replace(result, reason=self._record.text(result.reason))
        self.results[step.address] = told
        self._emit(CheckFinished(at_seconds=self._now(), name=step.name, result=told))

    def close(self, interrupted: str) -> None:
        """Tell that the run is over; every check has its result."""
        tree = branch(self._plan.root, self.results)
        cut_short = bool(interrupted) or any(result.cut_short for result in self.results.values())
        decision = verdict.decide(tree, cut_short=cut_short).decision
        self._emit(RunFinished(at_seconds=self._now(), interrupted=interrupted, decision=decision))

    def _now(self) -> float:
        return anyio.current_time() - self._begun
