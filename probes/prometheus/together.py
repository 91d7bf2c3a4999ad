"""Several questions at once, and their answers in order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from anyio import CapacityLimiter, create_task_group

from agent.probe import ProbeError, Unreachable

__all__ = ["together"]

_AT_ONCE = 4
"""Questions that one check puts to one server at a time."""

_Answer = TypeVar("_Answer")


async def together(questions: Sequence[Callable[[], Awaitable[_Answer]]]) -> list[_Answer]:
    """Ask all.  Raises the error of the first, in their order, that has one."""
    if len(questions) == 1:
        return [await questions[0]()]
    answers: dict[int, _Answer] = {}
    errors: dict[int, ProbeError | Unreachable] = {}
    limiter = CapacityLimiter(_AT_ONCE)

    async def ask(index: int) -> None:
        async with limiter:
            try:
                answers[index] = await questions[index]()
            except (ProbeError, Unreachable) as error:
                errors[index] = error

    async with create_task_group() as tasks:
        for index in range(len(questions)):
            tasks.start_soon(ask, index)
    if errors:
        raise errors[min(errors)]
    return [answers[index] for index in range(len(questions))]
