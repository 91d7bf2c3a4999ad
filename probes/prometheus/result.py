"""What a query gives: numbers at times, strictly read.

The form is https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from agent.probe import ProbeError, Unreachable
from probes.prometheus.envelope import decode

__all__ = ["Result", "Series", "number", "read"]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN", re.ASCII)


class _Point(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    time: float
    text: str


class _Data(msgspec.Struct, frozen=True):
    resultType: Literal["scalar", "vector", "matrix", "string"]  # noqa: N815  the API's own name
    result: msgspec.Raw


class _Told(msgspec.Struct, frozen=True):
    """One series of a vector or a matrix."""

    metric: dict[str, str]
    value: _Point | None = None
    values: list[_Point] | None = None
    histogram: msgspec.Raw = msgspec.Raw()
    histograms: msgspec.Raw = msgspec.Raw()


class Series(msgspec.Struct, frozen=True):
    """The values of one set of labels."""

    labels: dict[str, str]
    points: list[tuple[float, float]]
    """Time in Unix seconds, and value, in the order of time; a vector has one of them for each series."""


class Result(msgspec.Struct, frozen=True):
    """What a query gave."""

    kind: Literal["scalar", "vector", "matrix"]
    series: list[Series]

    @property
    def samples(self) -> int:
        """How many values there are."""
        return sum(len(series.points) for series in self.series)


def read(data: msgspec.Raw, place: str) -> Result:
    """Read what a query gave.  Raises Unreachable for what is no result, ProbeError for one without numbers."""
    told = decode(data, _Data, place)
    if told.resultType == "string":
        raise ProbeError(f"{place}: the query gives a text, expected numbers")
    if told.resultType == "scalar":
        return Result("scalar", [Series({}, [_point(decode(told.result, _Point, place), place)])])
    series = decode(told.result, list[_Told], place)
    return Result(told.resultType, [_series(one, told.resultType, place) for one in series])


def _series(told: _Told, kind: str, place: str) -> Series:
    if bytes(told.histogram) or bytes(told.histograms):
        raise ProbeError(
            f"{place}: the query gives native histograms, expected numbers (histogram_quantile, histogram_count …)"
        )
    points = [told.value] if kind == "vector" and told.value is not None else told.values if kind == "matrix" else None
    if not points:
        raise Unreachable(f"{place}: answers with a series that has no value")
    return Series(told.metric, list(_points(points, place)))


def _points(points: list[_Point], place: str) -> Iterator[tuple[float, float]]:
    before = float("-inf")
    for told in points:
        point = _point(told, place)
        if point[0] <= before:
            raise Unreachable(f"{place}: answers with a series whose values are not in the order of time")
        before = point[0]
        yield point


def _point(told: _Point, place: str) -> tuple[float, float]:
    try:
        return told.time, number(told.text)
    except ValueError as error:
        raise Unreachable(f"{place}: answers with a value that {error}") from error


def number(text: str) -> float:
    """Read a number as Prometheus writes it; ValueError for anything else."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"is {text[:40]!r}, expected a number")
    return float(text)
