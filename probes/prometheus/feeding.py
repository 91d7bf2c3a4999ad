"""Whether the series exist that rules read, and those that recording rules make.

An alert on a metric that is not there never fires, and looks healthy for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from agent.probe import Unknown
from probes.prometheus.client import Client
from probes.prometheus.freshness import read, unfed
from probes.prometheus.promql import Selector
from probes.prometheus.ruleset import Rule

__all__ = ["Fed", "Feeding", "feeding"]

Fed = Literal["names", "selectors"]


class Feeding(msgspec.Struct, frozen=True):
    """What has no series."""

    unfed: list[str] | Unknown = []
    """Selectors, each once."""
    problems: list[str] = []
    """Which rule reads it, or should have made it."""


async def feeding(client: Client, rules: Sequence[Rule], how: Fed, sparse: Collection[str]) -> Feeding:
    """Look for the series of each rule, but for the metrics that are `sparse`.  Raises Unreachable and ProbeError."""
    try:
        needed = [(rule, [one for one in _needed(rule, how) if one.name not in sparse]) for rule in rules]
    except ValueError as error:
        return Feeding(Unknown(f"an expression cannot be read here: it {error}"))
    wanted = dict.fromkeys(selector for _, selected in needed for selector in selected)
    missing = set(await unfed(client, list(wanted))) if wanted else set()
    told = [_told(rule, selector) for rule, selected in needed for selector in selected if selector in missing]
    return Feeding([str(selector) for selector in wanted if selector in missing], list(dict.fromkeys(told)))


def _needed(rule: Rule, how: Fed) -> Iterator[Selector]:
    """List what a rule reads, and what it records."""
    selected: Iterable[Selector] = read([rule.query])
    if how == "names":
        selected = (Selector(selector.name) if selector.name else selector for selector in selected)
    yield from selected
    if rule.type == "recording":
        yield Selector(rule.name)


def _told(rule: Rule, selector: Selector) -> str:
    if rule.type == "recording" and selector == Selector(rule.name):
        return f"{rule.name} records nothing"
    return f"{rule.name} reads {selector}, which has no series"
