"""One check told whole: measured against expected, its attempts, whom to call."""

from __future__ import annotations

from collections.abc import Iterator

from agent.report import Entry
from agent.reporters import evidence, wording
from agent.reporters.html.markup import anchor, description_list, esc, link
from agent.reporters.html.timeline import Clock


def render(entry: Entry, forgiven: str, clock: Clock) -> str:
    """Write what stands below the line of a check."""
    told = [_forgiven(entry, forgiven), _readings(entry), _attempts(entry, clock), _facts(entry)]
    return f'<div class="detail">{"".join(told)}</div>'


def _forgiven(entry: Entry, why: str) -> str:
    return f'<p class="forgiven">The verdict does not rest on it: {esc(why)}.</p>' if why and not entry.waiver else ""


def _readings(entry: Entry) -> str:
    found = evidence.findings(entry)
    rows = "".join(_rows(found))
    head = "<tr><th>metric</th><th>measured</th><th>expected</th></tr>"
    if not rows:
        return ""
    return f'<table class="readings"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _rows(found: evidence.Findings) -> Iterator[str]:
    """Give breaches first, then warnings, then all else with the limit that it stood."""
    for breach in found.breaches:
        yield _row("breached", breach.metric, breach.actual, breach.expected)
    for breach in found.warnings:
        yield _row("warned", breach.metric, breach.actual, f"{breach.expected} (warning)")
    limits = dict(text.partition(": ")[::2] for text in (*found.held, *found.unjudged))
    warned = {breach.metric for breach in found.warnings}
    for metric, text in found.read:
        if metric not in warned or metric in limits:
            yield _row("held" if metric in limits else "read", metric, text, limits.pop(metric, ""))
    for metric, text in limits.items():
        yield _row("read", metric, "not measured" if found.unjudged else "", text)


def _row(name: str, metric: str, actual: str, expected: str) -> str:
    return (
        f'<tr class="{name}"><th scope="row">{esc(metric)}</th>'
        f'<td data-label="measured">{esc(actual)}</td><td data-label="expected">{esc(expected)}</td></tr>'
    )


def _attempts(entry: Entry, clock: Clock) -> str:
    runs = evidence.runs(entry.result.attempts if entry.result else ())
    rows = "".join(_run(run, clock, entry) for run in runs)
    return f'<ol class="attempts" aria-label="attempts">{rows}</ol>' if rows else ""


def _run(run: evidence.Run, clock: Clock, entry: Entry) -> str:
    attempts = entry.result.attempts if entry.result else ()
    bars = clock.bars(tuple(one for one in attempts if run.first.number <= one.number <= run.last.number))
    outcome = run.first.outcome
    why = f" {esc(run.first.reason)}" if run.first.reason else ""
    return (
        f'<li><span class="number">{esc(run.number)}</span> <span class="word {outcome}">{outcome}</span>'
        f' <span class="when">{esc(run.when)}</span>{why}{bars}</li>'
    )


def _facts(entry: Entry) -> str:
    told = [(label, _fact(entry, label, text)) for label, text in wording.facts(entry)]
    return description_list("facts", told)


def _fact(entry: Entry, label: str, text: str) -> str:
    if label == "runbook":
        return link(text)
    if label == "blocked by" and entry.result:
        by = (f'<a href="#{anchor(address)}">{esc(address)}</a>' for address in entry.result.blocked_by)
        return ", ".join(by)
    return esc(text)
