"""One query, evaluated; and why it gave nothing."""

from __future__ import annotations

import msgspec

from agent.probe import ProbeError, Unknown, Unreachable, Value
from probes.prometheus.client import Client
from probes.prometheus.freshness import read, unfed
from probes.prometheus.promql import Selector
from probes.prometheus.result import Result
from probes.prometheus.values import Grid, value_of
from probes.prometheus.words import line, listed

__all__ = ["Evaluated", "Meaning", "evaluate"]


class Meaning(msgspec.Struct, frozen=True):
    """What the operator says that nothing means."""

    empty: float | None = None
    unseen: bool = False


class Evaluated(msgspec.Struct, frozen=True):
    """What one query gave."""

    value: Value
    samples: int
    series: int


async def evaluate(client: Client, text: str, meaning: Meaning, grid: Grid | None) -> Evaluated:
    """Evaluate now, or on a grid.  Raises Unreachable and ProbeError."""
    if grid is None:
        result = await client.query(text)
    else:
        result = await client.query_range(text, grid.start, grid.end, grid.step)
    value = value_of(result, meaning.empty, grid)
    if isinstance(value, Unknown):
        value = Unknown(f"{line(text, 100)} {value.reason}{await _why(client, text, result)}")
    elif not result.series and not meaning.unseen and (never := await _never_seen(client, text)):
        value = Unknown(
            f"{line(text, 100)} gives nothing, and {listed(never)} was never seen there: is the name right"
            " (`unseen` allows it)"
        )
    return Evaluated(value, result.samples, len(result.series))


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
