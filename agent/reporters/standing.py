"""What an outcome means for the verdict: whether it rests on it, and what to look at first."""

from __future__ import annotations

from collections.abc import Iterator

from agent.model import Outcome, Severity
from agent.report import Entry, Report
from agent.reporters.wording import QUIET

_WEIGHT = [Outcome.FAIL, Outcome.ERROR, Outcome.PENDING, Outcome.WAIVED]


def forgiven(root: Entry) -> dict[str, str]:
    """Give the addresses of what did not pass and is nothing that the verdict rests on, and why."""
    return dict(_forgiven(root, ""))


def _forgiven(entry: Entry, why: str) -> Iterator[tuple[str, str]]:
    why = "advisory" if entry.severity is Severity.ADVISORY else why
    own = f"waived: {entry.waiver}".rstrip(": ") if entry.outcome is Outcome.WAIVED else why
    if own and entry.outcome not in QUIET:
        yield entry.address, own
    if entry.outcome is Outcome.PASS and why != "advisory":
        why = f"{entry.name} passed without it"
    for child in entry.children:
        yield from _forgiven(child, why)


def troubles(report: Report) -> list[Entry]:
    """Give the checks that want an explanation, the heaviest first and what was forgiven last.

    Blocked ones are left out: they wait for something that is told.
    """
    light = forgiven(report.root)

    def weight(entry: Entry) -> tuple[bool, int, bool]:
        critical = entry.severity is Severity.CRITICAL
        return entry.address in light, _WEIGHT.index(entry.outcome), not critical

    return sorted((entry for entry in report.root.checks() if entry.outcome in _WEIGHT), key=weight)
