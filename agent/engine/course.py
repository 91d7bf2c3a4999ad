"""One check over time: how often it is looked at, and what the attempts come to together.

retry    passes if one attempt passes, else fails if one failed, else is an error.
within   the first pass by the end of W.  An attempt may take what is left of W; one that is cut by the end
         of W to less than its timeout, and is not answered, could not look.
hold     from the first pass on it keeps passing for H: one look every `every`, and one at the end of H,
         which decides.  A breach lasts from the attempt that showed it to the next that passes, start to
         start; one that is over within T is forgiven, a longer one ends the check.

An attempt that could not look neither passes nor breaches.  When time is up, the check fails if anything
since the last pass failed, else it is an error.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
from anyio import sleep_until

from agent import compare
from agent.engine.attempt import Turn
from agent.engine.judge import Observation
from agent.model import Outcome
from agent.plan.steps import Policy
from agent.probe import Value

Attempt: TypeAlias = Callable[[Turn], Awaitable[Observation]]

RETRY_AFTER = "retry_after_seconds"
"""The metric by which a target says when to come back; it is heard up to the timeout of one attempt."""
_ROUNDING = 1e-6
"""Seconds by which two points in time may differ and be the same."""


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
            turn = Turn(timeout=min(timeout, left), cut=left < timeout - _ROUNDING, since=since)
            seen = await self._look(turn)
            due = self._next(seen)
            if seen.outcome is Outcome.PASS or seen.final or due >= end:
                return self._so_far(seen)
            await self._sleep_until(due)

    async def _hold(self, limit: float) -> Outcome:
        end = anyio.current_time() + limit
        broken: float | None = None
        passed, lost, seen_through = self._due, 0, True
        seen = Observation(outcome=Outcome.PASS)
        while self._due < end and not seen.final:
            await self._sleep_until(min(self._next(seen), end))
            seen = await self._look(self._turn(ends=self._due >= end))
            if seen.outcome is Outcome.FAIL and broken is None:
                broken = self._due
            if broken is not None and self._outlasts(broken, seen):
                return Outcome.FAIL
            if seen.outcome is Outcome.PASS:
                seen_through = seen_through and self._overlooked(lost, self._due - passed)
                passed, lost, broken = self._due, 0, None
            lost += seen.outcome is Outcome.ERROR
        return self._so_far(seen) if seen_through else Outcome.ERROR

    def _overlooked(self, lost: int, gap: float) -> bool:
        """Whether what was held between two passes was seen: one look may be lost, or as many as are tolerated.

        An attempt that could not look breaches nothing, and yet nobody saw what happened meanwhile.
        """
        return lost <= 1 or gap <= self._policy.tolerate + _ROUNDING

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

    def _outlasts(self, broken: float, seen: Observation) -> bool:
        """Whether a breach is longer than what is tolerated, or surely will be."""
        lasted = self._due - broken
        if seen.outcome is Outcome.PASS:
            return lasted > self._policy.tolerate + _ROUNDING
        return lasted >= self._policy.tolerate - _ROUNDING
