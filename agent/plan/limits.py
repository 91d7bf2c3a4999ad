"""`expect` and `warn`: limits of a check, typed for its metrics, each mistake at its place."""

from __future__ import annotations

from collections.abc import Mapping as Table

import msgspec

from agent import units
from agent.coerce import holds_late
from agent.findings import Findings
from agent.limit import OPERATORS, RELATIVE, Limit, LimitError, Metric, compile_limit
from agent.node import Entry, Mapping, Node, Sequence
from agent.plan.steps import LateLimit
from agent.problem import nearest
from agent.registry import ENGINE_METRICS, Kind
from agent.settings import spec


class Limits(msgspec.Struct, frozen=True):
    """The limits under one key; `names` are all metrics that are limited there."""

    known: tuple[Limit, ...] = ()
    late: tuple[LateLimit, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def relative(self) -> bool:
        """Whether any of them needs a baseline."""
        return any(test.op in RELATIVE for limit in self.known for test in limit.tests)


def metrics_of(kind: Kind, named: tuple[str, ...]) -> dict[str, Metric]:
    """Give every metric that a check can have: its kind's, the engine's and those that the operator named."""
    engine = {metric.name: metric for metric in ENGINE_METRICS}
    return {**engine, **kind.metrics, **{name: _named(name) for name in named}}


def _named(name: str) -> Metric:
    return Metric(name, unit=units.of(name))


def bind_limits(
    written: Node | None, kind: Kind, metrics: Table[str, Metric], findings: Findings, *, key: str = "expect"
) -> Limits:
    """Type all limits under a key; what is wrong is a finding."""
    if written is None:
        return Limits()
    if not isinstance(written, Mapping) or not written.entries:
        findings.wrong(f"{key} is not a mapping of metrics to limits", written.mark)
        return Limits()
    known, late = [], []
    for entry in written.entries:
        metric = _metric(entry, kind, metrics, findings)
        if metric is None:
            continue
        if holds_late(entry.value):
            late.append(LateLimit(metric, entry.value))
        elif (limit := _bind(metric, entry.value, findings)) is not None:
            known.append(limit)
    return Limits(tuple(known), tuple(late), written.keys())


def _metric(entry: Entry, kind: Kind, metrics: Table[str, Metric], findings: Findings) -> Metric | None:
    name = entry.key.text
    if name in metrics:
        return metrics[name]
    if kind.open_names:
        return _named(name)
    hint = nearest(name, list(metrics), listed=12)
    findings.wrong(f"{kind.name} has no metric '{name}'{hint}", entry.key.mark)
    return None


def _bind(metric: Metric, written: Node, findings: Findings) -> Limit | None:
    try:
        return compile_limit(metric, spec(written))
    except LimitError as error:
        complain(error, written, findings)
        return None


def complain(error: LimitError, written: Node, findings: Findings) -> None:
    """Make a finding of a limit that cannot be, at the place that its path leads to."""
    place, mark, message = written, written.mark, str(error)
    for step in error.path:
        if isinstance(place, Mapping) and isinstance(step, str):
            entry = next((entry for entry in place.entries if entry.key.text == step), None)
            if entry is None:
                break
            place, mark = (
                entry.value,
                entry.key.mark if message.startswith("unknown limit") else entry.value.mark,
            )
        elif isinstance(place, Sequence) and isinstance(step, int):
            place = place.items[step]
            mark = place.mark
    if message.startswith("unknown limit"):
        message += nearest(str(error.path[-1]), OPERATORS, listed=20)
    findings.wrong(message, mark)
