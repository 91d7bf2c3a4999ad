"""prometheus: the text exposition format, for the node exporter's textfile collector.

https://prometheus.io/docs/instrumenting/exposition_formats/.  Samples carry no timestamps, because the
collector refuses them; when the run was is a metric.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent.model import Decision, Outcome
from agent.report import Entry, Report
from agent.reporters import wording
from agent.reporters.clean import line

Sample = tuple[dict[str, str], float]


def render(report: Report) -> str:
    """Tell the run, every section and every check as gauges."""
    checks, sections = list(report.root.checks()), [e for _, e in report.root.walk() if e.result is None]
    families = [
        *_run(report),
        _family("section_outcome", "How a section ended: 1 for its outcome.", map(_outcome, sections)),
        _family("check_outcome", "How a check ended: 1 for its outcome.", map(_outcome, checks)),
        _family("check_attempts", "How often a check was looked at.", map(_attempts, checks)),
        _family("check_duration_seconds", "How long the deciding look of a check took.", _durations(checks)),
        _family("check_warnings", "Limits under warn that did not hold.", map(_warnings, checks)),
    ]
    return "".join(_exposed(report.name, *family) for family in families)


Family = tuple[str, str, list[Sample]]


def _family(name: str, meaning: str, samples: Iterable[Sample]) -> Family:
    return name, meaning, list(samples)


def _run(report: Report) -> list[Family]:
    started = wording.instant(report.started_at).timestamp()
    decisions = [({"decision": decision.value}, float(decision is report.decision)) for decision in Decision]
    counts = [({"outcome": outcome.value}, float(report.counts.get(outcome, 0))) for outcome in _OF_CHECKS]
    return [
        _family("run_decision", "The verdict: 1 for the decision that was made.", decisions),
        _family("run_checks", "How many checks of the run ended so.", counts),
        _family("run_start_timestamp_seconds", "When the run started.", [({}, started)]),
        _family("run_duration_seconds", "How long the run took.", [({}, report.duration_seconds)]),
        _family(
            "run_narrowed", "1 when only a part of the checks was chosen.", [({}, float(report.selection is not None))]
        ),
        _family("run_interrupted", "1 when a signal ended the run early.", [({}, float(bool(report.interrupted)))]),
        _family("run_info", "What was verified, and with what.", [(_info(report), 1.0)]),
    ]


def _info(report: Report) -> dict[str, str]:
    """Give the subject as labels; a key that cannot be one is changed as Prometheus's own relabelling does."""
    subject = {f"subject_{re.sub(r'[^a-zA-Z0-9_]', '_', key)}": text for key, text in report.subject.items()}
    return {"gonogo_version": report.version, "host": report.host, "digest": report.profile_digest} | subject


_OF_CHECKS = [outcome for outcome in Outcome if outcome is not Outcome.INCONCLUSIVE]


def _outcome(entry: Entry) -> Sample:
    labels = {"address": entry.address, "outcome": entry.outcome, "severity": entry.severity, "owner": entry.owner}
    return labels, 1.0


def _attempts(entry: Entry) -> Sample:
    return {"address": entry.address}, float(len(entry.result.attempts) if entry.result else 0)


def _warnings(entry: Entry) -> Sample:
    return {"address": entry.address}, float(len(entry.result.warnings) if entry.result else 0)


def _durations(checks: Iterable[Entry]) -> Iterator[Sample]:
    for entry in checks:
        if entry.result and entry.result.last:
            yield {"address": entry.address}, entry.result.last.duration_seconds


def _exposed(profile: str, name: str, meaning: str, samples: list[Sample]) -> str:
    if not samples:
        return ""
    lines = [f"# HELP gonogo_{name} {meaning}", f"# TYPE gonogo_{name} gauge"]
    lines += [f"gonogo_{name}{{{_labels({'profile': profile} | labels)}}} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())


def _escaped(text: str) -> str:
    return line(text).replace("\\", "\\\\").replace('"', '\\"')
