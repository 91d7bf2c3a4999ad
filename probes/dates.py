"""How old evidence is, from a date that stands in it.

A date is a point in time: RFC 3339 or ISO 8601 with an offset, the date of a mail (RFC 5322), or seconds
or milliseconds since 1970.  A day (`2026-12-01`) counts from its beginning in UTC.  A time without an
offset could be any of 26 hours and is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from agent.probe import Unreadable, Value

__all__ = ["FUTURE_SECONDS", "age", "age_of", "moment"]

FUTURE_SECONDS = 60.0
"""How far ahead of this machine's clock a time may be; it counts as now.  What is further ahead is wrong."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MAIL = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? .+", re.ASCII)
_EAST_SECONDS = 14 * 3600
"""A day begins up to 14 hours earlier than in UTC (Line Islands), where it may be a document's today."""

_MILLISECONDS = 10**11
"""Larger numbers are milliseconds: as seconds they would be beyond the year 5138."""


def age(when: Value, now: float, *, where: str) -> float | Unreadable:
    """Tell the seconds since the date that was found at `where`, or why that cannot be told."""
    if isinstance(when, Unreadable):
        return when
    if when is None:
        return Unreadable(f"no date at {where}")
    try:
        seconds = moment(when).timestamp()
    except ValueError as error:
        return Unreadable(f"the date at {where} {error}")
    if isinstance(when, str) and _DAY.fullmatch(when.strip()) and now < seconds <= now + _EAST_SECONDS:
        return 0.0
    return age_of(seconds, now, what=f"the date at {where}")


def age_of(seconds: float, now: float, *, what: str) -> float | Unreadable:
    """Tell the seconds from one Unix time to another, the present; the future has no age."""
    if seconds > now + FUTURE_SECONDS:
        return Unreadable(f"{what} is {seconds - now:.0f} seconds in the future")
    return max(0.0, now - seconds)


def moment(when: Value) -> datetime:
    """Read a point in time; ValueError says what it is instead."""
    if isinstance(when, datetime):
        return _aware(when, when.isoformat())
    if isinstance(when, int | float | Decimal) and not isinstance(when, bool):
        return _since_1970(when)
    if not isinstance(when, str):
        raise ValueError("is neither a text nor a number")  # noqa: TRY004  it is the document's mistake
    text = when.strip()
    return _since_1970(Decimal(text)) if re.fullmatch(r"\d{9,13}", text, re.ASCII) else _written(text)


def _since_1970(number: float | Decimal) -> datetime:
    seconds = float(number) / (1000 if number >= _MILLISECONDS else 1)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise ValueError(f"is {number}, which is no time") from None


def _written(text: str) -> datetime:
    found = _iso(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text) or _mail(text)
    if found is None:
        raise ValueError(f"is {text[:60]!r}, expected one such as 2026-12-01T10:30:00Z")
    return _aware(found, text)


def _iso(text: str) -> datetime | None:
    """Read ISO 8601, and what git and others write before an offset or `UTC`: a space."""
    joined = re.sub(r"\s+(?=[-+]\d\d:?\d\d$)", "", text)
    try:
        return datetime.fromisoformat(re.sub(r"\s*UTC$", "Z", joined))
    except ValueError:
        return None


def _mail(text: str) -> datetime | None:
    if not _MAIL.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text.replace("-0000", "+0000"))  # UTC, of a sender in no known zone
    except ValueError:
        return None


def _aware(when: datetime, text: str) -> datetime:
    if when.tzinfo is None:
        raise ValueError(f"is {text[:60]!r}, which has no time zone, expected one such as 2026-12-01T10:30:00Z")
    return when
