"""junit: one test case per check, and one for the verdict.

JUnit knows passed, failure, error and skipped, and a CI system shows only the last three.  So what failed
is a failure, what nobody knows (error, blocked, pending) an error, and a waived check is skipped, with
its waiver: a plain green is a plain pass.  The case `verdict` is red unless the run is GO: a run in
which nothing failed because nothing ran is not green either.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from agent.model import Decision, Outcome
from agent.report import Entry, Report
from agent.reporters import telling, wording
from agent.reporters.clean import line

_TAGS = {
    Outcome.FAIL: "failure",
    Outcome.ERROR: "error",
    Outcome.BLOCKED: "error",
    Outcome.PENDING: "error",
    Outcome.SKIPPED: "skipped",
    Outcome.WAIVED: "skipped",
}
_VERDICT = {Decision.NO_GO: "failure", Decision.INCONCLUSIVE: "error"}


def render(report: Report) -> str:
    """Tell the report as one suite; its numbers are the report's counts and the verdict itself."""
    suites = ET.Element("testsuites", {"name": "gonogo", **_numbers(report)})
    suite = ET.SubElement(suites, "testsuite", _suite(report))
    _properties(suite, [("headline", report.headline), *wording.about(report)])
    for entry in report.root.checks():
        _case(suite, report, entry)
    _verdict(suite, report)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _numbers(report: Report) -> dict[str, str]:
    return {
        "tests": str(sum(report.counts.values()) + 1),
        "failures": _number(report, "failure"),
        "errors": _number(report, "error"),
        "skipped": _number(report, "skipped"),
        "time": f"{report.duration_seconds:.3f}",
    }


def _number(report: Report, tag: str) -> str:
    of_checks = (report.counts.get(outcome, 0) for outcome in _TAGS if _TAGS[outcome] == tag)
    return str(sum(of_checks) + (_VERDICT.get(report.decision) == tag))


def _suite(report: Report) -> dict[str, str]:
    stamp = f"{wording.instant(report.started_at):%Y-%m-%dT%H:%M:%S}"
    return {
        "name": line(report.name),
        **_numbers(report),
        "timestamp": stamp,
        "hostname": line(report.host),
    }


def _case(suite: ET.Element, report: Report, entry: Entry) -> None:
    case = ET.SubElement(suite, "testcase", _named(report, entry))
    told = [("outcome", entry.outcome), ("severity", entry.severity), *wording.facts(entry)]
    _properties(case, told)
    if tag := _TAGS.get(entry.outcome):
        why = f"waived: {entry.waiver}; {entry.reason}" if entry.waiver else entry.reason
        attributes = {"message": line(why or entry.outcome)}
        problem = ET.SubElement(case, tag, attributes if tag == "skipped" else attributes | {"type": entry.outcome})
        problem.text = "\n".join(f"{label}: {line(text)}" for label, text in telling.pairs(entry))
    elif said := wording.remarks(entry):
        ET.SubElement(case, "system-out").text = "\n".join(map(line, said))


def _named(report: Report, entry: Entry) -> dict[str, str]:
    section = entry.address.rpartition("/")[0].replace("/", ".")
    named = {"classname": line(".".join(filter(None, (report.name, section)))), "name": line(entry.name)}
    attempts = entry.result.attempts if entry.result else ()
    named["time"] = f"{sum(attempt.duration_seconds for attempt in attempts):.3f}"
    return named | ({"file": line(entry.place.file), "line": str(entry.place.line)} if entry.place else {})


def _properties(parent: ET.Element, pairs: list[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for label, value in pairs:
        ET.SubElement(properties, "property", {"name": label, "value": line(value)})


def _verdict(suite: ET.Element, report: Report) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": line(report.name), "name": "verdict", "time": "0.000"})
    said = "\n".join(map(line, report.derivation))
    if tag := _VERDICT.get(report.decision):
        problem = ET.SubElement(case, tag, {"message": line(report.headline), "type": report.decision})
        problem.text = said
    else:
        ET.SubElement(case, "system-out").text = said
