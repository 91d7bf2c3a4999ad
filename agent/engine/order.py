"""Whose turn it is: what `needs` say, passive checks first, then active ones as written.

Passive checks that need nothing active run first, all at once.  Then come the active ones, one at a time
and as written, and between them the passive ones that need one of them: nothing that is written after an
active check starts before it ended, and it starts after everything that is written before it ended, so
that what was broken on purpose is looked at before it is mended.  `needs` goes before the order written.
Clean-up (`always`) counts as active.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import TypeAlias

from agent.plan.steps import Section, Step

Needs: TypeAlias = Mapping[str, Set[str]]
"""Address of a step, or of a section that a step needs, to the addresses that must be over before."""

_GATE = None
"""Stands in the order for "every passive check that needs nothing active is over"."""


class Order:
    """Gives each step when everything that goes before it is over.  Knows no clock and no result."""

    def __init__(self, root: Section) -> None:
        self._steps = {item.address: item for item in root.walk() if isinstance(item, Step)}
        needs = _needs(root, self._steps)
        self._sorter: TopologicalSorter[str | None] = TopologicalSorter(needs)
        for address, before in _turns(self._steps, needs):
            self._sorter.add(address, *before)
        self._sorter.prepare()
        self._left = len(self._steps)

    @property
    def over(self) -> bool:
        """Whether every step is done."""
        return self._left == 0

    def due(self) -> list[Step]:
        """Give the steps whose turn has come since this was asked last, as written."""
        steps = []
        while ready := self._sorter.get_ready():
            for address in ready:
                if address in self._steps:
                    steps.append(self._steps[address])
                else:
                    self._sorter.done(address)
        return steps

    def done(self, step: Step) -> None:
        """Say that a step that was due is over."""
        self._left -= 1
        self._sorter.done(step.address)


def _needs(root: Section, steps: Mapping[str, Step]) -> Needs:
    """List what each step needs, and with every section that one of them needs what is in it."""
    needs: dict[str, Set[str]] = {address: frozenset(step.needs) for address, step in steps.items()}
    needed = frozenset[str]().union(*needs.values())
    for item in root.walk():
        if isinstance(item, Section) and item.address in needed:
            needs[item.address] = {below.address for below in item.walk() if isinstance(below, Step)}
    return needs


def _turns(steps: Mapping[str, Step], needs: Needs) -> Iterator[tuple[str | None, list[str | None]]]:
    """Give what else a step waits for, beside what it needs: the checks that are written before it."""
    later = _later(steps, needs)
    barrier, since = _GATE, list[str | None]()
    yield _GATE, [address for address in steps if address not in later]
    for step in _as_written(later, steps, needs):
        if _exclusive(step):
            yield step.address, [barrier, *since]
            barrier, since = step.address, []
        else:
            yield step.address, [barrier]
            since.append(step.address)


def _exclusive(step: Step) -> bool:
    return step.active or step.always


def _later(steps: Mapping[str, Step], needs: Needs) -> Set[str]:
    """Find what is active or needs something active, at whatever distance."""
    later = {address for address, step in steps.items() if _exclusive(step)}
    if later:
        for address in TopologicalSorter(needs).static_order():
            if not later.isdisjoint(needs[address]):
                later.add(address)
    return later


def _as_written(chosen: Set[str], steps: Mapping[str, Step], needs: Needs) -> Iterator[Step]:
    """Give steps in the order of the profile, but each after what it needs."""
    place = {address: number for number, address in enumerate(steps)}
    sorter = TopologicalSorter({address: needs[address] & chosen for address in chosen})
    sorter.prepare()
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for address in sorter.get_ready():
            heappush(ready, (place.get(address, -1), address))
        _, address = heappop(ready)
        sorter.done(address)
        if address in steps:
            yield steps[address]
