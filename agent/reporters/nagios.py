"""nagios: one line with its state, then the reasons, with performance data.

https://nagios-plugins.org/doc/guidelines.html.  The exit code is the command line's: `--exit-style nagios`.
"""

from __future__ import annotations

from agent.model import Decision, Outcome
from agent.report import Entry, Report
from agent.reporters import clean, standing, wording

_STATES = {Decision.GO: "OK", Decision.NO_GO: "CRITICAL", Decision.INCONCLUSIVE: "UNKNOWN"}
_TABOO = str.maketrans(
    {
        "|": "¦",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)
"""`|` starts performance data, and old web interfaces show what a plugin says as HTML."""
_LONG = 20
"""Lines of long text; the core keeps 8 kB of output."""


def render(report: Report) -> str:
    """Tell the headline and the counts on the first line, then why, then how long each check took."""
    first = f"GONOGO {_STATES[report.decision]} - {_safe(report.headline)}|{' '.join(_totals(report))}"
    why = [_safe(text) for text in report.derivation]
    troubles = [_trouble(entry) for entry in standing.troubles(report)]
    timings = [timing for entry in report.root.checks() if (timing := _timing(entry))]
    long = [*why, *troubles][:_LONG]
    if timings:
        long[-1:] = [f"{long[-1] if long else ''}|{timings[0]}", *timings[1:]]
    return "\n".join([first, *long]) + "\n"


def _trouble(entry: Entry) -> str:
    whom = f" (owner {_safe(entry.owner, 80)})" if entry.owner else ""
    said = "; ".join(wording.remarks(entry))
    return f"{wording.WORDS[entry.outcome]} {_safe(entry.name, 120)}: {_safe(said, 300)}{whom}"


def _totals(report: Report) -> list[str]:
    counts = [f"{outcome}={report.counts[outcome]};;;0" for outcome in Outcome if outcome in report.counts]
    return [f"time={report.duration_seconds:.3f}s;;;0", *counts]


def _timing(entry: Entry) -> str:
    last = entry.result.last if entry.result else None
    label = _safe(entry.address).replace("=", "_").replace("'", "''")
    return f"'{label}'={last.duration_seconds:.6f}s;;;0" if last else ""


def _safe(text: str, limit: int = 500) -> str:
    return clean.terminal(text, limit).translate(_TABOO)
