"""The rules of a file against those that are loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from agent.probe import ProbeError, Unknown, Unreachable
from probes.prometheus.promql import tokens
from probes.prometheus.rulefile import Written
from probes.prometheus.ruleset import Loaded, Rule
from probes.prometheus.server import Server
from probes.prometheus.together import together
from probes.prometheus.words import line, span

__all__ = ["FORMAT", "Comparison", "compare"]

FORMAT = "/api/v1/format_query"
"""Writes an expression as the server itself would, since Prometheus 2.40."""


class Comparison(msgspec.Struct, frozen=True):
    """What a file and a server do not have in common."""

    missing: list[str] = []
    """Written and not loaded."""
    changed: list[str] | Unknown = []
    """Loaded otherwise than they are written: name and difference."""
    extra: list[str] = []
    """Loaded in a group of the file, and not written there."""


async def compare(server: Server, written: Sequence[Written], loaded: Sequence[Loaded]) -> Comparison:
    """Hold each rule of a file against one of its name, in its group if that is loaded.

    Expressions are equal when they are so as the server writes them.  Raises nothing: where the server cannot
    write them so, `changed` is unknown.
    """
    pairs = _paired(written, loaded)
    missing = [one.name for one, other in pairs if other is None]
    found = await together([partial(_difference, server, one, other.rule) for one, other in pairs if other])
    unknown = next((one for one in found if isinstance(one, Unknown)), None)
    changed = [one for one in found if isinstance(one, str) and one]
    known = {id(other.rule) for _, other in pairs if other}
    groups = {one.group for one in written}
    extra = [other.rule.name for other in loaded if other.group in groups and id(other.rule) not in known]
    return Comparison(missing, unknown if unknown and not changed else changed, extra)


def _paired(written: Sequence[Written], loaded: Sequence[Loaded]) -> list[tuple[Written, Loaded | None]]:
    """Give each the most similar one of those that are left, the most similar pairs first."""
    groups = {other.group for other in loaded}
    scores = [
        (_likeness(one, other), number, place)
        for number, one in enumerate(written)
        for place, other in enumerate(loaded)
        if (one.kind, one.name) == (other.rule.kind, other.rule.name)
        and (one.group == other.group or one.group not in groups)
    ]
    found: dict[int, int] = {}
    for _, number, place in sorted(scores, key=lambda score: -score[0]):
        if number not in found and place not in found.values():
            found[number] = place
    return [(one, loaded[found[number]] if number in found else None) for number, one in enumerate(written)]


def _likeness(one: Written, other: Loaded) -> int:
    rule = other.rule
    return 2 * (_same_words(one.query, rule.query)) + 4 * (one.labels == rule.labels) + (one.duration == rule.duration)


async def _difference(server: Server, one: Written, rule: Rule) -> str | Unknown:
    """Say what is different; nothing when nothing is."""
    told = list(_of_its_keys(one, rule))
    if not _same_words(one.query, rule.query):
        try:
            visit = await server.visit(FORMAT, {"query": one.query})
            canonical = server.told(visit, str)
        except (ProbeError, Unreachable) as error:
            return Unknown(f"the expression of {one.name} cannot be compared: {error}")
        if not _same_words(canonical, rule.query):
            told.append(f"its expression is {line(rule.query)}, expected {line(canonical)}")
    return f"{one.name}: {', '.join(told)}" if told else ""


def _of_its_keys(one: Written, rule: Rule) -> Iterator[str]:
    if one.labels != rule.labels:
        yield f"its labels are {_labels(rule.labels)}, expected {_labels(one.labels)}"
    for key, written, loaded in (
        ("for", one.duration, rule.duration),
        ("keep_firing_for", one.keep, rule.keepFiringFor),
    ):
        if written != loaded:
            yield f"{key} is {span(loaded)}, expected {span(written)}"


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f"{label}={value}" for label, value in sorted(labels.items())) or "none"


def _same_words(one: str, other: str) -> bool:
    try:
        return [token.text for token in tokens(one)] == [token.text for token in tokens(other)]
    except ValueError:  # a syntax that is newer than this reader's
        return one.split() == other.split()
