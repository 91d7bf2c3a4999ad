"""Readings that the operator named, given the type that their names promise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from agent import units
from agent.compare import is_number, shown, timestamp
from agent.probe import Unreadable, Value
from agent.units import Unit

_SINCE, _UNTIL = "_age_seconds", "_in_seconds"
_AHEAD_SECONDS = 60.0
"""How far another machine's clock may be ahead of ours."""
_EPOCH_SECONDS = 10**9
"""A number this large under `…_age_seconds` or `…_in_seconds` is a Unix time (31 years are no age)."""


def settle(metric: str, value: Value, now: datetime) -> Value:
    """Give an operator-named reading the type that its name promises.

    A timestamp under `…_age_seconds` is the time since, under `…_in_seconds` the time until; text under a
    unit is a quantity (`4Gi` under `…_bytes`).  Text that is none stays text, and no size compares with it.
    """
    if isinstance(value, list):
        return [settle(metric, item, now) for item in value]
    if metric.endswith((_SINCE, _UNTIL)) and (seconds := _distance(metric, value, now)) is not None:
        return seconds
    unit = units.of(metric)
    if unit is not Unit.PLAIN and isinstance(value, str):
        try:
            return units.parse(value, unit)
        except ValueError:
            return value
    return value


def _distance(metric: str, value: Value, now: datetime) -> Value:
    """Give the time since, or until, a timestamp; None when it is none.  Nothing is younger than now."""
    since = metric.endswith(_SINCE)
    number = units.number(value) if isinstance(value, str) else units.exact(value) if is_number(value) else None
    if number is not None and not number.is_finite():
        return None
    if number is not None and abs(number) < _EPOCH_SECONDS:
        return Unreadable(f"it is {shown(value)}, and nothing has an age below zero") if since and number < 0 else None
    try:
        moment = timestamp(value) if number is None else _unix_time(number)
    except (OverflowError, ValueError, OSError):
        return Unreadable(f"it is {shown(value)}, which is neither a duration nor a time")
    if moment is None:
        return None
    ahead = (moment - now).total_seconds()
    if since and ahead > _AHEAD_SECONDS:
        return Unreadable(f"it is {shown(moment)}, which is in the future")
    return max(0.0, -ahead) if since else ahead


def _unix_time(number: Decimal) -> datetime:
    """Read Unix time in seconds, or in as small a unit as its size tells: ms, µs or ns."""
    for _ in ("ms", "us", "ns"):
        if number >= _EPOCH_SECONDS * 100:  # the year 5138
            number /= 1000
    return datetime.fromtimestamp(float(number), UTC)
