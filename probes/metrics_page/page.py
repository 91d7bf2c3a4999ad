"""An exposition as a whole: families in their order, each in one piece, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from probes.metrics_page.sample import Sample, Wrong
from probes.metrics_page.series import Assembly
from probes.metrics_page.types import Type, sample_names

__all__ = ["Family", "Page", "Reader"]

_TOLD = 20
"""Problems that are told; the others are counted."""
_MOST = 1000
"""Problems after which nobody reads on."""


class Family(msgspec.Struct):
    """The samples of one metric."""

    name: str
    kind: Type
    declared: set[str] = msgspec.field(default_factory=set)
    """Which of TYPE, HELP and UNIT were seen."""
    unit: str = ""
    samples: int = 0
    closed: bool = False
    """Whether another family followed."""


class Page(msgspec.Struct, frozen=True):
    """What was read."""

    families: dict[str, Family]
    owners: dict[str, Family]
    """The family of each name that samples have, or may have."""
    samples: list[Sample]
    problems: list[str]
    problem_count: int

    @property
    def valid(self) -> bool:
        """Whether it is what its format says."""
        return not self.problem_count


class Reader:
    """Puts a page together line by line; goes on after a problem, to find the next."""

    def __init__(
        self, suffixes: Mapping[Type, tuple[str, ...]], untyped: Type, check: Callable[[Sample, str, Type], str]
    ) -> None:
        self._suffixes, self._untyped, self._check = suffixes, untyped, check
        self._strict = untyped == "unknown"
        self._families: dict[str, Family] = {}
        self._owners: dict[str, Family] = {}
        self._samples: list[Sample] = []
        self._problems: list[str] = []
        self._count = 0
        self._line = 0
        self._current: Family | None = None
        self._assembly: Assembly | None = None
        self._seen: set[int] = set()

    def take(self, lines: Sequence[str], take: Callable[[Reader, str], None]) -> None:
        """Have each line taken, and keep what is wrong with it; the line behind them is the one at hand then."""
        for line in lines:
            self._line += 1
            try:
                take(self, line)
            except Wrong as error:
                self.wrong(str(error))
            if self._count >= _MOST:
                self.wrong("there are so many mistakes that the rest is not read")
                break
        self._line = len(lines) + 1

    def wrong(self, what: str) -> None:
        """Keep a problem."""
        self._count += 1
        if len(self._problems) < _TOLD:
            self._problems.append(f"line {self._line}: {what}")

    def page(self) -> Page:
        """End."""
        self._close()
        return Page(self._families, self._owners, self._samples, self._problems, self._count)

    # ---- what comes

    def declare(self, what: str, name: str, kind: Type | None = None) -> Family:
        """Take TYPE, HELP or UNIT of a family."""
        family = self._families.get(name)
        if family is None:
            if name in self._owners:
                self.wrong(f"{name} is a family, and a sample of {self._owners[name].name} as well")
            family = self._families[name] = Family(name, self._untyped)
        if what in family.declared:
            self.wrong(f"{name} has a second {what}")
        elif family.samples:
            self.wrong(f"{name} has its {what} after its samples")
        family.declared.add(what)
        self._turn_to(family)
        if kind is not None and not family.samples:
            self._disown(family)
            family.kind = kind
            self._assembly = Assembly(family.name, kind, strict=self._strict)
        self._own(family)
        return family

    def sample(self, sample: Sample) -> None:
        """Take a sample."""
        family = self._owners.get(sample.name) or self._undeclared(sample.name)
        if family is not self._current:
            self._turn_to(family)
        if problem := self._check(sample, family.name, family.kind) or self._assembled(family, sample):
            self.wrong(problem)
        key = hash((sample.name, frozenset(sample.labels.items()), sample.time if self._strict else None))
        if key in self._seen:
            self.wrong(f"{sample.name} has the same labels twice")
        self._seen.add(key)
        family.samples += 1
        self._samples.append(sample)

    def _undeclared(self, name: str) -> Family:
        family = self._families.get(name)
        if family is not None:  # declared with a type whose samples are called otherwise
            expected = ", ".join(sample_names(name, self._suffixes[family.kind]))
            self.wrong(f"{name} is a {family.kind}, whose samples are {expected}")
            self._owners[name] = family
            return family
        family = self._families[name] = Family(name, self._untyped)
        self._own(family)
        return family

    def _own(self, family: Family) -> None:
        for name in sample_names(family.name, self._suffixes[family.kind]):
            other = self._owners.setdefault(name, family)
            if other is not family and other.name != family.name:
                self.wrong(f"samples of {family.name} and of {other.name} are both called {name}")

    def _disown(self, family: Family) -> None:
        for name in sample_names(family.name, self._suffixes[family.kind]):
            if self._owners.get(name) is family:
                del self._owners[name]

    def _turn_to(self, family: Family) -> None:
        if family is self._current:
            return
        self._close()
        if family.closed:
            self.wrong(f"{family.name} goes on after another metric, expected all of it in one piece")
            family.closed = False
        self._current, self._assembly = family, Assembly(family.name, family.kind, strict=self._strict)

    def _assembled(self, family: Family, sample: Sample) -> str:
        return self._assembly.add(sample) if self._assembly is not None and family is self._current else ""

    def _close(self) -> None:
        if self._current is not None and self._assembly is not None:
            self._current.closed = True
            for problem in self._assembly.problems():
                self.wrong(problem)
        self._current = self._assembly = None
