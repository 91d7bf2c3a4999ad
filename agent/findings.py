"""What was found wrong so far, and the files to quote it from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from agent import source
from agent.problem import Mark, Problem, ProfileError, nearest
from agent.source import Source

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"
"""Where the profiles stand that come with gonogo."""

MOST = 1000
"""Mistakes; nobody reads more, and a file made to be slow shall not have its way."""
_LONGEST = 600
"""Characters of a message; a word in it may be as long as somebody cared to write it."""
_WORD = 100
_COMPARED = 50_000
"""Words that are held against misspelt ones, all together."""
_FRAGMENTS = SHIPPED / "lib"


class Findings:
    """Collects every mistake of every file, so that all are told in one go."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self._problems: dict[Problem, None] = {}
        self._unread: dict[str, ProfileError] = {}
        self._patience = _COMPARED

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found, in the order of the files and lines."""
        order = {name: number for number, name in enumerate(self.sources)}
        return tuple(sorted(self._problems, key=lambda problem: _position(problem, order)))

    def read(self, path: Path, asked: Mark | None = None) -> Source | None:
        """Read a file once; None when it cannot be read or is no YAML, which is a finding.

        `asked` is where a profile names the file; None when the command line does.
        """
        name = str(path)
        if SHIPPED in path.parents and not _is_shipped(path):
            self._not_shipped(path, asked)
            return None
        if name in self._unread:
            self._keep(self._unread[name], asked)
        elif name not in self.sources:
            try:
                self.sources[name] = source.read(path)
            except ProfileError as error:
                self._unread[name] = error
                self._keep(error, asked)
        return self.sources.get(name)

    def _not_shipped(self, path: Path, asked: Mark | None) -> None:
        room, what = (_FRAGMENTS, "fragment") if _FRAGMENTS in path.parents else (SHIPPED, "profile")
        missing = str(path.relative_to(room)).removesuffix(".yaml")
        there = sorted(found.stem for found in room.glob("*.yaml"))
        self.wrong(f"gonogo ships no {what} '{missing}'{self.hint(missing, there, listed=0)}", asked)

    def _keep(self, error: ProfileError, asked: Mark | None) -> None:
        for problem in error.problems:
            if problem.mark is None:
                self.wrong(problem.message, asked)
            else:
                self._add(problem)

    def wrong(self, message: str, mark: Mark | None, about: str = "") -> None:
        """Keep a mistake; the line is quoted when the file is known.

        `about` is the part of what stands at the mark that is meant: the caret goes there.
        """
        self._add(self.quoted(message, mark, about))

    def _add(self, problem: Problem) -> None:
        if len(self._problems) >= MOST and problem not in self._problems:
            more = Problem(f"there are more than {MOST} mistakes; these were found first", problem.mark)
            raise ProfileError([*self.problems, more])
        self._problems[problem] = None

    def stop(self, message: str, mark: Mark | None) -> NoReturn:
        """Raise ProfileError at once, with what was found so far, for what must not be looked at any further."""
        raise ProfileError([*self.problems, self.quoted(message, mark)])

    def quoted(self, message: str, mark: Mark | None, about: str = "") -> Problem:
        """Make a problem with the line that its mark points into, when the file is known."""
        message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
        known = self.sources.get(mark.file) if mark else None
        if known is None or mark is None:
            return Problem(message, mark)
        return known.problem(message, _narrowed(mark, known.line(mark.line), about))

    @property
    def tired(self) -> bool:
        """Whether so many misspelt words were looked at that no more are."""
        return self._patience < 0

    def hint(self, word: str, known: Collection[str], *, listed: int = 8) -> str:
        """Say which known word was probably meant, as `nearest`, within reason when there are thousands."""
        self._patience -= len(known)
        if self.tired or len(word) > _WORD:
            return ""
        return nearest(word, tuple(known), listed=listed)

    def stop_if_any(self) -> None:
        """Raise ProfileError with everything, in the order of the files and lines."""
        if self._problems:
            raise ProfileError(self.problems)

    def digest(self) -> str:
        """Digest all files that were read, in the order of their reading."""
        together = hashlib.sha256("".join(found.digest for found in self.sources.values()).encode())
        return f"sha256:{together.hexdigest()}"


def _is_shipped(path: Path) -> bool:
    return ".." not in path.parts and os.path.isfile(path)  # noqa: PTH113  Path.is_file raises for some names


def _position(problem: Problem, order: dict[str, int]) -> tuple[int, int, int]:
    if problem.mark is None:
        return (-1, 0, 0)
    return (order.get(problem.mark.file, len(order)), problem.mark.line, problem.mark.column)


def _narrowed(mark: Mark, line: str, about: str) -> Mark:
    """Point at the part that is meant, when it stands there as it is (in quotes it may be escaped)."""
    start = mark.column - 1
    found = line.rfind(about, start, start + mark.width) if about else -1
    return mark if found < 0 else Mark(mark.file, mark.line, found + 1, len(about))


def locate(written: str, mark: Mark, shipped: Path = _FRAGMENTS) -> Path:
    """Find a file that a profile names: `gonogo:NAME` ships with gonogo, others stand beside the file that says so."""
    if written.startswith("gonogo:"):
        return shipped / f"{written.removeprefix('gonogo:')}.yaml"
    return Path(mark.file).parent / written


def real(path: Path) -> str:
    """Give the one name that a file has by whatever way it is reached."""
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL in it: no file has this name
        return str(path)
