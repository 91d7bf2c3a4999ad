"""The types of metrics: which samples each has, and what these may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from probes.metrics_page.sample import Sample

__all__ = ["OPENMETRICS", "TEXT", "Type", "sample_names", "wrong_value"]

Type: TypeAlias = Literal[
    "counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram"
]

_Suffixes = Mapping[Type, tuple[str, ...]]

TEXT: _Suffixes = {
    "counter": ("",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("", "_sum", "_count"),
    "untyped": ("",),
}
"""What the samples of a family may be called in the text format, after its name."""

OPENMETRICS: _Suffixes = {
    "counter": ("_total", "_created"),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "summary": ("", "_sum", "_count", "_created"),
    "info": ("_info",),
    "stateset": ("",),
    "unknown": ("",),
}
"""The same in OpenMetrics, section 5."""


def sample_names(family: str, suffixes: tuple[str, ...]) -> list[str]:
    """List what samples of a family may be called."""
    return [family + suffix for suffix in suffixes]


def wrong_value(sample: Sample, family: str, kind: Type) -> str:
    """Say what is wrong with a sample of a type in OpenMetrics; nothing when nothing is."""
    if sample.exemplar and not (kind in _WITH_EXEMPLARS and sample.name.endswith(("_total", "_bucket"))):
        return f"{sample.name} of type {kind} has an exemplar"
    if sample.name.endswith("_created") and kind in _COUNTING:
        return "" if math.isfinite(sample.value) else f"{sample.name} is {sample.value}, expected a time"
    return _CHECKS.get(kind, _anything)(sample, family)


def _anything(_: Sample, __: str) -> str:
    return ""


def _counting(sample: Sample, family: str) -> str:
    if math.isnan(sample.value) or sample.value < 0:
        return f"{sample.name} of {family} is {sample.value:g}, expected 0 or more"
    return ""


def _summary(sample: Sample, family: str) -> str:
    if sample.name != family:
        return _counting(sample, family)
    return f"{family} has a quantile of {sample.value:g}, expected 0 or more" if sample.value < 0 else ""


def _sum_may_be_anything(sample: Sample, family: str) -> str:
    return "" if sample.name == f"{family}_gsum" else _counting(sample, family)


def _info(sample: Sample, _: str) -> str:
    return "" if sample.value == 1 else f"{sample.name} is {sample.value:g}, expected 1"


def _stateset(sample: Sample, family: str) -> str:
    if family not in sample.labels:
        return f"{family} is a state set without the label {family}"
    return "" if sample.value in (0, 1) else f"{family} is {sample.value:g}, expected 0 or 1"


_WITH_EXEMPLARS = ("counter", "histogram", "gaugehistogram")
_COUNTING = ("counter", "histogram", "summary")
_CHECKS: Mapping[Type, Callable[[Sample, str], str]] = {
    "counter": _counting,
    "histogram": _counting,
    "gaugehistogram": _sum_may_be_anything,
    "summary": _summary,
    "info": _info,
    "stateset": _stateset,
}
