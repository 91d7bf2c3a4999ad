"""`expect` and `warn`: limits of a check, typed for its metrics, each mistake at its place."""

from __future__ import annotations

from collections.abc import Mapping as Table

import msgspec

from agent import units
from agent.coerce import holds_late
from agent.findings import Findings
from agent.limit import OPERATORS, RELATIVE, Limit, LimitError, Metric, UnknownLimit, compile_limit
from agent.node import Entry, Late, Mapping, Node, Sequence
from agent.plan.scope import Scope
from agent.plan.steps import LateLimit
from agent.problem import Mark, nearest
from agent.registry import ENGINE_METRICS, Kind
from agent.settings import spec


class Limits(msgspec.Struct, frozen=True):
    """The limits under one key; `names` are all metrics that are limited there."""

    known: tuple[Limit, ...] = ()
    late: tuple[LateLimit, ...] = ()
    names: tuple[str, ...] = ()
    relative: Mark | None = None
    """Where the first one stands that needs a baseline."""


def metrics_of(kind: Kind, named: tuple[str, ...], *, waits: bool) -> dict[str, Metric]:
    """Give every metric that a check can have: its kind's, the engine's and those that the operator named.

    `waits`: it has `within` or `hold`.
    """
    engine = {metric.name: metric for metric in ENGINE_METRICS} if waits else {}
    return {**engine, **kind.metrics, **{name: _named(name) for name in named}}


def _named(name: str) -> Metric:
    return Metric(name, unit=units.of(name))


def bind_limits(written: Node | None, key: str, scope: Scope, kind: Kind, metrics: Table[str, Metric]) -> Limits:
    """Type all limits under a key; what is wrong is a finding."""
    if written is None:
        return Limits()
    entries = _entries(written, key, scope)
    known, late, relative = [], [], None
    for entry in entries:
        metric = _metric(entry, kind, metrics, scope.findings)
        if metric is None:
            continue
        relative = relative or _relative(entry.value)
        if not holds_late(entry.value):
            limit = compiled(metric, entry.value, scope.findings)
            known += [limit] if limit else []
        elif _could_be(metric, entry.value, scope.findings):
            late.append(LateLimit(metric, entry.value))
    return Limits(tuple(known), tuple(late), tuple(entry.key.text for entry in entries), relative)


def _entries(written: Node, key: str, scope: Scope) -> tuple[Entry, ...]:
    if not isinstance(written, Mapping):
        written = scope.resolve(written)
        if isinstance(written, Late) and not written.parts:
            return ()
    if not isinstance(written, Mapping):
        scope.findings.wrong(f"{key} is not a mapping of metrics to limits, as {{status: 200}}", written.mark)
        return ()
    if not written.entries:
        scope.findings.wrong(f"{key} is empty: it asserts nothing", written.mark)
    return tuple(Entry(entry.key, scope.resolve(entry.value)) for entry in written.entries)


def _metric(entry: Entry, kind: Kind, metrics: Table[str, Metric], findings: Findings) -> Metric | None:
    name = entry.key.text
    if name in metrics:
        return metrics[name]
    if name in _OF_ENGINE:
        findings.wrong(f"{name} is measured with 'within' or 'hold' only", entry.key.mark)
        return None
    if kind.open_names:
        return _named(name)
    hint = nearest(name, list(metrics), listed=12)
    findings.wrong(f"{kind.name} has no metric '{name}'{hint}", entry.key.mark)
    return None


_OF_ENGINE = frozenset(metric.name for metric in ENGINE_METRICS)


def _relative(written: Node) -> Mark | None:
    entries = written.entries if isinstance(written, Mapping) else ()
    return next((entry.key.mark for entry in entries if entry.key.text in RELATIVE), None)


def compiled(metric: Metric, written: Node, findings: Findings) -> Limit | None:
    """Type a limit that is known; None, and a finding, when it cannot be."""
    try:
        return compile_limit(metric, spec(written))
    except LimitError as error:
        _complain(error, written, findings)
        return None


def _could_be(metric: Metric, written: Node, findings: Findings) -> bool:
    """Look at a limit that only the run knows as far as it is known now."""
    if not isinstance(written, Mapping):
        return True
    known = Mapping(tuple(entry for entry in written.entries if not holds_late(entry.value)), written.mark)
    unknown = [entry for entry in written.entries if entry.key.text not in OPERATORS and entry not in known.entries]
    for entry in unknown:
        _complain(UnknownLimit(entry.key.text), written, findings)
    return not unknown and (not known.entries or compiled(metric, known, findings) is not None)


def _complain(error: LimitError, written: Node, findings: Findings) -> None:
    """Make a finding of a limit that cannot be, at the place that its path leads to."""
    place, mark = written, written.mark
    for step in error.path:
        if isinstance(place, Mapping) and isinstance(step, str):
            entry = next(entry for entry in place.entries if entry.key.text == step)
            place, mark = entry.value, entry.key.mark if isinstance(error, UnknownLimit) else entry.value.mark
        elif isinstance(place, Sequence) and isinstance(step, int):
            place = place.items[step]
            mark = place.mark
    hint = nearest(error.op, OPERATORS, listed=20) if isinstance(error, UnknownLimit) else ""
    findings.wrong(f"{error}{hint}", mark)
