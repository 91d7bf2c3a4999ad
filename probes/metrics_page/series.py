"""Histograms and summaries of one family, put together from their samples.

Buckets stand in the order of `le`, count everything below, and end with +Inf, which is the count of all;
quantiles stand in their order (https://prometheus.io/docs/instrumenting/exposition_formats/, OpenMetrics
section 5.6 to 5.8).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from probes.metrics_page.sample import Sample, Wrong, number
from probes.metrics_page.types import Type

__all__ = ["Assembly"]

_HISTOGRAMS = ("histogram", "gaugehistogram")


class _Parts(msgspec.Struct):
    """What there is of one histogram or summary."""

    timed: bool
    last: float = -math.inf
    """Bound of the bucket, or quantile, before."""
    first: float = math.inf
    """Bound of the first bucket."""
    reached: float = -math.inf
    """Value of the bucket before."""
    bounds: int = 0
    count: float | None = None
    sum: float | None = None


class Assembly:
    """One family while it is read; `strict` as OpenMetrics is."""

    def __init__(self, family: str, kind: Type, *, strict: bool) -> None:
        self._family, self._kind, self._strict = family, kind, strict
        self._parts: dict[tuple[tuple[str, str], ...], _Parts] = {}

    def add(self, sample: Sample) -> str:
        """Take a sample; say what is wrong with it, or nothing."""
        if self._kind not in (*_HISTOGRAMS, "summary"):
            return ""
        bound = self._bound(sample)
        timed = sample.time is not None
        parts = self._parts.setdefault(sample.without(bound), _Parts(timed))
        if sample.name.endswith(("_count", "_gcount")):
            parts.count = sample.value
        elif sample.name.endswith(("_sum", "_gsum")):
            parts.sum = sample.value
        if self._strict and parts.timed != timed:
            return f"{sample.name} has {'a' if timed else 'no'} time, expected all of {self._family} to be alike"
        return self._bounded(parts, sample, bound) if bound else ""

    def _bound(self, sample: Sample) -> str:
        """Name the label that tells the parts of this sample's kind apart; nothing for sums and counts."""
        if self._kind == "summary":
            return "quantile" if sample.name == self._family else ""
        return "le" if sample.name.endswith("_bucket") else ""

    def _bounded(self, parts: _Parts, sample: Sample, label: str) -> str:
        written = sample.labels.get(label, "")
        try:
            bound = number(written, label)
        except Wrong:
            return f"{sample.name} has no number as the label {label}"
        infinite = self._strict and math.isinf(bound) and written != "+Inf"
        if math.isnan(bound) or infinite or (label == "quantile" and not 0 <= bound <= 1):
            return f'{sample.name} has {label}="{written}"'
        before, parts.last, parts.first = parts.last, bound, min(parts.first, bound)
        parts.bounds += 1
        if parts.bounds > 1 and bound <= before:
            return f'{sample.name} has {label}="{written}" after {before:g}, expected increasing bounds'
        return self._cumulative(parts, sample) if label == "le" else ""

    def _cumulative(self, parts: _Parts, sample: Sample) -> str:
        before, parts.reached = parts.reached, sample.value
        if math.isnan(sample.value) or sample.value < before:
            return f"{sample.name} is {sample.value:g} after {before:g}, expected buckets that count everything below"
        return ""

    def problems(self) -> Iterator[str]:
        """Say what is missing at the end."""
        for labels, parts in self._parts.items() if self._kind in _HISTOGRAMS else ():
            told = ",".join(f'{label}="{value}"' for label, value in labels)
            name = f"{self._family}{{{told}}}" if told else self._family
            if parts.last != math.inf:
                yield f"{name} has no bucket for +Inf"
            elif parts.count is not None and parts.count != parts.reached:
                yield f"{name} has the count {parts.count:g}, and {parts.reached:g} in the bucket for +Inf"
            yield from self._sums(name, parts) if self._strict else ()

    def _sums(self, name: str, parts: _Parts) -> Iterator[str]:
        """Hold sum and count against each other (OpenMetrics section 5.6)."""
        if (parts.sum is None) != (parts.count is None):
            has = "a count but no sum" if parts.sum is None else "a sum but no count"
            yield f"{name} has {has}, expected both or none"
        elif parts.sum is not None and parts.first < 0 and self._kind == "histogram":
            yield f"{name} has a sum and buckets below zero"
        elif parts.sum is not None and parts.first >= 0 and parts.sum < 0:
            yield f"{name} has the sum {parts.sum:g} and no bucket below zero"
