"""What a check needs and whether it has it; what clean-up cleans up after.

Pass and waived meet a need.  All else blocks, a need that does not apply among it: the binder passes
`skipped` on to whatever needs it, so that a check which comes to run with such a need was never meant to.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from agent import verdict
from agent.model import Outcome, Result
from agent.plan.steps import Plan, Planned, Section, Step
from agent.verdict import Branch, Leaf

MEETS = frozenset({Outcome.PASS, Outcome.WAIVED})
_WHICH = {
    Outcome.FAIL: "failed",
    Outcome.ERROR: "could not be checked",
    Outcome.BLOCKED: "was blocked",
    Outcome.PENDING: "is pending",
    Outcome.SKIPPED: "does not apply",
    Outcome.INCONCLUSIVE: "is inconclusive",
}


class Needs:
    """Looks into the results so far; whoever asks sees that what is asked about is over."""

    def __init__(self, plan: Plan, results: Mapping[str, Result]) -> None:
        self._items = {item.address: item for item in plan.root.walk()}
        self._results = results
        self._sections: dict[str, Outcome] = {}

    def unmet(self, step: Step) -> dict[str, Outcome]:
        """Give what a step needed and did not get, with what that came to."""
        outcomes = {address: self._outcome(address) for address in step.needs}
        return {address: outcome for address, outcome in outcomes.items() if outcome not in MEETS}

    def _outcome(self, address: str) -> Outcome:
        item = self._items[address]
        if isinstance(item, Step):
            return self._results[address].outcome
        if address not in self._sections:
            self._sections[address] = verdict.decide(branch(item, self._results)).root.outcome
        return self._sections[address]


def reason(unmet: Mapping[str, Outcome]) -> str:
    """Say what is missing: `needs smoke/login, which failed`."""
    return "needs " + " and ".join(f"{address}, which {_WHICH[outcome]}" for address, outcome in unmet.items())


def branch(section: Section, results: Mapping[str, Result]) -> Branch:
    """Give a section with its results as the verdict sees it."""
    return Branch(
        address=section.address,
        name=section.name,
        severity=section.severity,
        require=section.require,
        skipped=section.skipped,
        children=tuple(_node(child, results) for child in section.children),
    )


def _node(item: Planned, results: Mapping[str, Result]) -> Branch | Leaf:
    if isinstance(item, Section):
        return branch(item, results)
    result = results[item.address]
    return Leaf(
        address=item.address,
        name=item.name,
        severity=item.severity,
        outcome=result.outcome,
        reason=result.reason,
    )


def cleaned(root: Section) -> dict[str, Set[str]]:
    """Give for every clean-up check the active checks before it in its own section."""
    found: dict[str, Set[str]] = {}
    for section in root.walk():
        if isinstance(section, Section):
            found |= _cleaned(section)
    return found


def _cleaned(section: Section) -> dict[str, Set[str]]:
    found: dict[str, Set[str]] = {}
    before: set[str] = set()
    for child in section.children:
        if isinstance(child, Step) and child.always:
            found[child.address] = frozenset(before)
        steps = (child,) if isinstance(child, Step) else child.walk()
        before |= {step.address for step in steps if isinstance(step, Step) and step.active}
    return found
