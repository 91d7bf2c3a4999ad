"""What a check can come to: one result each, always."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.engine import needs
from agent.engine.needs import MEETS
from agent.model import Attempt, Outcome, Result
from agent.plan.steps import Plan, Policy, Step


def settled(step: Step, plan: Plan) -> Result | None:
    """Give the result of a check that never has a turn in this plan; None for one that has."""
    if step.skipped:
        return Result(address=step.address, outcome=Outcome.SKIPPED, reason=step.skipped)
    if step.active and not plan.active_allowed:
        reason = "active, and --allow-active was not given"
        return Result(address=step.address, outcome=Outcome.BLOCKED, reason=reason)
    return None


def blocked(step: Step, unmet: Mapping[str, Outcome]) -> Result:
    """Give the result of a check that did not get what it needs."""
    return Result(address=step.address, outcome=Outcome.BLOCKED, reason=needs.reason(unmet), blocked_by=tuple(unmet))


def error(step: Step, reason: str, attempts: tuple[Attempt, ...] = ()) -> Result:
    """Give the result of a check of which nobody knows."""
    return Result(address=step.address, outcome=Outcome.ERROR, reason=reason, attempts=attempts)


def cut_short(step: Step, reason: str, attempts: tuple[Attempt, ...] = ()) -> Result:
    """Give the result of a check that the end of the run came before: an error, whatever it was about to be."""
    return msgspec.structs.replace(error(step, reason, attempts), cut_short=True)


def concluded(step: Step, outcome: Outcome, attempts: tuple[Attempt, ...]) -> Result:
    """Give the result of a check whose policy is fulfilled, excused if it failed under a valid waiver."""
    result = Result(
        address=step.address,
        outcome=outcome,
        attempts=attempts,
        waited_seconds=_waited(step.policy, attempts),
        retried=outcome is Outcome.PASS and _retried(step.policy, attempts),
    )
    if outcome is Outcome.PASS:
        return msgspec.structs.replace(result, reason=_not_plain(step.policy, attempts))
    return _waived(step, msgspec.structs.replace(result, reason=_decisive(result)))


def _decisive(result: Result) -> str:
    return result.last.reason if result.last else ""


def _retried(policy: Policy, attempts: tuple[Attempt, ...]) -> bool:
    return policy.attempts > 1 and attempts[0].outcome is not Outcome.PASS


def _not_plain(policy: Policy, attempts: tuple[Attempt, ...]) -> str:
    """Say what a pass was not: at the first attempt, or without a breach while it had to hold."""
    if _retried(policy, attempts):
        return f"passed on attempt {len(attempts)} of {policy.attempts}"
    passed = [attempt.outcome is Outcome.PASS for attempt in attempts]
    held = passed[passed.index(True) :]
    return "" if all(held) else f"{held.count(False)} of {len(held)} attempts did not pass, which is tolerated"


def _waited(policy: Policy, attempts: tuple[Attempt, ...]) -> float | None:
    if policy.within is None and policy.hold is None:
        return None
    first, last = attempts[0], attempts[-1]
    return last.started_seconds + last.duration_seconds - first.started_seconds


def _waived(step: Step, result: Result) -> Result:
    """Excuse a failure under a valid waiver, and nothing else: an error is never waived."""
    if step.waiver is None or result.outcome is not Outcome.FAIL:
        return result
    return msgspec.structs.replace(result, outcome=Outcome.WAIVED, reason=f"{step.waiver}; {result.reason}")


def no_better(result: Result, instead: Result) -> Result:
    """Take from a clean-up check that it passed: without `always` it had come to `instead`.

    So nothing that is done after a failure or an interrupt can turn the verdict; that clean-up itself
    failed counts.
    """
    if result.outcome not in MEETS:
        return result
    return msgspec.structs.replace(
        result,
        outcome=instead.outcome,
        reason=f"{instead.reason}; cleaned up all the same",
        blocked_by=instead.blocked_by,
        cut_short=instead.cut_short,
        retried=False,
    )
