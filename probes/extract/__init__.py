"""Take named readings out of what a target or a file gave: JMESPath, XPath and regular expressions.

Everything here works on data in memory, decides nothing and raises nothing but ValueError: what cannot be
read is an `Unreadable` with the reason, what is not there is None.

The three engines (jmespath, lxml, regex) cost 25 to 50 ms each to import, so each has a module of its own
that is loaded by `_engine`, the one seam, when an expression of its language is first met.  A check that
names no such reading loads none of them.

The work is done where it is called.  A caller with megabytes calls from a worker thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Annotated, TypeAlias

from agent.probe import Value, checked
from probes.extract.json_text import parse_json

__all__ = [
    "JmesPath",
    "JmesPaths",
    "Pattern",
    "Patterns",
    "XPath",
    "XPaths",
    "check_jmespath",
    "check_pattern",
    "check_xpath",
    "full_match",
    "json_readings",
    "parse_json",
    "parse_xml",
    "regex_readings",
    "select",
    "select_xpath",
    "xpath_readings",
]


def _engine(name: str) -> ModuleType:
    """Load `probes.extract.<name>` now: the seam behind which the heavy libraries are."""
    return import_module(f"probes.extract.{name}")


def check_jmespath(expression: str) -> None:
    """Refuse what is not JMESPath, or calls a function that does not exist, with ValueError."""
    _engine("jmes").compiled(expression)


def check_xpath(expression: str) -> None:
    """Refuse what is not XPath 1.0 with ValueError."""
    _engine("xpath").compiled(expression)


def check_pattern(pattern: str) -> None:
    """Refuse what is not a regular expression with ValueError."""
    _engine("pattern").compiled(pattern)


JmesPath: TypeAlias = Annotated[str, checked(check_jmespath)]
"""A setting that is one JMESPath expression."""

XPath: TypeAlias = Annotated[str, checked(check_xpath)]
"""A setting that is one XPath 1.0 expression."""

Pattern: TypeAlias = Annotated[str, checked(check_pattern)]
"""A setting that is one regular expression (Python's syntax)."""

JmesPaths: TypeAlias = dict[str, Annotated[str, checked(check_jmespath, readings=True)]]
"""A setting that names readings, each by a JMESPath expression."""

XPaths: TypeAlias = dict[str, Annotated[str, checked(check_xpath, readings=True)]]
"""A setting that names readings, each by an XPath 1.0 expression."""

Patterns: TypeAlias = dict[str, Annotated[str, checked(check_pattern, readings=True)]]
"""A setting that names readings, each by a regular expression."""


def json_readings(data: bytes, paths: Mapping[str, str], *, what: str = "the body") -> dict[str, Value]:
    """Read each JMESPath from `data`, or say of each that `what` is not JSON and why."""
    if not paths:
        return {}
    readings: dict[str, Value] = _engine("jmes").json_readings(data, paths, what)
    return readings


def select(document: Value, paths: Mapping[str, str]) -> dict[str, Value]:
    """Read each JMESPath from data that is parsed already; None where there is nothing."""
    if not paths:
        return {}
    readings: dict[str, Value] = _engine("jmes").select(document, paths)
    return readings


def xpath_readings(
    data: bytes,
    paths: Mapping[str, str],
    *,
    html: bool = False,
    encoding: str | None = None,
    what: str = "the body",
) -> dict[str, Value]:
    """Read each XPath: the text of one element, a list for several, None for none, else XPath's own value.

    `encoding` (of an HTTP header) overrides what the document says of itself.  Names in a namespace are
    reached by `*[local-name()='…']`.
    """
    if not paths:
        return {}
    readings: dict[str, Value] = _engine("xpath").xpath_readings(data, paths, html, encoding, what)
    return readings


def parse_xml(data: bytes) -> Value:
    """Parse one XML document for `select_xpath`; ValueError says where and why not."""
    return _engine("xpath").parse_xml(data)


def select_xpath(document: Value, paths: Mapping[str, str]) -> dict[str, Value]:
    """Read each XPath from what `parse_xml` gave."""
    if not paths:
        return {}
    readings: dict[str, Value] = _engine("xpath").select(document, paths)
    return readings


def regex_readings(text: str, patterns: Mapping[str, str]) -> dict[str, Value]:
    """Search for each pattern: its first group if it has one, else the match; None when there is none.

    A search that takes more than a second of CPU is given up: Unreadable.
    """
    if not patterns:
        return {}
    readings: dict[str, Value] = _engine("pattern").regex_readings(text, patterns)
    return readings


def full_match(text: str, pattern: str) -> bool:
    """Tell whether all of a text matches; ValueError, without the text, after more than a second of CPU."""
    return bool(_engine("pattern").full_match(text, pattern))
