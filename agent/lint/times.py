"""Budgets of time that do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from agent import units
from agent.plan.steps import Plan, Policy, Step
from agent.problem import Mark
from agent.units import Unit


def longest(policy: Policy) -> float:
    """Give the longest that a check can take, in seconds."""
    if policy.within is not None or policy.hold is not None:
        return (policy.within or policy.timeout) + (policy.hold or 0)
    return policy.attempts * policy.timeout + (policy.attempts - 1) * policy.delay


def budgets(plan: Plan) -> Iterator[tuple[str, Mark]]:
    """Find times that cannot be kept, each with its place."""
    steps = [step for step in plan.steps if not step.skipped]
    for step in steps:
        yield from ((f"'{step.name}': {message}", step.mark) for message in _of_check(step.policy))
    if plan.deadline is not None:
        yield from _of_run(plan.deadline, steps, plan.root.mark)


def _of_check(policy: Policy) -> Iterator[str]:
    if policy.within is not None and policy.every >= policy.within:
        yield f"every {_time(policy.every)} is not shorter than within {_time(policy.within)}: there is one attempt"
    if policy.within is not None and policy.timeout > policy.within:
        yield f"timeout {_time(policy.timeout)} is longer than within {_time(policy.within)}"
    if policy.hold is not None and policy.every >= policy.hold:
        yield f"every {_time(policy.every)} is not shorter than hold {_time(policy.hold)}: nothing is seen in between"
    if policy.hold is not None and policy.tolerate >= policy.hold:
        yield f"tolerate {_time(policy.tolerate)} forgives everything within hold {_time(policy.hold)}"


def _of_run(deadline: float, steps: list[Step], mark: Mark) -> Iterator[tuple[str, Mark]]:
    for step in steps:
        if longest(step.policy) > deadline:
            taken = _time(longest(step.policy))
            yield f"'{step.name}' may take {taken}, and the run's deadline is {_time(deadline)}", step.mark
    active = sum(longest(step.policy) for step in steps if step.active)
    if active > deadline:
        yield (
            f"the active checks may take {_time(active)}, one after the other, and the deadline is {_time(deadline)}",
            mark,
        )
    if (chain := _longest_chain(steps)) > max(deadline, active):
        yield f"the longest chain of needs may take {_time(chain)}, and the deadline is {_time(deadline)}", mark


def _longest_chain(steps: list[Step]) -> float:
    """Give the longest time along `needs` between checks; there are no circles, so that each turn ends some."""
    by_address = {step.address: step for step in steps}
    ends: dict[str, float] = {}
    open_ = list(steps)
    while open_:
        waiting = [step for step in open_ if any(need in by_address and need not in ends for need in step.needs)]
        for step in open_:
            if step not in waiting:
                before = max((ends.get(need, 0.0) for need in step.needs), default=0.0)
                ends[step.address] = before + longest(step.policy)
        open_ = waiting
    return max(ends.values(), default=0.0)


def _time(seconds: float) -> str:
    return units.show(units.exact(seconds), Unit.SECONDS)
