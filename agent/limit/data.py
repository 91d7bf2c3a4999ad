"""What a metric is known to be, and what a limit on it consists of."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec

from agent.probe import Value
from agent.units import Unit


class Shape(StrEnum):
    """What a metric's values are; DATA when only the look tells."""

    NUMBER = "number"
    BOOL = "bool"
    TEXT = "text"
    TIME = "time"
    DATA = "data"


class Metric(msgspec.Struct, frozen=True):
    """What is known of a metric before anything is measured."""

    name: str
    shape: Shape = Shape.DATA
    unit: Unit = Unit.PLAIN
    many: bool = False
    """A list of `shape`."""
    choices: tuple[str, ...] = ()
    """With TEXT: the only values that it can have."""
    doc: str = ""


class LimitError(ValueError):
    """A limit that cannot be; `path` leads from the limit to the place (keys and indices)."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path

    def under(self, *path: str | int) -> Self:
        """Give the same mistake seen from further out."""
        self.path = (*path, *self.path)
        return self


class UnknownLimit(LimitError):
    """A limit of a name that there is not."""

    def __init__(self, op: str) -> None:
        super().__init__(f"unknown limit '{op}'", op)
        self.op = op


class Test(msgspec.Struct, frozen=True):
    """One comparison; `operand` is typed for the metric, with `not` it is a tuple of tests."""

    op: str
    operand: Value
    text: str
    """The operand as a person reads it."""

    def __str__(self) -> str:
        return f"{_WORDS.get(self.op, self.op)} {self.text}".strip()


class Limit(msgspec.Struct, frozen=True):
    """All comparisons that one metric must stand."""

    metric: Metric
    tests: tuple[Test, ...]

    def __str__(self) -> str:
        return f"{self.metric.name}: {', '.join(map(str, self.tests))}"


WHOLE = frozenset({"contains", "excludes", "equals", "exists", "max_increase", "max_decrease"})
"""Operators that look at a list as a whole; any other holds for each element."""
RELATIVE = frozenset({"max_increase", "max_decrease"})
"""Operators that need a baseline."""
OPERATORS = (
    "equals", "one_of", "min", "max", "above", "below", "matches", "contains", "excludes", "exists", "not",
    "max_increase", "max_decrease",
)  # fmt: skip
_WORDS = {
    "equals": "",
    "min": "at least",
    "max": "at most",
    "one_of": "one of",
    "max_increase": "an increase of at most",
    "max_decrease": "a decrease of at most",
    "exists": "to be",
    "matches": "to match",
    "contains": "to contain",
    "excludes": "to exclude",
}
