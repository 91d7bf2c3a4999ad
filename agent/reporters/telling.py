"""One check told whole, as pairs of a label and a text: what the terminal, junit and tap have in common."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from agent.report import Entry
from agent.reporters import clean, evidence, wording

_SHORT = 40
"""Characters of a reading that may share its line with others."""
_FIRST, _LAST = 3, 5
"""How many attempts are told of many that all ended differently."""


def pairs(entry: Entry, forgiven: str = "") -> Iterator[tuple[str, str]]:
    """Tell what was measured against what was expected, the attempts, and whom to call.

    `forgiven` says why the verdict does not rest on it.  The texts are as they came; whoever prints
    them makes them harmless.
    """
    light = [("forgiven", forgiven)] if forgiven and not entry.waiver else []
    return chain(_found(entry), light, _attempts(entry), _rest(entry))


def _found(entry: Entry) -> Iterator[tuple[str, str]]:
    found = evidence.findings(entry)
    pairs = [
        *(("measured", str(breach)) for breach in found.breaches),
        ("reason", found.reason),
        *(("warning", str(breach)) for breach in found.warnings),
        ("held", "; ".join(found.held)),
        ("expected", "; ".join(found.unjudged)),
        *_read(found),
    ]
    return ((label, text) for label, text in pairs if text)


def _read(found: evidence.Findings) -> Iterator[tuple[str, str]]:
    """Give the short readings in one paragraph, each long one in its own, and leave out what is absent."""
    told = [f"{metric} {clean.line(text, 400)}" for metric, text in found.read if text != "absent"]
    yield "read", "; ".join(text for text in told if len(text) <= _SHORT)
    yield from (("read", text) for text in told if len(text) > _SHORT)


def _attempts(entry: Entry) -> Iterator[tuple[str, str]]:
    """Tell every attempt; of many different ones the first and the last."""
    runs = evidence.runs(entry.result.attempts if entry.result else ())
    left_out = range(_FIRST, len(runs) - _LAST)
    for index, run in enumerate(runs):
        if index not in left_out:
            ended = run.ended if run.first.reason != entry.reason else f"{run.first.outcome}, as above"
            yield f"attempt {run.number}", f"{run.when}, {ended}"
        elif index == _FIRST:
            yield "", f"… to attempt {runs[left_out[-1]].number}: left out here, json and html have them"


def _rest(entry: Entry) -> Iterator[tuple[str, str]]:
    told = dict(wording.facts(entry))
    for label in ("owner", "runbook", "waiver", "address", "written"):
        if label in told:
            yield label, told[label]
