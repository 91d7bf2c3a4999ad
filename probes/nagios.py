"""What a Nagios plugin says: its status, its line, its performance data in base units.

The rules are those of the Monitoring Plugins Development Guidelines ("Plugin Output for Nagios",
"Plugin Return Codes", "Performance data"):

    SERVICE STATUS: text | 'label'=value[UOM];[warn];[crit];[min];[max] …
    more text
    more text | more performance data
    more performance data

The guidelines leave open what KB is.  As Icinga 2 does, KB, MB, GB, TB and PB are powers of 1000 and
KiB, MiB, … powers of 1024.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from agent.probe import Unreadable, Value
from probes.extract.json_text import exact_number

__all__ = ["Measure", "Plugin", "Status", "named", "plugin_output", "status", "suggested"]

Status: TypeAlias = Literal["OK", "WARNING", "CRITICAL"]

_STATUS: tuple[Status, ...] = ("OK", "WARNING", "CRITICAL")

_MEASURE = re.compile(r"(?:^|(?<=\s))(?:'(?P<quoted>(?:[^']|'')*)'|(?P<bare>[^\s'=]+))=(?P<value>[^\s;]*)(?:;\S*)?")
_VALUE = re.compile(r"(?P<number>[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?P<unit>\D*)")

_ONE = Decimal(1)
_UNITS: Mapping[str, tuple[str, Decimal]] = {
    "s": ("_seconds", _ONE),
    "ms": ("_seconds", _ONE.scaleb(-3)),
    "us": ("_seconds", _ONE.scaleb(-6)),
    "µs": ("_seconds", _ONE.scaleb(-6)),
    "ns": ("_seconds", _ONE.scaleb(-9)),
    "%": ("_ratio", _ONE.scaleb(-2)),
    "c": ("_total", _ONE),
    "B": ("_bytes", _ONE),
    "kB": ("_bytes", Decimal(1000)),
    **{f"{prefix}B": ("_bytes", Decimal(1000) ** power) for power, prefix in enumerate("KMGTP", 1)},
    **{f"{prefix}iB": ("_bytes", Decimal(1024) ** power) for power, prefix in enumerate("KMGTP", 1)},
}
"""Unit of measurement: the ending of its base unit, and how many base units it is."""

_ENDINGS: Mapping[str, tuple[str, Decimal]] = {
    "_seconds": ("_seconds", _ONE),
    "_ms": ("_seconds", _ONE.scaleb(-3)),
    "_minutes": ("_seconds", Decimal(60)),
    "_hours": ("_seconds", Decimal(3600)),
    "_days": ("_seconds", Decimal(86400)),
    "_bytes": ("_bytes", _ONE),
    "_ratio": ("_ratio", _ONE),
    "_percent": ("_ratio", _ONE.scaleb(-2)),
}
"""What the ending of a metric's name promises, in the same terms."""


class Measure(msgspec.Struct, frozen=True):
    """One value of the performance data, as the plugin wrote it."""

    label: str
    text: str
    """Number and unit: `12.5MB`; `U` when the plugin could not tell."""


class Plugin(msgspec.Struct, frozen=True):
    """What a plugin wrote."""

    message: str
    """The first line, without its performance data."""
    measures: tuple[Measure, ...]


def status(exit_code: int) -> Status | None:
    """Name what an exit code says; None for UNKNOWN and for everything that is no status at all."""
    return _STATUS[exit_code] if 0 <= exit_code < len(_STATUS) else None


def plugin_output(text: str) -> Plugin:
    """Take apart what a plugin wrote to standard output; what is no performance data is passed over."""
    first, _, rest = text.partition("\n")
    message, _, performance = first.partition("|")
    _, _, more = rest.partition("|")
    measures = (*_measures(performance), *_measures(more))
    return Plugin(message.strip(), measures)


def _measures(text: str) -> Iterable[Measure]:
    for match in _MEASURE.finditer(text):
        quoted, bare = match["quoted"], match["bare"]
        yield Measure(bare if quoted is None else quoted.replace("''", "'"), match["value"])


def named(measures: Iterable[Measure], names: Mapping[str, str]) -> dict[str, Value]:
    """Read the labels that the operator named, in the unit that each name's ending promises."""
    return {name: _only([one for one in measures if one.label == label], name) for name, label in names.items()}


def _only(found: list[Measure], name: str) -> Value:
    if len(found) > 1:
        return Unreadable(f"the plugin gives {found[0].label!r} {len(found)} times")
    return _in_unit_of(name, found[0]) if found else None


def _in_unit_of(name: str, measure: Measure) -> Value:
    kind, value = _base(measure)
    wanted, factor = next((unit for end, unit in _ENDINGS.items() if name.endswith(end)), ("", _ONE))
    if wanted and kind and kind != wanted:
        return Unreadable(f"{measure.label!r} is {measure.text}, which does not fit the ending of {name}")
    return value / factor if wanted == kind and isinstance(value, Decimal) else value


def _base(measure: Measure) -> tuple[str, Value]:
    """Give a value in its base unit, and that unit's ending; empty for none and for unknown ones."""
    if measure.text == "U":
        return "", None
    match = _VALUE.fullmatch(measure.text)
    if match is None:
        return "", Unreadable(f"{measure.label!r} is {measure.text!r}, which is no number")
    ending, factor = _UNITS.get(match["unit"], ("", _ONE))
    try:
        return ending, exact_number(match["number"]) * factor
    except ValueError as error:
        return ending, Unreadable(f"{measure.label!r}: {error}")


def suggested(measures: Iterable[Measure]) -> dict[str, Value]:
    """Name each measure by its label and base unit: `'Free Space'=1KB` is `free_space_bytes`: 1000.

    Other characters than letters and digits become `_`; the label `/` is `root`; a unit that is not known
    is put behind the name.  A name that two labels would have belongs to neither: Unreadable.
    """
    readings: dict[str, Value] = {}
    labels: dict[str, str] = {}
    for measure in measures:
        name, value = _suggested(measure)
        if labels.setdefault(name, measure.label) != measure.label or name in readings:
            value = Unreadable(f"the plugin gives more than one value that is called {name}")
        readings[name] = value
    return readings


def _suggested(measure: Measure) -> tuple[str, Value]:
    ending, value = _base(measure)
    match = _VALUE.fullmatch(measure.text)
    unit = match["unit"] if match else ""
    stem = _slug(measure.label) or ("root" if measure.label == "/" else "value")
    ending = ending or (f"_{_slug(unit)}" if _slug(unit) else "")
    return (stem if stem.endswith(ending) else stem + ending), value


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
