"""What a probe measured, as values by metric: typed as promised, and nothing that cannot be a value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from agent.probe import ProbeError, Reading, Unreadable, Value
from agent.settle import settle

_PLAIN = (str, bool, float, type(None), Unreadable)
_DIGITS = 300
"""A number of more digits is a mistake or an attack; a float holds no more either."""
_ENDLESS = f"a number of more than {_DIGITS} digits"


class Metrics(msgspec.Struct, frozen=True):
    """All metrics of one reading; `named` are those that the operator named."""

    values: Mapping[str, Value]
    named: frozenset[str]


def read(reading: object) -> Metrics:
    """Give the metrics of a reading.  Raises ProbeError, naming what a probe may not give."""
    if not isinstance(reading, Reading):
        raise ProbeError(f"probe failed: it gave {type(reading).__name__}, expected a Reading")
    now = datetime.now(UTC)
    own = {name: getattr(reading, name) for name in reading.__struct_fields__ if name != "named"}
    named = {name: settle(name, value, now) for name, value in reading.named.items()}
    values = named | own  # a column that is called like a metric of the kind does not take its place
    for name, value in values.items():
        possible(name, value)
    return Metrics(values, frozenset(named.keys() - own.keys()))


def possible(metric: str, value: Value) -> None:
    """See that a value is one that a metric may have.  Raises ProbeError."""
    if isinstance(value, list):
        for item in value:
            possible(metric, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ProbeError(f"probe failed: {metric} has a key of type {type(key).__name__}, expected text")
            possible(metric, item)
    elif wrong := _wrong(value):
        raise ProbeError(f"probe failed: {metric} is {wrong}")


def _wrong(value: Value) -> str:
    """Say what a value is that no metric can be; empty when it can."""
    if isinstance(value, _PLAIN):
        return ""
    if isinstance(value, datetime):
        return "" if value.tzinfo else "a time without an offset"
    if isinstance(value, int):
        return _ENDLESS if value.bit_length() > _DIGITS / math.log10(2) else ""
    if isinstance(value, Decimal):
        return _ENDLESS if value.is_finite() and abs(value.adjusted()) > _DIGITS else ""
    return f"of type {type(value).__name__}, which no metric can be"
