"""Mistakes of the operator: where, what, and what would have been right; shown as a compiler does.

profiles/demo.yaml:12:9: unknown setting 'methd' of http, did you mean 'method'?
   12 |       - http: {methd: GET}
      |                ^^^^^
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from unicodedata import combining, east_asian_width

import msgspec


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A place in a file; line and column count from 1, `width` is how many characters are meant."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(msgspec.Struct, frozen=True, gc=False):
    """One mistake (or, for lint, one doubt)."""

    message: str
    mark: Mark | None = None
    """None for what stands on the command line."""
    text: str = ""
    """The line that the mark points into."""

    def __str__(self) -> str:
        message = _visible(self.message)
        if self.mark is None:
            return message
        head = f"{self.mark}: {message}"
        return f"{head}\n{self._excerpt(self.mark)}" if self.text else head

    def _excerpt(self, mark: Mark) -> str:
        line, column = _visible(self.text), mark.column
        if column > 60:  # a long line is shown around the place
            line, column = "…" + line[column - 41 :], 42
        line = line[:100]
        before, meant = line[: column - 1], line[column - 1 : column - 1 + mark.width]
        number = f"{mark.line:5}"
        pointer = " " * _cells(before) + "^" * max(1, _cells(meant))
        return f"{number} | {line}\n{' ' * len(number)} | {pointer}"


def _visible(text: str) -> str:
    """Show what a terminal would obey or hide."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " if each == "\t" else "�" for each in text)


def _cells(text: str) -> int:
    """Count the columns that a terminal needs."""
    return sum(2 if east_asian_width(each) in "WF" else not combining(each) for each in text)


class ProfileError(Exception):
    """A profile, or the command line, is wrong; holds every mistake that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Sequence[str], *, listed: int = 8) -> str:
    """Say which known word was probably meant, or what there is: `, did you mean 'method'?`."""
    close = get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    if close:
        meant = next(name for name in known if name.lower() == close[0])
        return f", did you mean '{meant}'?"
    if known and len(known) <= listed:
        return f"; known: {', '.join(sorted(known))}"
    return ""
