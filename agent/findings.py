"""What was found wrong so far, and the files to quote it from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from agent import source
from agent.problem import Mark, Problem, ProfileError, nearest
from agent.source import Source

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"
"""Where the profiles stand that come with gonogo."""


class Findings:
    """Collects every mistake of every file, so that all are told in one go."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.sources: dict[str, Source] = {}

    def read(self, path: Path, asked: Mark | None = None) -> Source | None:
        """Read a file once; None when it cannot be read or is no YAML, which is a finding.

        `asked` is where a profile names the file; None when the command line does.
        """
        name = str(path)
        if path.parent == SHIPPED / "lib" and not path.is_file():
            there = tuple(sorted(found.stem for found in path.parent.glob("*.yaml")))
            self.wrong(f"gonogo ships no fragment '{path.stem}'{nearest(path.stem, there, listed=20)}", asked)
            return None
        if name not in self.sources:
            try:
                self.sources[name] = source.read(path)
            except ProfileError as error:
                self._keep(error, asked)
                return None
        return self.sources[name]

    def _keep(self, error: ProfileError, asked: Mark | None) -> None:
        for problem in error.problems:
            if problem.mark is None and asked is not None:
                self.wrong(problem.message, asked)
            else:
                self.problems.append(problem)

    def wrong(self, message: str, mark: Mark | None) -> None:
        """Keep a mistake; the line is quoted when the file is known."""
        self.problems.append(self.quoted(message, mark))

    def quoted(self, message: str, mark: Mark | None) -> Problem:
        """Make a problem with the line that its mark points into, when the file is known."""
        known = self.sources.get(mark.file) if mark else None
        return known.problem(message, mark) if known and mark else Problem(message, mark)

    def stop_if_any(self) -> None:
        """Raise ProfileError with everything, in the order of the files and lines."""
        if self.problems:
            order = {name: number for number, name in enumerate(self.sources)}
            raise ProfileError(sorted(self.problems, key=lambda problem: _position(problem, order)))

    def digest(self) -> str:
        """Digest all files that were read, in the order of their reading."""
        together = hashlib.sha256("".join(found.digest for found in self.sources.values()).encode())
        return f"sha256:{together.hexdigest()}"


def _position(problem: Problem, order: dict[str, int]) -> tuple[int, int, int]:
    if problem.mark is None:
        return (-1, 0, 0)
    return (order.get(problem.mark.file, len(order)), problem.mark.line, problem.mark.column)


def locate(name: str, beside: Path) -> Path:
    """Find a file that a profile names: `gonogo:NAME` ships with gonogo, others stand beside the profile."""
    if name.startswith("gonogo:"):
        return SHIPPED / "lib" / f"{name.removeprefix('gonogo:')}.yaml"
    return beside.parent / name
