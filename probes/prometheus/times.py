"""Times as Prometheus tells them, held against its own clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time

from agent.probe import Unknown
from probes.http.visit import Visit

__all__ = ["duration", "server_time", "since"]

_PART = re.compile(r"(\d+)(ms|[smhdwy])", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Prometheus writes year 1 for what has not happened."""
_ROUNDED = 2.0
"""Seconds that a time may be ahead of a clock that shows whole seconds and is read a moment later."""


def server_time(visit: Visit) -> float:
    """Tell the server's time in Unix seconds, by the header `date` (RFC 9110 section 6.6.1), else by our clock."""
    try:
        when = parsedate_to_datetime(visit.answer.headers.get("date", ""))
    except (ValueError, IndexError, OverflowError):
        return time()
    return when.replace(tzinfo=when.tzinfo or UTC).timestamp()


def since(when: datetime, now: float) -> float | Unknown | None:
    """Tell the seconds since a time; None for one that never was, Unknown for the future."""
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    if when < _NEVER:
        return None
    seconds = now - when.timestamp()
    if seconds < -_ROUNDED:
        return Unknown(f"a time is {-seconds:.0f} s in the future by the server's own clock")
    return max(0.0, seconds)


def duration(text: str) -> float | None:
    """Read a duration as `1m30s`; None when it is none."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text):
        return 0.0 if text == "0" else None
    return sum(int(count) * _SECONDS[unit] for count, unit in parts)
