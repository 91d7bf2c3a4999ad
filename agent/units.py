"""Quantities: the unit that a metric's name tells, and numbers written with a unit.

Metric names follow Prometheus: the unit stands at the end of the name.  A quantity is read in decimal
arithmetic, so that `0.1s` is a tenth and not 0.1000000000000000055.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum


class Unit(StrEnum):
    """What a number counts; PLAIN is a number without a unit."""

    SECONDS = "seconds"
    MS = "ms"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BYTES = "bytes"
    RATIO = "ratio"
    PERCENT = "percent"
    PLAIN = ""


_TIME = {  # seconds in one
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),  # U+00B5, the micro sign
    "μs": Decimal("1e-6"),  # U+03BC, the Greek letter: both are typed
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
    "w": Decimal(604800),
}
_SIZE = {"B": Decimal(1)}  # bytes in one; both `Mi` (Kubernetes) and `MiB`
for _power, _letter in enumerate("kMGTPE", start=1):
    _SIZE[_letter] = _SIZE[_letter + "B"] = Decimal(1000) ** _power
    _SIZE[_letter.upper() + "i"] = _SIZE[_letter.upper() + "iB"] = Decimal(1024) ** _power
_SIZE["K"] = _SIZE["KB"] = _SIZE["k"]

_IN_SECONDS = {
    Unit.SECONDS: _TIME["s"],
    Unit.MS: _TIME["ms"],
    Unit.MINUTES: _TIME["m"],
    Unit.HOURS: _TIME["h"],
    Unit.DAYS: _TIME["d"],
}
_WANTED = {
    Unit.BYTES: "a size such as 512MiB or 10kB",
    Unit.RATIO: "a share such as 95% or 0.95",
    Unit.PERCENT: "a share such as 95% or 95",
    Unit.PLAIN: "a plain number",
}

_PART = re.compile(r"(\d+(?:\.\d+)?)\s?([a-zµμ]+)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def of(metric: str) -> Unit:
    """Tell the unit from the end of a metric's name; `latency_seconds` counts seconds."""
    ending = metric.rpartition("_")[2]
    return Unit(ending) if ending in _ENDINGS else Unit.PLAIN


_ENDINGS = frozenset(unit.value for unit in Unit if unit.value)


def number(text: str) -> Decimal | None:
    """Read a number as JSON or a person would write it; None when the text is none (`inf`, `nan`, `1_0`)."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def parse(text: str, unit: Unit) -> Decimal:
    """Read a quantity and give it in `unit`; a bare number is in `unit` already.

    Raises ValueError, saying what would have been right, when it is of another unit or no quantity.
    """
    text = text.strip()
    if (bare := number(text)) is not None:
        return bare
    found = _parse_with_unit(text, unit)
    if found is None:
        wanted = _WANTED.get(unit, "a time such as 500ms, 1h30m or 30d")
        raise ValueError(f"{text!r} is not {wanted}")
    return found


def _parse_with_unit(text: str, unit: Unit) -> Decimal | None:
    if unit in _IN_SECONDS:
        total = _time(text)
        return None if total is None else total / _IN_SECONDS[unit]
    if unit is Unit.BYTES:
        return _size(text)
    if unit in (Unit.RATIO, Unit.PERCENT) and text.endswith("%"):
        share = number(text[:-1].rstrip())
        return share if share is None or unit is Unit.PERCENT else share / 100
    return None


def _time(text: str) -> Decimal | None:
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = _PART.findall(body)
    if not parts or _PART.sub("", body).strip():
        return None
    if any(name not in _TIME for _, name in parts):
        return None
    steps = [_TIME[name] for _, name in parts]
    if steps != sorted(set(steps), reverse=True):  # `30m1h` and `1h1h` are slips
        return None
    return sign * sum((Decimal(count) * _TIME[name] for count, name in parts), Decimal())


def _size(text: str) -> Decimal | None:
    match = _PART.fullmatch(text)
    if match is None or match[2] not in _SIZE:
        return None
    return Decimal(match[1]) * _SIZE[match[2]]


def exact(value: float | Decimal) -> Decimal:
    """Give a measured number as the decimal that a person reads: 0.1 is 0.1."""
    try:
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:  # pragma: no cover  repr of a float or int is always a number
        raise ValueError(str(value)) from error


_HUGE = 20
"""With more digits than this a quantity is a mistake or an attack; it is told, and not spelt out."""


def show(value: Decimal, unit: Unit) -> str:
    """Write a quantity for a person: `812ms`, `12d4h`, `1.5MiB`, `99.95%`."""
    if not value.is_finite():
        return str(value)
    if unit is not Unit.PLAIN and value.adjusted() > _HUGE:
        return f"{value:.6g} {unit}"
    if unit in _IN_SECONDS:
        return _show_time(value * _IN_SECONDS[unit])
    if unit is Unit.BYTES:
        return _show_size(value)
    if unit is Unit.RATIO:
        return f"{_short(value * 100)}%"
    return f"{_short(value)}%" if unit is Unit.PERCENT else _short(value)


def _show_time(seconds: Decimal) -> str:
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    if rest == 0:
        return "0s"
    if rest < 60:
        name = "s" if rest >= 1 else "ms" if rest >= _TIME["ms"] else "us"
        return f"{sign}{_short(_rounded(rest / _TIME[name], 3))}{name}"
    whole = int(rest)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    while parts[0][0] == 0:
        parts.pop(0)
    return sign + "".join(f"{count}{name}" for count, name in parts[:2] if count)


def _show_size(count: Decimal) -> str:
    for name in ("EiB", "PiB", "TiB", "GiB", "MiB", "KiB"):
        if abs(count) >= _SIZE[name]:
            return f"{_short(_rounded(count / _SIZE[name], 2))}{name}"
    return f"{_short(count)}B"


def _rounded(value: Decimal, places: int) -> Decimal:
    return round(value, places)


def _short(value: Decimal) -> str:
    """Write without an exponent and without zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
