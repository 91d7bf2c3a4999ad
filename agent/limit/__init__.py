"""Limits as data: what a metric must be, typed for the metric while the profile is loaded."""

from agent.limit.compiling import Spec, compile_limit
from agent.limit.data import (
    OPERATORS,
    RELATIVE,
    WHOLE,
    Limit,
    LimitError,
    Metric,
    Shape,
    Test,
    UnknownLimit,
)

__all__ = [
    "OPERATORS",
    "RELATIVE",
    "WHOLE",
    "Limit",
    "LimitError",
    "Metric",
    "Shape",
    "Spec",
    "Test",
    "UnknownLimit",
    "compile_limit",
]
