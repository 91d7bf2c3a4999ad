"""Why a metric is not there as it should be, in a sentence for who has to mend it.

What it costs to find out is asked only when something is wrong, and when that is refused the sentence is
shorter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from agent.probe import ProbeError, Unreachable
from probes.prometheus import union
from probes.prometheus.client import Client
from probes.prometheus.matchers import Matcher, quoted
from probes.prometheus.presence import Presence
from probes.prometheus.promql import Selector
from probes.prometheus.words import listed, span

__all__ = ["explain"]

_SUFFIX = re.compile(r"_(?:total|bucket|count|sum|info|created)$")
_DETAILED = 5
"""How many are looked into."""


async def explain(client: Client, presences: Sequence[Presence], lookback: float) -> list[str]:
    """Say of each that is not present what is wrong with it."""
    wrong = [presence for presence in presences if presence.state != "present"]
    told = [await _told(client, presence, lookback) for presence in wrong[:_DETAILED]]
    return told + [_plain(presence, lookback) for presence in wrong[_DETAILED:]]


async def _told(client: Client, presence: Presence, lookback: float) -> str:
    plain = _plain(presence, lookback)
    try:
        if presence.state == "never there":
            return plain + await _similar(client, presence.selector.name)
        if presence.state == "wrong labels":
            return f"{plain}: {await _wrong_label(client, presence.selector)}"
    except (ProbeError, Unreachable):  # the finding stands without its details
        return plain
    return plain


def _plain(presence: Presence, lookback: float) -> str:
    name, age = presence.selector, presence.age
    match presence.state:
        case "stale":
            return (
                f"{name} is stale: its newest sample is {span(age)} old"
                if isinstance(age, float)
                else f"{name} is stale"
            )
        case "vanished":
            ago = f" {span(age)} ago" if isinstance(age, float) else f" within {span(lookback)}"
            return f"{name} vanished{ago}"
        case "wrong labels":
            return f"{name.name} is there, but no series is {name}"
        case _:
            return f"{name} was not there within {span(lookback)}"


async def _similar(client: Client, name: str) -> str:
    """Name metrics that are called alike."""
    stem = _SUFFIX.sub("", name)
    beginning = name.partition("_")[0]
    names = await client.label_values("__name__", [f"{{__name__=~{quoted(re.escape(beginning) + '.*')}}}"])
    if name in names:
        return ", only before that"
    variants = [one for one in names if _SUFFIX.sub("", one) == stem]
    alike = variants or get_close_matches(name, names, n=3, cutoff=0.8)
    return f"; there is {listed(sorted(alike))}" if alike else ""


async def _wrong_label(client: Client, selector: Selector) -> str:
    questions = {}
    for index, matcher in enumerate(selector.matchers):
        questions[f"{index} alone"] = f"count({Selector(selector.name, (matcher,))})"
        questions[f"{index} label"] = f"count({Selector(selector.name, (Matcher(matcher.label, '!=', ''),))})"
    _, answers = await union.ask(client, questions)
    for index, matcher in enumerate(selector.matchers):
        if f"{index} label" not in answers:
            return f"none has the label {matcher.label}"
        if f"{index} alone" not in answers:
            values = await client.label_values(matcher.label, [str(Selector(selector.name))])
            return f"none has {matcher}, {matcher.label} is {listed(map(quoted, sorted(values)))}"
    return "each of these labels is there, but not all on one series"
