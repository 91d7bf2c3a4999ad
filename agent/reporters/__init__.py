"""Reporters: each tells one `Report` in one format, and counts nothing.

A reporter is a pure function, `render(report) -> str`.  Adding one: a module, a line in `REPORTERS`, a
golden file.  ndjson is not in the table: it tells events while they happen (`agent.reporters.ndjson`).
"""

from __future__ import annotations

import importlib
from typing import Protocol

from agent.report import Report

REPORTERS = {
    "text": "agent.reporters.text:render",
    "json": "agent.reporters.json:render",
    "junit": "agent.reporters.junit:render",
    "tap": "agent.reporters.tap:render",
    "markdown": "agent.reporters.markdown:render",
    "html": "agent.reporters.html:render",
    "github": "agent.reporters.github:render",
    "prometheus": "agent.reporters.prometheus:render",
    "nagios": "agent.reporters.nagios:render",
}
"""Format to where its `render` is; nothing is imported before a format is asked for."""


class Render(Protocol):
    """What a reporter is; `text` also takes `width` and `color`."""

    def __call__(self, report: Report) -> str:
        """Tell the report, ending with a newline."""


def load(name: str) -> Render:
    """Import the reporter of a format; KeyError when there is none of that name."""
    module, _, function = REPORTERS[name].partition(":")
    render: Render = getattr(importlib.import_module(module), function)
    return render
