"""json: the whole report as data; docs/report.schema.json describes it."""

from __future__ import annotations

import msgspec

from agent.report import Report
from agent.reporters import wire


def render(report: Report) -> str:
    """Tell everything, two spaces of indentation, keys in the order of the schema."""
    attempts = (attempt for entry in report.root.checks() if entry.result for attempt in entry.result.attempts)
    return msgspec.json.format(wire.encode(report, attempts), indent=2).decode() + "\n"
