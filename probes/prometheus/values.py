"""From what a query gave to the value of a metric; nothing is never a number, unless the operator says which.

Nothing is: no series, NaN, and in a range each step at which no series has a value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from agent.probe import Unknown, Value
from probes.prometheus.result import Result, Series
from probes.prometheus.words import span

__all__ = ["Grid", "value_of"]


class Grid(msgspec.Struct, frozen=True):
    """The times at which a range is evaluated, in whole Unix seconds: multiples of the step, as Grafana has them."""

    start: int
    end: int
    step: int

    @classmethod
    def before(cls, now: float, length: float, step: float) -> Grid:
        """Lay a range that ends now."""
        size = int(step)
        end = int(now) // size * size
        return cls(end - int(length) // size * size, end, size)

    def __len__(self) -> int:
        return (self.end - self.start) // self.step + 1

    def values(self, series: Iterable[Series]) -> list[list[float]]:
        """Give the values at each time."""
        found: list[list[float]] = [[] for _ in range(len(self))]
        for time, value in (point for one in series for point in one.points):
            index = round((time - self.start) / self.step)
            if 0 <= index < len(found):
                found[index].append(value)
        return found

    def ago(self, index: int) -> str:
        """Tell how long before the end a step is."""
        return span(self.end - self.start - index * self.step)


def value_of(result: Result, empty: float | None, grid: Grid | None = None) -> Value:
    """Give a number for one series and a list for several; of a range the list of all values, in the order of time.

    Unknown where there is nothing and `empty` does not say what that means.
    """
    if grid is not None:
        return _over_time(grid, grid.values(result.series), empty)
    found = [value for series in result.series for _, value in series.points]
    void = sum(map(math.isnan, found))
    if empty is None and (void or not found):
        return Unknown("gives nothing" if not found else "gives NaN" if len(found) == 1 else _nan(void, len(found)))
    values = [_filled(value, empty) for value in found or [math.nan]]
    return values if len(values) > 1 or result.kind == "matrix" else values[0]


def _nan(void: int, of: int) -> str:
    return f"gives NaN for {void} of {of} series"


def _over_time(grid: Grid, found: list[list[float]], empty: float | None) -> Value:
    if not any(found) and empty is None:
        return Unknown("gives nothing")
    for what, holes in (
        ("nothing", [index for index, values in enumerate(found) if not values]),
        ("NaN", [index for index, values in enumerate(found) if any(map(math.isnan, values))]),
    ):
        if holes and empty is None:
            return Unknown(f"gives {what} at {len(holes)} of {len(found)} steps, the first {grid.ago(holes[0])} ago")
    return [_filled(value, empty) for values in found for value in values or [math.nan]]


def _filled(value: float, empty: float | None) -> float:
    return empty if empty is not None and math.isnan(value) else value
