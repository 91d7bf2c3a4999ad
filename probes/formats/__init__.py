"""Read a document of a known format: parse it strictly, and take one value or several out of it.

Each format is a module with one function, `parse(data) -> Value`, that raises ValueError saying where and
why not.  It is loaded when a document of that format is read.  What comes out is data for JMESPath (json,
yaml, toml, ini; the rows of csv and tsv), a tree for XPath (xml), or text for regular expressions.

Numbers with a fraction are Decimal.  A date without a time zone stays the text that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import PurePath
from typing import Literal, TypeAlias

from agent.probe import Value
from probes.extract import (
    check_jmespath,
    check_pattern,
    check_xpath,
    regex_readings,
    select,
    select_xpath,
)

__all__ = ["Format", "by_suffix", "check", "parse", "pick"]

Format: TypeAlias = Literal["json", "yaml", "toml", "ini", "xml", "csv", "tsv", "text"]
"""How a document is written."""

_SUFFIXES: Mapping[str, Format] = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".ini": "ini",
    ".cfg": "ini",
    ".xml": "xml",
    ".csv": "csv",
    ".tsv": "tsv",
}


def by_suffix(path: str) -> Format:
    """Tell a document's format from its name; text when the name says nothing."""
    return _SUFFIXES.get(PurePath(path).suffix.lower(), "text")


def parse(data: bytes, form: Format) -> Value:
    """Parse a document; ValueError says where it breaks and why."""
    return import_module(f"probes.formats.{form}").parse(data)


def check(expression: str, form: Format) -> None:
    """Refuse an expression that is none in the language of that format, with ValueError."""
    language = {"xml": check_xpath, "text": check_pattern}.get(form, check_jmespath)
    language(expression)


def pick(document: Value, form: Format, expressions: Mapping[str, str]) -> dict[str, Value]:
    """Read each expression, in the language of the format, from what `parse` gave."""
    language = {"xml": select_xpath, "text": regex_readings}.get(form, select)
    return language(document, expressions)
