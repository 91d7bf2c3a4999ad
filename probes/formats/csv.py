"""Comma-separated values (RFC 4180) with a line of names on top: a list of rows, each name to text.

Fields may hold more than RFC 4180 lets them (any character in quotes); rows may not be longer or shorter
than the line of names.  Numbers stay text, which limits compare as the numbers that they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from probes.extract.json_text import decoded

__all__ = ["parse", "table"]


def parse(data: bytes) -> list[dict[str, str]]:
    """Read the rows; ValueError says in which line they break."""
    return table(data, ",")


def table(data: bytes, delimiter: str) -> list[dict[str, str]]:
    """Read rows whose fields `delimiter` divides."""
    lines = _lines(decoded(data), delimiter)
    _, names = next(lines, (0, []))
    if not names:
        raise ValueError("it has no line of names")
    _refuse_twins(names)
    return [_row(names, fields, line) for line, fields in lines if fields]


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise ValueError(f"{error} in line {reader.line_num}") from None


def _row(names: list[str], fields: list[str], line: int) -> dict[str, str]:
    if len(fields) != len(names):
        raise ValueError(f"line {line} has {len(fields)} fields, expected {len(names)}")
    return dict(zip(names, fields, strict=True))


def _refuse_twins(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the column {name!r} stands twice")
