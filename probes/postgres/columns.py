"""What a query gives, as values that limits can judge.

Numbers stay exact and JSON stays data.  A time without its zone could be any of 26 hours and is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.types.string import TextLoader

from agent.probe import ProbeError, Unreadable, Value
from probes.extract.json_text import parse_json
from probes.postgres.statement import OWN_METRICS

__all__ = ["Table", "read_values"]

_TIME_UNITS = frozenset({"seconds", "ms", "minutes", "hours", "days"})
_NAMELESS = "?column?"
_RANGES = ("int4", "int8", "num", "date", "ts", "tstz")
_TEXTS = (
    *("date", "time", "timetz", "uuid", "record", "inet", "cidr", "bytea"),
    *(f"{of}{kind}" for kind in ("range", "multirange") for of in _RANGES),
)
"""Types that stay as the server writes them."""


class Table(msgspec.Struct, frozen=True):
    """The rows of an answer."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def named(self) -> dict[str, Value]:
        """Give each column: its value where there is one row, a list where there are several, absent without one.

        A column that nobody gave a name is left out.  Raises ProbeError for two columns of one name, and for one
        that is called like a metric of the kind.
        """
        for number, name in enumerate(self.columns):
            if name in OWN_METRICS or (name == "value" and len(self.columns) > 1):
                raise ProbeError(f"a column is called {name}, which is a metric of this kind: call it something else")
            if name in self.columns[:number] and name != _NAMELESS:
                raise ProbeError(f"two columns are called {name}: call one something else")
        named = [(number, name) for number, name in enumerate(self.columns) if name not in (_NAMELESS, "value")]
        return {name: self._column(number, name) for number, name in named}

    def value(self) -> Value:
        """Give the only column; absent where there are several."""
        return self._column(0, "value") if len(self.columns) == 1 else None

    def _column(self, number: int, name: str) -> Value:
        values = [_told(row[number], name) for row in self.rows]
        return values[0] if len(values) == 1 else values or None


class _Span(Decimal):
    """An interval, in seconds."""


def _told(value: Value, name: str) -> Value:
    """Give an interval as a number of seconds, or with its unit where the column's name promises another."""
    if isinstance(value, list):
        return [_told(item, name) for item in value]
    if not isinstance(value, _Span):
        return value
    return f"{value:f}s" if name.rpartition("_")[2] in _TIME_UNITS else Decimal(value)


def read_values(context: AdaptContext) -> None:
    """Have the values of a connection or cursor of psycopg read as metrics can be."""
    adapters = context.adapters
    for name, loader in _LOADERS.items():
        adapters.register_loader(name, loader)
    for name in _TEXTS:
        adapters.register_loader(name, TextLoader)


class _Moment(Loader):
    """A point in time, in UTC."""

    def load(self, data: Buffer) -> datetime | Unreadable:
        text = bytes(data).decode()
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):  # infinity, before our era, after the year 9999
            return Unreadable(f"{text} is no time that can be judged")


class _Local(Loader):
    """A time without its zone."""

    def load(self, data: Buffer) -> Unreadable:
        text = bytes(data).decode()
        return Unreadable(f"{text} has no time zone: say which it is in, for instance … AT TIME ZONE 'UTC'")


_INTERVAL = re.compile(
    r"(?:(-?\d+) years? ?)?(?:([-+]?\d+) mons? ?)?(?:([-+]?\d+) days? ?)?(?:([-+]?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?",
    re.ASCII,
)
_PARTS = (Decimal(31557600), Decimal(2592000), Decimal(86400))
"""A year of 365.25 days, a month of 30, a day: as PostgreSQL's own `extract(epoch FROM …)` counts them."""


class _Interval(Loader):
    """A length of time, as the server writes it with `IntervalStyle = postgres`."""

    def load(self, data: Buffer) -> _Span | Unreadable:
        text = bytes(data).decode()
        match = _INTERVAL.fullmatch(text)
        if not text or match is None:
            return Unreadable(f"{text} is no length of time")
        *days, sign, hours, minutes, seconds = match.groups()
        clock = Decimal(int(hours or 0) * 3600 + int(minutes or 0) * 60) + Decimal(seconds or 0)
        whole = sum((Decimal(count or 0) * size for count, size in zip(days, _PARTS, strict=True)), Decimal())
        return _Span(whole + (-clock if sign == "-" else clock))


class _Json(Loader):
    """A JSON document, read strictly and with exact numbers."""

    def load(self, data: Buffer) -> Value:
        try:
            return parse_json(bytes(data))
        except ValueError as error:
            return Unreadable(f"the JSON: {error}")


_LOADERS: dict[str, type[Loader]] = {
    "timestamptz": _Moment,
    "timestamp": _Local,
    "interval": _Interval,
    "json": _Json,
    "jsonb": _Json,
}
