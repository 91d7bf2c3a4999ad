"""One query, evaluated; and why it gave nothing."""

from __future__ import annotations

import msgspec

from agent.probe import ProbeError, Unknown, Unreachable, Value
from probes.prometheus.client import Client
from probes.prometheus.freshness import Age, aged, read, unfed
from probes.prometheus.promql import Selector
from probes.prometheus.result import Result
from probes.prometheus.values import Grid, value_of
from probes.prometheus.words import line, listed

__all__ = ["Evaluated", "Meaning", "Over", "evaluate"]


_NEVER = "was never seen there: is the name right (`unseen` allows it)"


class Meaning(msgspec.Struct, frozen=True):
    """What the operator says that nothing means."""

    empty: float | None = None
    unseen: bool = False


class Over(msgspec.Struct, frozen=True):
    """A range, for which the age is known before."""

    grid: Grid
    age: Age


class Evaluated(msgspec.Struct, frozen=True):
    """What one query gave."""

    value: Value
    samples: int
    series: int
    age: Age


async def evaluate(client: Client, text: str, meaning: Meaning, over: Over | None = None) -> Evaluated:
    """Evaluate now, or over a range.  Raises Unreachable and ProbeError."""
    if over is None:
        result, age = await aged(client, text)
        value = value_of(result, meaning.empty)
    else:
        result, age = await client.query_range(text, over.grid.start, over.grid.end, over.grid.step), over.age
        value = value_of(result, meaning.empty, over.grid)
    if isinstance(value, Unknown):
        value = Unknown(f"{line(text, 100)} {value.reason}{await _why(client, text, result)}")
    elif not result.series and not meaning.unseen and (never := await _never_seen(client, text)):
        value = Unknown(f"{line(text, 100)} gives nothing, and {listed(never)} {_NEVER}")
    return Evaluated(value, result.samples, len(result.series), age)


async def _never_seen(client: Client, text: str) -> list[str]:
    """Name the metrics of a query that the server has no series of, at no time."""
    names = dict.fromkeys(selector.name for selector in read([text]) if selector.name)
    known = await client.label_values("__name__", [str(Selector(name)) for name in names]) if names else []
    return [name for name in names if name not in known]


async def _why(client: Client, text: str, result: Result) -> str:
    """Say what it reads that is not there; nothing when that is not known."""
    if result.series:
        return ""
    try:
        missing = await unfed(client, read([text]))
    except (ProbeError, Unreachable):  # the finding stands without its reason
        return ""
    return f": {listed(map(str, missing))} has no series now" if missing else ""
