"""The conclusion: from a plan and its results to the verdict and the report that tells it."""

from __future__ import annotations

import getpass
import os
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from agent import __version__
from agent.model import Decision, Outcome, Result, Severity
from agent.plan.steps import Plan, Planned, Section, Step
from agent.report import Entry, Place, Report, Selection
from agent.verdict import Branch, Judged, Leaf, Node, Verdict, decide

_FIRST = "  "
"""Indentation of the outermost sections."""
_QUIET = (Outcome.PASS, Outcome.SKIPPED)


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How a run went, beside its results."""

    started: datetime
    """Aware, UTC."""
    duration_seconds: float
    interrupted: str = ""
    selection: Selection | None = None


def conclude(plan: Plan, results: tuple[Result, ...], ran: Ran) -> Report:
    """Decide, and put everything that a reporter may tell into one report."""
    by_address = {result.address: result for result in results}
    root = _node(plan.root, by_address)
    assert isinstance(root, Branch)  # noqa: S101  the root of a plan is a section
    verdict = decide(root, cut_short=bool(ran.interrupted) or any(result.cut_short for result in results))
    return Report(
        decision=verdict.decision,
        headline=_headline(verdict.decision, plan.title, ran),
        derivation=tuple(derivation(verdict)),
        name=plan.name,
        title=plan.title,
        description=plan.description,
        subject=dict(plan.subject),
        profile_digest=plan.digest,
        started_at=ran.started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        duration_seconds=round(ran.duration_seconds, 3),
        version=__version__,
        host=socket.gethostname(),
        actor=actor(os.environ),
        root=_entry(plan.root, verdict.root, by_address),
        counts=dict(Counter(result.outcome.value for result in results)),
        selection=ran.selection,
        interrupted=ran.interrupted,
        active_allowed=plan.active_allowed,
    )


def _node(item: Planned, results: Mapping[str, Result]) -> Node:
    if isinstance(item, Step):
        result = results[item.address]
        return Leaf(
            address=item.address,
            name=item.name,
            outcome=result.outcome,
            severity=item.severity,
            reason=result.reason,
        )
    return Branch(
        address=item.address,
        name=item.name,
        children=tuple(_node(child, results) for child in item.children),
        severity=item.severity,
        require=item.require,
        skipped=item.skipped,
    )


def _headline(decision: Decision, title: str, ran: Ran) -> str:
    narrowed = f" for {ran.selection.chosen} of {ran.selection.total} checks" if ran.selection else ""
    interrupted = f" (interrupted by {ran.interrupted})" if ran.interrupted else ""
    return f"{decision}{narrowed}: {title}{interrupted}"


def derivation(verdict: Verdict) -> Iterator[str]:
    """Say why, from the outermost section inwards: a line for each that is not a plain pass."""
    root = verdict.root
    cut_short = root.outcome is Outcome.PASS and verdict.decision is not Decision.GO
    yield f"{verdict.decision}: {root.name} {root.reason}{'; the run was cut short' if cut_short else ''}"
    yield from _below(root, _FIRST)


def _below(judged: Judged, indent: str) -> Iterator[str]:
    for child in judged.children:
        clear = child.outcome in _QUIET and not _has_news(child)
        if clear and (child.tally is None or len(indent) > len(_FIRST)):
            continue  # of what is plainly well only the outermost sections are named
        yield f"{indent}{_told(child, clear=clear)}"
        if not clear and child.outcome is not Outcome.SKIPPED:
            yield from _below(child, indent + "  ")


def _told(child: Judged, *, clear: bool) -> str:
    advisory = "advisory, " if child.severity is Severity.ADVISORY else ""
    critical = "critical, " if child.severity is Severity.CRITICAL and not clear else ""
    reason = f" ({child.reason})" if child.tally is None and child.reason else f" {child.reason}".rstrip()
    return f"{advisory}{critical}{child.outcome}: {child.name}{reason}"


def _has_news(judged: Judged) -> bool:
    """Tell whether anything below is not a plain pass (a forgiven failure, a waiver, an advisory one)."""
    return any(child.outcome not in _QUIET or _has_news(child) for child in judged.children)


def _entry(item: Planned, judged: Judged, results: Mapping[str, Result]) -> Entry:
    step = item if isinstance(item, Step) else None
    result = results[item.address] if step else None
    waived = step is not None and judged.outcome is Outcome.WAIVED
    return Entry(
        address=item.address,
        name=item.name,
        severity=item.severity,
        outcome=judged.outcome,
        reason=judged.reason,
        owner=item.owner,
        runbook=item.runbook,
        tags=item.tags,
        refs=item.refs,
        metric_refs=dict(item.metric_refs),
        refutes=item.refutes,
        place=Place(_shown_path(item.mark.file), item.mark.line),
        kind=step.kind if step else "",
        expectations=tuple(map(str, step.limits)) if step else (),
        result=result,
        waiver=str(step.waiver) if step and waived else "",
        require=judged.require,
        tally=judged.tally,
        children=_children(item, judged, results),
    )


def _shown_path(file: str) -> str:
    """Give a path below the working directory as relative, which is how a CI system finds it again."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else file


def _children(item: Planned, judged: Judged, results: Mapping[str, Result]) -> tuple[Entry, ...]:
    if not isinstance(item, Section):
        return ()
    pairs = zip(item.children, judged.children, strict=True)
    return tuple(_entry(child, below, results) for child, below in pairs)


_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BITBUCKET_STEP_TRIGGERER_UUID", "BUILD_USER_ID", "CIRCLE_USERNAME")


def actor(environment: Mapping[str, str]) -> str:
    """Name who runs this: the CI's actor, else the operating-system user."""
    found = next((environment[name] for name in _ACTORS if environment.get(name)), "")
    try:
        return found or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())
