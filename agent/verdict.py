"""The verdict: one pure function from a tree of outcomes to a judged tree.

The rule is DESIGN section 3.  Of a section's children that are neither skipped nor advisory let n be
their number, p those that pass, w the waived, u the undecided and k what must pass.  In this order:

1. a critical one below failed              fail
2. nothing counts (n = 0)                   inconclusive; all of it waived (w = n): waived
3. p + u < k: it cannot be reached          fail
4. p >= k, and no critical one is undecided pass
5. otherwise                                inconclusive

Nothing here reads a clock, counts log lines or knows what a check looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

import msgspec

from agent.model import UNDECIDED, Decision, Outcome, Severity

_WORST: dict[Outcome | None, int] = {None: 0, Outcome.INCONCLUSIVE: 1, Outcome.FAIL: 2}


class Require(msgspec.Struct, frozen=True):
    """How many of a section's children must pass: `all`, `any`, `P%` or `N/M` (which is also a census)."""

    text: str = "all"
    share: Fraction | None = None
    """Of those that count; None for `all` and `any`, which are told apart by the text."""
    census: int | None = None
    """With N/M: how many children must be written."""

    @classmethod
    def parse(cls, text: str) -> Require:
        """Read a `require`; raises ValueError saying what would have been right."""
        if text in ("all", "any"):
            return cls(text)
        if match := re.fullmatch(r"(\d+)/(\d+)", text, re.ASCII):
            wanted, total = int(match[1]), int(match[2])
            if not 1 <= wanted <= total:
                raise ValueError(f"{text!r} asks for {wanted} of {total}; write N/M with 1 <= N <= M")
            return cls(text, Fraction(wanted, total), total)
        if match := re.fullmatch(r"(\d+(?:\.\d+)?)%", text, re.ASCII):
            share = Fraction(match[1]) / 100
            if not 0 < share <= 1:
                raise ValueError(f"{text!r} is not a share above 0% and up to 100%")
            return cls(text, share)
        raise ValueError(f"{text!r} is none of all, any, N/M (19/20) and P% (95%)")

    def asked(self, count: int) -> int:
        """How many of `count` must pass, in exact integers."""
        if self.share is None:
            return count if self.text == "all" else 1
        return -(-self.share.numerator * count // self.share.denominator)


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A check as the verdict sees it."""

    address: str
    name: str
    outcome: Outcome
    severity: Severity = Severity.NORMAL
    reason: str = ""


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A section as the verdict sees it; `skipped` is the reason why it does not apply."""

    address: str
    name: str
    children: tuple[Leaf | Branch, ...]
    severity: Severity = Severity.NORMAL
    require: Require = Require()
    skipped: str = ""


Node: TypeAlias = Leaf | Branch


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How the children of a section ended; advisory ones are counted apart and nowhere else."""

    counted: int
    required: int
    passed: int
    failed: int
    undecided: int
    waived: int
    skipped: int
    advisory: int

    def __str__(self) -> str:
        rest = [
            (self.waived, "waived"),
            (self.undecided, "undecided"),
            (self.skipped, "do not apply" if self.skipped != 1 else "does not apply"),
            (self.advisory, "advisory"),
        ]
        named = ", ".join(f"{count} {what}" for count, what in rest if count)
        return f"{self.passed}/{self.counted}" + (f" ({named})" if named else "")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A node with its outcome, and why."""

    address: str
    name: str
    severity: Severity
    outcome: Outcome
    reason: str
    require: str = ""
    tally: Tally | None = None
    """None for a check."""
    veto: Outcome | None = None
    """The worst that a critical one at or below came to: FAIL, INCONCLUSIVE or nothing."""
    children: tuple[Judged, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """The decision and the tree that it follows from."""

    decision: Decision
    root: Judged


def decide(root: Branch, *, cut_short: bool = False) -> Verdict:
    """Judge the tree; a run that was interrupted or met its deadline is never GO, whatever its checks came to."""
    judged = _judge(root)
    decision = {Outcome.PASS: Decision.GO, Outcome.FAIL: Decision.NO_GO}.get(judged.outcome, Decision.INCONCLUSIVE)
    if cut_short and decision is Decision.GO:
        decision = Decision.INCONCLUSIVE
    return Verdict(decision, judged)


def _judge(node: Node) -> Judged:
    if isinstance(node, Leaf):
        veto = _veto(node.severity, node.outcome)
        return Judged(
            address=node.address,
            name=node.name,
            severity=node.severity,
            outcome=node.outcome,
            reason=node.reason,
            veto=veto,
        )
    children = tuple(_judge(child) for child in node.children)
    return _aggregate(node, children)


def _aggregate(node: Branch, children: tuple[Judged, ...]) -> Judged:
    counted = [child for child in children if _counts(child)]
    below = _worst(child.veto for child in counted)
    tally = _tally(node.require, children, counted)
    outcome = Outcome.SKIPPED if node.skipped else _outcome(tally, below)
    own = None if node.skipped else _worst([below, _veto(node.severity, outcome)])
    return Judged(
        address=node.address,
        name=node.name,
        severity=node.severity,
        outcome=outcome,
        reason=node.skipped or _reason(outcome, tally, counted),
        require=node.require.text,
        tally=tally,
        veto=own,
        children=children,
    )


def _counts(child: Judged) -> bool:
    return child.severity is not Severity.ADVISORY and child.outcome is not Outcome.SKIPPED


def _tally(require: Require, children: Sequence[Judged], counted: Sequence[Judged]) -> Tally:
    outcomes = [child.outcome for child in counted]
    waived = outcomes.count(Outcome.WAIVED)
    return Tally(
        counted=len(counted),
        required=min(require.asked(len(counted)), len(counted) - waived),
        passed=outcomes.count(Outcome.PASS),
        failed=outcomes.count(Outcome.FAIL),
        undecided=sum(outcome in UNDECIDED for outcome in outcomes),
        waived=waived,
        skipped=sum(child.outcome is Outcome.SKIPPED for child in children),
        advisory=sum(
            child.severity is Severity.ADVISORY and child.outcome is not Outcome.SKIPPED for child in children
        ),
    )


def _outcome(tally: Tally, below: Outcome | None) -> Outcome:
    if below is Outcome.FAIL:
        return Outcome.FAIL
    if tally.counted == 0:
        return Outcome.INCONCLUSIVE
    if tally.waived == tally.counted:
        return Outcome.WAIVED
    if tally.passed + tally.undecided < tally.required:
        return Outcome.FAIL
    if tally.passed >= tally.required and below is None:
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def _veto(severity: Severity, outcome: Outcome) -> Outcome | None:
    if severity is not Severity.CRITICAL:
        return None
    if outcome is Outcome.FAIL:
        return Outcome.FAIL
    return Outcome.INCONCLUSIVE if outcome in UNDECIDED else None


def _worst(vetoes: Iterable[Outcome | None]) -> Outcome | None:
    return max(vetoes, key=_WORST.__getitem__, default=None)


def _reason(outcome: Outcome, tally: Tally, counted: Sequence[Judged]) -> str:
    """Say in one line what made the outcome, beside the tally."""
    text = f"{tally}, needs {tally.required}"
    critical = [child.name for child in counted if child.veto is Outcome.FAIL]
    if outcome is Outcome.FAIL and critical:
        return f"{text}; critical: {', '.join(critical)} failed"
    if tally.counted == 0:
        return "nothing that counts was checked"
    open_ = [child.name for child in counted if child.veto is Outcome.INCONCLUSIVE]
    if outcome is Outcome.INCONCLUSIVE and tally.passed >= tally.required and open_:
        return f"{text}; critical: {', '.join(open_)} undecided"
    return text
