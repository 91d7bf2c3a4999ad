"""The text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details."""

from __future__ import annotations

import re
from typing import cast

from probes.metrics_page import sample
from probes.metrics_page.page import Page, Reader
from probes.metrics_page.sample import Sample, Wrong
from probes.metrics_page.types import TEXT, Type

__all__ = ["read"]

_DECLARATION = re.compile(r"[ \t]*#[ \t]*(TYPE|HELP)(?:[ \t]+([^ \t]+)(?:[ \t]+(.*?))?)?[ \t]*", re.DOTALL)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)


def read(text: str) -> Page:
    """Read a page."""
    reader = Reader(TEXT, "untyped", _anything)
    *lines, rest = text.split("\n")
    reader.take(lines, _take)
    if rest:
        reader.wrong("the page does not end with a line feed: it is cut short")
    return reader.page()


def _take(reader: Reader, line: str) -> None:
    bare = line.strip(" \t")
    if not bare:
        return
    if bare.startswith("#"):
        if (match := _DECLARATION.fullmatch(line)) is not None:
            _declare(reader, *match.groups())
        return
    reader.sample(sample.text(line))


def _declare(reader: Reader, what: str, name: str | None, rest: str | None) -> None:
    if name is None or not _NAME.fullmatch(name):
        raise Wrong(f"{what} of {name or 'nothing'}, expected the name of a metric")
    if what == "TYPE" and rest not in TEXT:
        raise Wrong(f"{name} has the type {rest or 'nothing'}, expected {', '.join(TEXT)}")
    reader.declare(what, name, cast("Type", rest) if what == "TYPE" else None)


def _anything(_: Sample, __: str, ___: Type) -> str:
    """Find nothing: the format says nothing of values."""
    return ""
