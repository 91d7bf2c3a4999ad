"""Laying out text in the cells of a terminal: wrapping, padding, colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from agent.model import Decision, Outcome

_CODES = {
    "bold": "1",
    "dim": "2",
    "warning": "33",
    Outcome.PASS: "32",
    Outcome.FAIL: "1;31",
    Outcome.ERROR: "1;35",
    Outcome.BLOCKED: "33",
    Outcome.PENDING: "1;33",
    Outcome.INCONCLUSIVE: "1;33",
    Outcome.SKIPPED: "2",
    Outcome.WAIVED: "36",
    Decision.GO: "1;30;42",
    Decision.NO_GO: "1;97;41",
    Decision.INCONCLUSIVE: "1;30;43",
}
"""SGR parameters.  Colour only repeats what the words say."""


def painted(text: str, tone: str) -> str:
    """Colour text by what it is about."""
    return f"\x1b[{_CODES[tone]}m{text}\x1b[0m"


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def _cells_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrapped(text: str, width: int) -> list[str]:
    """Break a text at its spaces into lines of at most `width` cells, at least one line.

    A word that is longer than a line stays whole, so that a URL can be clicked and an address copied.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def hung(label: str, text: str, width: int) -> Iterator[str]:
    """Wrap a text behind a label, its later lines under its first."""
    inner = max(width - cells(label), 20)
    for index, part in enumerate(wrapped(text, inner)):
        yield (label if index == 0 else " " * cells(label)) + part
