"""Blocking work that is done before a check has its turn: secrets are found, probes prepare themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from anyio import CancelScope, create_task_group, sleep, to_thread

Found = TypeVar("Found")
Chore: TypeAlias = Callable[[], Found]


async def done(chores: Sequence[Chore[Found]], patience: float) -> list[Found | None]:
    """Do them one after another and give what each gave; None for one that took longer than `patience`.

    A thousand chores cost one worker thread, and one more for each that hangs: its thread is left behind.
    """
    found: list[Found | None] = []
    while len(found) < len(chores):
        found += await _together(chores[len(found) :], patience)
        if len(found) < len(chores):
            found.append(None)
    return found


async def _together(chores: Sequence[Chore[Found]], patience: float) -> list[Found]:
    """Do as many as get done; the thread that is left behind writes into a list that nobody reads."""
    found: list[Found] = []
    async with create_task_group() as tasks:
        tasks.start_soon(_watch, found, patience, tasks.cancel_scope)
        await to_thread.run_sync(_work, chores, found, abandon_on_cancel=True)
        tasks.cancel_scope.cancel()
    return found.copy()


def _work(chores: Sequence[Chore[Found]], found: list[Found]) -> None:
    for chore in chores:
        found.append(chore())  # noqa: PERF401  one by one: somebody watches it grow


async def _watch(found: list[Found], patience: float, scope: CancelScope) -> None:
    """Give up when nothing more gets done."""
    seen = -1
    while seen < len(found):
        seen = len(found)
        await sleep(patience)
    scope.cancel()
