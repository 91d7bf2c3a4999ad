"""A rule file, or a PrometheusRule of the operator, as far as it can be held against what is loaded.

https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.probe import ProbeError, Value
from probes import formats
from probes.content import read
from probes.prometheus.promql import check_promql
from probes.prometheus.times import duration

__all__ = ["Written", "load"]

_LIMIT = 16 << 20


class Written(msgspec.Struct, frozen=True):
    """A rule as it is written."""

    group: str
    kind: str
    """`alert` or `record`."""
    name: str
    query: str
    labels: dict[str, str]
    duration: float
    keep: float

    def __str__(self) -> str:
        return self.name


def load(path: str) -> list[Written]:
    """Read a file; blocks.  Raises ProbeError."""
    try:
        data = read(path, _LIMIT)
    except ValueError as error:
        raise ProbeError(f"{path} {error}") from error
    try:
        found = list(_rules(formats.parse(data, "yaml")))
    except ValueError as error:
        raise ProbeError(f"{path} is not a rule file: {error}") from error
    if not found:
        raise ProbeError(f"{path} has no rules")
    return found


class _Wrong(ValueError):
    """What no rule file has."""


def _rules(document: Value) -> Iterator[Written]:
    for number, group in enumerate(_groups(document), start=1):
        if not isinstance(group, dict) or not isinstance(group.get("name"), str):
            raise _Wrong(f"group {number} has no name")
        name = group["name"]
        common = _labels(group.get("labels"), name)
        rules = group.get("rules") or []
        if not isinstance(rules, list):
            raise _Wrong(f"the rules of {name} are not a list")
        yield from (_rule(rule, name, common, f"rule {place} of {name}") for place, rule in enumerate(rules, start=1))


def _groups(document: Value) -> list[Value]:
    """Find the groups of each document: at the top, or under `spec` in a manifest."""
    groups: list[Value] = []
    for one in document if isinstance(document, list) else [document]:
        top = one.get("spec", one) if isinstance(one, dict) else None
        found = top.get("groups") if isinstance(top, dict) else None
        if not isinstance(found, list):
            raise _Wrong("it has no `groups`")
        groups += found
    return groups


def _rule(rule: Value, group: str, common: dict[str, str], place: str) -> Written:
    if not isinstance(rule, dict):
        raise _Wrong(f"{place} is no mapping")
    kinds = [kind for kind in ("alert", "record") if isinstance(rule.get(kind), str)]
    if len(kinds) != 1:
        raise _Wrong(f"{place} has not exactly one of `alert` and `record`")
    name = rule[kinds[0]]
    return Written(
        group=group,
        kind=kinds[0],
        name=name,
        query=_expression(rule.get("expr"), name),
        labels=common | _labels(rule.get("labels"), name),
        duration=_seconds(rule.get("for"), name),
        keep=_seconds(rule.get("keep_firing_for"), name),
    )


def _expression(value: Value, name: str) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    try:
        check_promql(text)
    except ValueError as error:
        raise _Wrong(f"the expression of {name} {error}") from error
    return text


def _labels(value: Value, name: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Wrong(f"the labels of {name} are no mapping")
    return {label: _text(one) for label, one in value.items()}


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(value: Value, name: str) -> float:
    seconds = 0.0 if value in (None, "") else duration(str(value))
    if seconds is None:
        raise _Wrong(f"{name} has the time {value!r}, expected one such as 5m")
    return seconds
