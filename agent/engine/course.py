"""One check over time: how often it is looked at, and what the attempts come to together.

retry    passes if one attempt passes, else fails if one failed, else is an error.
within   the first pass by the end of W.  An attempt may take what is left of W; one that is cut by the end
         of W to less than its timeout, and is not answered, could not look.
hold     from the first pass on it keeps passing for H: one look every `every`, and one at the end of H,
         which decides.  A breach that is over within T, from start to start, is forgiven; a longer one
         ends the check.

An attempt that could not look neither passes nor breaches.  When time is up, the check fails if anything
since the last pass failed, else it is an error.  Two lost looks in a row, or more, leave a gap in which
nobody saw what happened: unless it is within T, what was held then is not known, and that is an error too.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
from anyio import sleep_until

from agent import compare
from agent.engine.attempt import Turn
from agent.engine.hold import ROUNDING, Hold
from agent.engine.judge import Observation
from agent.model import Outcome
from agent.plan.steps import Policy
from agent.probe import Value

Attempt: TypeAlias = Callable[[Turn], Awaitable[Observation]]

RETRY_AFTER = "retry_after_seconds"
"""The metric by which a target says when to come back; it is heard up to the timeout of one attempt."""


class Course:
    """Makes the attempts that a policy wants, one after the other, and says what they come to."""

    def __init__(self, policy: Policy, attempt: Attempt) -> None:
        self._policy = policy
        self._attempt = attempt
        self._failed = False
        """Whether anything since the last pass failed."""
        self._started = self._due = anyio.current_time()
        """When the newest attempt was to start; that we woke later is not the target's doing."""

    async def run(self) -> Outcome:
        """Look until it is decided; gives PASS, FAIL or ERROR."""
        policy = self._policy
        outcome = await (self._retry() if policy.within is None else self._within(policy.within))
        if outcome is Outcome.PASS and policy.hold is not None:
            outcome = await self._hold(policy.hold)
        return outcome

    async def _retry(self) -> Outcome:
        seen = await self._look(self._turn())
        for _ in range(self._policy.attempts - 1):
            if seen.outcome is Outcome.PASS or seen.final:
                break
            pause = max(self._policy.delay, self._asked_to_wait(seen))
            await self._sleep_until(anyio.current_time() + pause)
            seen = await self._look(self._turn())
        return self._so_far(seen)

    async def _within(self, limit: float) -> Outcome:
        end = self._started + limit
        timeout = min(self._policy.timeout, limit)
        while True:
            left = end - self._due
            since = self._started if self._policy.hold is None else None
            turn = Turn(timeout=min(timeout, left), cut=left < timeout - ROUNDING, since=since)
            seen = await self._look(turn)
            due = self._next(seen)
            if seen.outcome is Outcome.PASS or seen.final or due >= end:
                return self._so_far(seen)
            await self._sleep_until(due)

    async def _hold(self, limit: float) -> Outcome:
        end = anyio.current_time() + limit
        hold = Hold(self._due, self._policy.tolerate)
        seen = Observation(outcome=Outcome.PASS)
        while self._due < end and not (hold.failed or seen.final):
            await self._sleep_until(min(self._next(seen), end))
            seen = await self._look(self._turn(ends=self._due >= end))
            hold.look(seen.outcome, self._due)
        if hold.failed:
            return Outcome.FAIL
        outcome = self._so_far(seen)
        return Outcome.ERROR if outcome is Outcome.PASS and hold.unseen else outcome

    async def _sleep_until(self, due: float) -> None:
        self._due = due
        await sleep_until(due)

    async def _look(self, turn: Turn) -> Observation:
        seen = await self._attempt(turn)
        if seen.outcome is not Outcome.ERROR:
            self._failed = seen.outcome is Outcome.FAIL
        return seen

    def _so_far(self, seen: Observation) -> Outcome:
        if seen.outcome is Outcome.PASS:
            return Outcome.PASS
        return Outcome.FAIL if self._failed else Outcome.ERROR

    def _turn(self, *, ends: bool = False) -> Turn:
        return Turn(timeout=self._policy.timeout, since=self._started if ends else None)

    def _next(self, seen: Observation) -> float:
        """When the next attempt is due, from start to start; at once if this one took too long for that."""
        return max(self._due + self._policy.every, anyio.current_time() + self._asked_to_wait(seen))

    def _asked_to_wait(self, seen: Observation) -> float:
        asked: Value = seen.values.get(RETRY_AFTER, 0)
        if not compare.is_number(asked) or not math.isfinite(asked):
            return 0.0
        return min(max(float(asked), 0.0), self._policy.timeout)
