"""Files as the operator wrote them: YAML read to a tree in which everything knows its place.

Nothing in a file is evaluated, nothing is typed, nothing is merged: scalars are text (DESIGN section 2).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from yaml import MarkedYAMLError

from agent.node import Mapping
from agent.problem import Mark, Problem, ProfileError
from agent.source import files, loader, syntax, text
from agent.source.text import Text
from agent.source.tree import Tree

__all__ = ["Source", "parse", "read"]


class Source(msgspec.Struct, frozen=True):
    """A file that was read."""

    name: str
    """The path, as it was given."""
    digest: str
    """SHA-256 of its bytes, in hexadecimal."""
    root: Mapping
    text: Text

    def line(self, number: int) -> str:
        """Give a line, counted from 1; empty when there is none."""
        return self.text.line(number)

    def problem(self, message: str, mark: Mark) -> Problem:
        """Make a problem that shows its line."""
        return self.text.problem(message, mark)


def read(path: Path) -> Source:
    """Read a file.

    Raises ProfileError with every mistake that can be seen here: what YAML refuses, and what it
    takes although somebody meant something else.
    """
    data = files.content(path)
    return _source(text.decode(str(path), data), data, loader.events)


def parse(written: str, name: str, events: loader.Events = loader.events) -> Source:
    """Read a text, as `read` does; `name` stands for the file in messages."""
    return _source(text.of(name, written), written.encode(errors="surrogatepass"), events)


def _source(content: Text, data: bytes, events: loader.Events) -> Source:
    problems = text.forbidden(content)
    root = None if problems else _root(content, events, problems)
    if problems or not isinstance(root, Mapping):
        raise ProfileError(sorted(problems, key=_position))
    return Source(content.name, hashlib.sha256(data).hexdigest(), root, content)


def _root(content: Text, events: loader.Events, problems: list[Problem]) -> Mapping | None:
    try:
        return Tree(content, problems).read(events(content.body))
    except MarkedYAMLError as error:
        problems[:] = _with_words(content, error)
    except ProfileError as error:
        problems += error.problems
    return None


def _with_words(content: Text, error: MarkedYAMLError) -> list[Problem]:
    """Read once more in Python, which knows more about a mistake; the words are then always its own."""
    problems: list[Problem] = []
    told = error
    try:
        Tree(content, problems).read(loader.python_events(content.body))
    except MarkedYAMLError as better:
        told = better
    stop = syntax.explain(content, told)
    return [problem for problem in problems if _position(problem)[0] < _position(stop)[0]] + [stop]


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.mark.line, problem.mark.column) if problem.mark else (0, 0)
