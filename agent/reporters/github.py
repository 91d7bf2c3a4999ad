"""github: annotations of GitHub Actions, at the lines of the profile.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions.  GitHub shows ten of each
level per step, so the verdict comes first and then the heaviest: red is what the verdict rests on,
yellow what it forgave or only warns of.
"""

from __future__ import annotations

from agent.model import Decision, Outcome
from agent.report import Entry, Report
from agent.reporters import standing, wording
from agent.reporters.clean import line


def render(report: Report) -> str:
    """Tell the verdict, and each check that is not a plain pass, as workflow commands."""
    level = "notice" if report.decision is Decision.GO else "error"
    derivation = "\n".join(line(text) for text in report.derivation)
    lines = [_command(level, {"title": line(report.headline)}, derivation or line(report.headline))]
    checks = list(report.root.checks())
    blocked = [entry for entry in checks if entry.outcome is Outcome.BLOCKED]
    remarked = [entry for entry in checks if entry.outcome is Outcome.PASS and wording.remarks(entry)]
    forgiven = standing.forgiven(report.root)
    told = [*standing.troubles(report), *blocked, *remarked]
    lines += [_annotation(_level(entry, forgiven), entry) for entry in told]
    return "".join(f"{text}\n" for text in lines)


def _level(entry: Entry, forgiven: dict[str, str]) -> str:
    if entry.outcome is Outcome.PASS:
        return "warning" if entry.result and entry.result.warnings else "notice"
    if entry.outcome is Outcome.WAIVED:
        return "notice"
    return "warning" if entry.address in forgiven else "error"


def _annotation(level: str, entry: Entry) -> str:
    place = {"file": line(entry.place.file), "line": str(entry.place.line)} if entry.place else {}
    title = f"{wording.WORDS[entry.outcome]}: {line(entry.name)}"
    said = [*wording.remarks(entry), *_whom(entry)]
    return _command(level, place | {"title": title}, "\n".join(map(line, said)) or entry.outcome)


def _whom(entry: Entry) -> list[str]:
    pairs = [("owner", entry.owner), ("runbook", entry.runbook)]
    return [f"{label}: {text}" for label, text in pairs if text]


def _command(level: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    return f"::{level} {told}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
