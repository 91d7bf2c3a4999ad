"""Evaluate PromQL and measure what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Annotated, ClassVar

from msgspec import Meta

from agent.probe import Reading, Seconds, Unknown, Unreadable, Value, checked
from probes.prometheus.client import Client
from probes.prometheus.evaluation import Evaluated, Meaning, Over, evaluate
from probes.prometheus.freshness import ages
from probes.prometheus.promql import check_promql
from probes.prometheus.server import Server
from probes.prometheus.together import together
from probes.prometheus.values import Grid

__all__ = ["QueryProbe", "QueryReading"]

_MOST_STEPS = 11_000
"""Prometheus refuses more values of a series in one answer."""
_USUAL_STEPS = 60

_Text = Annotated[str, checked(check_promql)]
_Named = Annotated[str, checked(check_promql, readings=True)]


class QueryReading(Reading, frozen=True, kw_only=True):
    """What the queries gave.  With a list or a mapping of queries, numbers are lists in its order."""

    value: Value = None
    """What the query gave: one series is a number, several are a list; with `range`, the list of all values at
    all steps, so that a limit holds at each.  A list of queries gives a list; a mapping none, but a reading for
    each of its names.  No series, NaN, or a step of a range without a value, is nobody's knowledge: an error,
    unless `empty` says what it means.  An infinity is told as such, and breaches every limit on a size."""
    samples: int | list[int]
    """Number of values that it gave, before `empty` fills any in."""
    series: int | list[int]
    """Number of series that it gave."""
    age_seconds: float | list[float | None] | Unreadable | None = None
    """Since the newest sample that it reads; where it reads several metrics, of the one that waits longest.
    Absent when there is none now, and when the query reads no metric."""


class QueryProbe(Server, frozen=True, kw_only=True):
    """Have Prometheus evaluate PromQL, now or at the steps of a range that ends now, by its own clock."""

    paths: ClassVar[tuple[str, ...]] = ("/api/v1/query", "/api/v1/query_range", "/api/v1/label/NAME/values")

    query: _Text | Annotated[list[_Text], Meta(min_length=1)] | dict[str, _Named]
    """An expression, whose reading is `value`; a list of them; or a mapping of metric to expression."""

    range: Seconds | None = None
    """Evaluate at each step of a time of this length: `10m`."""

    step: Seconds | None = None
    """Time between two steps, in whole seconds; by default a 60th of `range`."""

    empty: float | None = None
    """What nothing means: `0` where no series says that nothing went wrong."""

    unseen: bool = False
    """Whether `empty` also stands for metrics that the server has never seen, such as a counter that is created with
    the first error.  By default that is an error: a misspelt name would be healthy for ever."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        super().__post_init__()
        if not self.query:
            raise ValueError("`query` is empty")
        if self.unseen and self.empty is None:
            raise ValueError("`unseen` has no meaning without `empty`")
        if self.step is not None and self.range is None:
            raise ValueError("`step` has no meaning without `range`")
        if self.range is not None:
            self._check_steps(self.range, self._step())

    def _check_steps(self, length: float, step: float) -> None:
        if step < 1 or step != int(step):
            raise ValueError(f"`step` is {step:g} s, expected whole seconds")
        if step > length:
            raise ValueError(f"`step` is {step:g} s, longer than the `range` of {length:g} s")
        if length / step > _MOST_STEPS:
            raise ValueError(f"`range` has {length / step:.0f} steps, at most {_MOST_STEPS} can be asked for")

    def _step(self) -> float:
        return self.step if self.step is not None else max(1.0, ceil((self.range or 0) / _USUAL_STEPS))

    async def measure(self) -> QueryReading:
        """Evaluate each.  Raises Unreachable and ProbeError."""
        found = await self._evaluated(Client(self), self._texts())
        values = [one.value for one in found]
        return QueryReading(
            value=None if isinstance(self.query, dict) else self._each(values),
            samples=self._each([one.samples for one in found]),
            series=self._each([one.series for one in found]),
            age_seconds=self._each([one.age for one in found]),
            named=dict(zip(self.query, values, strict=True)) if isinstance(self.query, dict) else {},
        )

    async def _evaluated(self, client: Client, texts: list[str]) -> list[Evaluated]:
        meaning = Meaning(self.empty, self.unseen)
        if self.range is None:
            return await together([partial(evaluate, client, text, meaning) for text in texts])
        now, found = await ages(client, texts)
        grid = Grid.before(now, self.range, self._step())
        over = [Over(grid, age) for age in found]
        return await together(
            [partial(evaluate, client, text, meaning, one) for text, one in zip(texts, over, strict=True)]
        )

    def _texts(self) -> list[str]:
        if isinstance(self.query, str):
            return [self.query]
        return list(self.query.values()) if isinstance(self.query, dict) else self.query

    def _each(self, values: Sequence[Value]) -> Value:
        """Give a list where there are several queries; what is not known of one is not known of all."""
        unknown = [value.reason for value in values if isinstance(value, Unreadable)]
        if unknown:
            return Unknown("; ".join(dict.fromkeys(unknown)))
        return values[0] if isinstance(self.query, str) else list(values)
