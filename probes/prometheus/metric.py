"""Look whether metrics are there, alive, and labelled as they should be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from agent.probe import Reading, Seconds, Unreadable, Value, checked
from probes.prometheus.absence import explain
from probes.prometheus.client import Client
from probes.prometheus.matchers import MatcherText, given
from probes.prometheus.presence import STATES, State, look
from probes.prometheus.promql import Selector
from probes.prometheus.server import Server

__all__ = ["MetricProbe", "MetricReading", "check_name"]

_STRANGE = re.compile(r"[\s{}()\[\]\"'`,=~!]")


def check_name(text: str) -> None:
    """Refuse what is no name of a metric."""
    if not text:
        raise ValueError("is empty, expected the name of a metric")
    if "{" in text:
        raise ValueError("has labels, expected a name alone: labels stand in `labels` and `matchers`")
    if strange := _STRANGE.search(text):
        raise ValueError(
            f"has {strange[0]!r} in it, expected the name of a metric: expressions are for prometheus.query"
        )


_Name = Annotated[str, checked(check_name)]


class MetricReading(Reading, frozen=True, kw_only=True):
    """What the server has of the metrics.  With a list of names, numbers and ages are lists, in its order."""

    state: State
    """The worst of them.  `never there`: not within `lookback`; `vanished`: within it, but no longer;
    `wrong labels`: there, but without series that have these labels; `stale`: there, but its newest sample is
    older than `stale_after`; `present`."""
    states: list[State]
    """The state of each."""
    missing: list[str]
    """Names of those that are not present."""
    problems: list[str]
    """What is wrong with each of these, and what is there instead."""
    series: int | list[int]
    """Series with these labels, now."""
    age_seconds: float | list[float | None] | Unreadable | None
    """Since the newest sample, not since it was looked at; of a vanished metric since its last one, as exactly as
    `lookback` / 2016 (5 min of a week).  Absent when there never was one."""
    oldest_age_seconds: float | list[float | None] | None
    """The same of the series that waits longest for a sample; absent where there is none now."""


class MetricProbe(Server, frozen=True, kw_only=True):
    """Ask Prometheus for metrics by name, as it has them now and, if they are not there, as it had them."""

    defaults: ClassVar[Mapping[str, Any]] = {"state": "present"}
    paths: ClassVar[tuple[str, ...]] = ("/api/v1/query", "/api/v1/label/NAME/values")

    name: _Name | Annotated[list[_Name], Meta(min_length=1)]
    """Name of a metric, or a list of names.  A histogram has none by itself: `…_bucket`, `…_count`, `…_sum`."""

    labels: dict[str, str] = field(default_factory=dict)
    """Labels that its series must have: `{app: shop}`."""

    matchers: list[MatcherText] = field(default_factory=list)
    """Further conditions on labels, as in PromQL: `['code=~"5.."']`."""

    lookback: Seconds = 7 * 86400.0
    """How far back a metric is looked for that is not there now."""

    stale_after: Seconds = 180.0
    """Age of the newest sample from which on a metric is stale.  After 5 minutes without any it has vanished."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        super().__post_init__()
        names = self._names()
        if len(set(names)) < len(names):
            raise ValueError("`name` has a name twice")
        if self.lookback < 60:
            raise ValueError(f"`lookback` is {self.lookback:g} s, expected at least a minute")

    async def measure(self) -> MetricReading:
        """Look for each name.  Raises Unreachable and ProbeError."""
        client = Client(self)
        matchers = given(self.labels, self.matchers)
        wanted = [Selector(name, matchers) for name in self._names()]
        found = await look(client, wanted, self.lookback, self.stale_after)
        return MetricReading(
            state=min((one.state for one in found), key=STATES.index),
            states=[one.state for one in found],
            missing=[one.selector.name for one in found if one.state != "present"],
            problems=await explain(client, found, self.lookback),
            series=self._each([one.series for one in found]),
            age_seconds=self._each([one.age for one in found]),
            oldest_age_seconds=self._each([one.oldest for one in found]),
        )

    def _names(self) -> list[str]:
        return [self.name] if isinstance(self.name, str) else self.name

    def _each(self, values: list[Any]) -> Value:
        """Give a list where there is a list of names; what cannot be told of one cannot be told of all."""
        unknown = next((value for value in values if isinstance(value, Unreadable)), None)
        if unknown is not None:
            return unknown
        return values[0] if isinstance(self.name, str) else values
