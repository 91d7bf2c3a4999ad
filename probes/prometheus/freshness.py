"""How old the samples are that expressions read, and which of them read nothing.

What a query gives carries the time at which it was evaluated; the age is that of the samples behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agent.probe import ProbeError, Unknown, Unreadable
from probes.prometheus import union
from probes.prometheus.client import Client
from probes.prometheus.promql import Selector, selectors

__all__ = ["Freshness", "freshness", "read", "unfed"]

_MOST = 200
"""Selectors that are asked about in one go."""


class Freshness(msgspec.Struct, frozen=True):
    """The ages of what expressions read, in their order, and the server's time in Unix seconds."""

    now: float
    ages: list[float | Unreadable | None]


def read(expressions: Iterable[str]) -> list[Selector]:
    """List what expressions read, each once, without what they only ask to be absent."""
    found = (selector for text in expressions for selector in selectors(text))
    return list(dict.fromkeys(selector for selector in found if not selector.absence))


async def freshness(client: Client, expressions: Sequence[str]) -> Freshness:
    """Tell how old the newest sample of each selector is, and of an expression the oldest of these.

    None where none of its selectors has a sample now.  Raises Unreachable, and ProbeError when not even the
    time can be told.
    """
    keys = {selector: str(index) for index, selector in enumerate(read(expressions))}
    if len(keys) > _MOST:
        return await _without(client, len(expressions), f"the queries read more than {_MOST} selectors")
    try:
        now, answers = await union.ask(
            client, {key: f"time() - max(timestamp({selector}))" for selector, key in keys.items()}
        )
    except ProbeError as error:  # the queries themselves may be cheaper
        return await _without(client, len(expressions), str(error))
    found = ([answers.get(keys[selector]) for selector in read([text])] for text in expressions)
    return Freshness(now, [_oldest(ages) for ages in found])


async def _without(client: Client, count: int, reason: str) -> Freshness:
    now, _ = await union.ask(client, {})
    return Freshness(now, [Unknown(reason)] * count)


def _oldest(ages: Iterable[float | None]) -> float | None:
    known = [age for age in ages if age is not None]
    return max(0.0, *known) if known else None


async def unfed(client: Client, selected: Sequence[Selector]) -> list[Selector]:
    """Tell which selectors have no series now.  Raises Unreachable and ProbeError."""
    missing: list[Selector] = []
    for begin in range(0, len(selected), _MOST):
        part = selected[begin : begin + _MOST]
        _, answers = await union.ask(client, {str(index): f"count({one})" for index, one in enumerate(part)})
        missing += [one for index, one in enumerate(part) if str(index) not in answers]
    return missing
