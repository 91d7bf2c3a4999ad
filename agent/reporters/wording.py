"""What the formats for people say alike: words, times, readings, and what belongs to an item."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal

from agent import units
from agent.model import Outcome, Result, Severity
from agent.probe import Value
from agent.report import Entry, Report

WORDS = {outcome: outcome.value.upper() for outcome in Outcome} | {
    Outcome.PASS: "pass",
    Outcome.SKIPPED: "skipped",
    Outcome.WAIVED: "waived",
}
"""Capitals for what may stand in the way."""

QUIET = frozenset({Outcome.PASS, Outcome.SKIPPED})
"""Outcomes of which nothing has to be done."""


def duration(seconds: float) -> str:
    """Write how long something took, in two or three digits: `4.1ms`, `812ms`, `1.24s`, `4m58s`."""
    for least, places in ((60, 0), (10, 1), (1, 2), (0.01, 3)):
        if seconds >= least:
            return units.show(Decimal(f"{seconds:.{places}f}"), units.Unit.SECONDS)
    return units.show(Decimal(f"{seconds:.2g}"), units.Unit.SECONDS)


def moment(rfc3339: str) -> str:
    """Write a time of the report for a person: `2026-11-21 10:34:05 UTC`."""
    return f"{instant(rfc3339):%Y-%m-%d %H:%M:%S} UTC"


def instant(rfc3339: str) -> datetime:
    """Read a time of the report."""
    return datetime.fromisoformat(rfc3339).astimezone(UTC)


def reading(metric: str, value: Value) -> str:
    """Write a reading with the unit that its name tells; nothing in it is made harmless yet."""
    if value is None:
        return "absent"
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return units.show(units.exact(value), units.of(metric)) if math.isfinite(value) else str(value)
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return f"[{', '.join(reading(metric, item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def took(result: Result) -> str:
    """Write from the start of the first attempt to the end of the last; empty when nothing was tried."""
    if not result.attempts:
        return ""
    first, last = result.attempts[0], result.attempts[-1]
    return duration(last.started_seconds + last.duration_seconds - first.started_seconds)


def marks(entry: Entry) -> list[str]:
    """Give what stands beside the name: that it is critical or advisory, how often it was looked at."""
    said = [entry.severity.value] if entry.severity is not Severity.NORMAL else []
    attempts = entry.result.attempts if entry.result else ()
    return [*said, f"{attempts[-1].number} attempts"] if len(attempts) > 1 else said


def tally(entry: Entry) -> str:
    """Give a section's `17/20 (1 waived), needs 19`; empty for a check and where nothing counts."""
    return f"{entry.tally}, needs {entry.tally.required}" if entry.tally and entry.tally.counted else ""


def remarks(entry: Entry) -> list[str]:
    """Give the sentences below the name: why it is not a plain pass, its waiver, its warnings."""
    said = [entry.reason] if entry.reason and not _is_told_by_tally(entry) else []
    if entry.waiver:
        said.append(f"waived: {entry.waiver}")
    warnings = entry.result.warnings if entry.result and entry.outcome is Outcome.PASS else ()
    return said + [f"warning: {breach}" for breach in warnings]


def _is_told_by_tally(entry: Entry) -> bool:
    return bool(tally(entry)) and entry.reason.startswith(tally(entry))


def facts(entry: Entry) -> list[tuple[str, str]]:
    """Give what belongs to an item and is not a reading, as pairs of a label and a text."""
    result = entry.result
    pairs = [
        ("owner", entry.owner),
        ("runbook", entry.runbook),
        ("waiver", entry.waiver),
        ("blocked by", ", ".join(result.blocked_by) if result else ""),
        ("waited", duration(result.waited_seconds) if result and result.waited_seconds is not None else ""),
        ("kind", entry.kind),
        ("proves", _refs(entry)),
        ("refutes", ", ".join(entry.refutes)),
        ("tags", ", ".join(entry.tags)),
        ("address", entry.address),
        ("written", f"{entry.place.file}:{entry.place.line}" if entry.place else ""),
    ]
    return [(label, text) for label, text in pairs if text]


def _refs(entry: Entry) -> str:
    by_metric = [f"{', '.join(refs)} ({metric})" for metric, refs in entry.metric_refs.items()]
    named = {ref for refs in entry.metric_refs.values() for ref in refs}
    return ", ".join([*(ref for ref in entry.refs if ref not in named), *by_metric])


def about(report: Report) -> list[tuple[str, str]]:
    """Give what the run was, as pairs of a label and a text."""
    subject = dict(report.subject)
    name = subject.pop("name", "")
    counts = [f"{report.counts[outcome]} {outcome}" for outcome in Outcome if report.counts.get(outcome)]
    pairs = [
        ("subject", ", ".join([name] * bool(name) + [f"{key} {value}" for key, value in subject.items()])),
        ("run", f"{moment(report.started_at)}, took {duration(report.duration_seconds)}"),
        ("by", f"{report.actor} on {report.host}, gonogo {report.version}"),
        ("checks", ", ".join(counts) or "none"),
        ("narrowed", _narrowed(report)),
        ("interrupted", f"by {report.interrupted}: what had not ended counts as an error" * bool(report.interrupted)),
        ("active", "checks that change something were allowed" * report.active_allowed),
        ("profile", f"{report.name}, {report.profile_digest[:19]}"),
    ]
    return [(label, text) for label, text in pairs if text]


def _narrowed(report: Report) -> str:
    if report.selection is None:
        return ""
    chosen, total = report.selection.chosen, report.selection.total
    return f"{chosen} of {total} checks, by {report.selection.by}: no verdict on the rest"


def is_link(url: str) -> bool:
    """Whether a runbook may become a link: http or https, and nothing in it that could end it early."""
    return url.startswith(("http://", "https://")) and not any(char in url for char in " \t\r\n<>\"'`|\\")
