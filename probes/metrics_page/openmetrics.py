"""OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/."""

from __future__ import annotations

import re
from typing import cast

from probes.metrics_page import sample
from probes.metrics_page.page import Page, Reader
from probes.metrics_page.sample import Wrong
from probes.metrics_page.types import OPENMETRICS, Type, wrong_value

__all__ = ["read"]

_DECLARATION = re.compile(r"# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)", re.ASCII | re.DOTALL)
_END = "# EOF"
_WITHOUT_UNIT = ("info", "stateset")


def read(text: str) -> Page:
    """Read a page."""
    reader = Reader(OPENMETRICS, "unknown", wrong_value)
    *lines, end = text.removesuffix("\n").split("\n")
    reader.take(lines, _take)
    if end != _END:
        reader.wrong(f"the page does not end with {_END}: it is cut short")
    return reader.page()


def _take(reader: Reader, line: str) -> None:
    if not line.startswith("#"):
        reader.sample(sample.openmetrics(line))
        return
    match = _DECLARATION.fullmatch(line)
    if match is None:
        raise Wrong(f"is neither TYPE, HELP, UNIT nor a sample: {line[:80]!r}")
    what, name, rest = match.groups()
    if what == "TYPE" and rest not in OPENMETRICS:
        raise Wrong(f"{name} has the type {rest!r}, expected {', '.join(OPENMETRICS)}")
    family = reader.declare(what, name, cast("Type", rest) if what == "TYPE" else None)
    if what == "UNIT":
        family.unit = rest
        if rest and not name.endswith(f"_{rest}"):
            reader.wrong(f"{name} has the unit {rest}, expected a name that ends in it")
    if family.unit and family.kind in _WITHOUT_UNIT:
        reader.wrong(f"{name} is of type {family.kind} and has a unit")
