"""How old the samples are that expressions read, and which of them read nothing.

What a query gives carries the time at which it was evaluated; the age is that of the samples behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.probe import Unknown, Unreadable
from probes.prometheus import union
from probes.prometheus.client import Client
from probes.prometheus.envelope import Refused
from probes.prometheus.promql import Selector, selectors
from probes.prometheus.result import Result

__all__ = ["Age", "aged", "ages", "read", "unfed"]

_MOST = 200
"""Selectors that are asked about in one go."""
_TOO_MANY = f"the queries read more than {_MOST} selectors"


Age = float | Unreadable | None


def read(expressions: Iterable[str]) -> list[Selector]:
    """List what expressions read, each once, without what they only ask to be absent."""
    found = (selector for text in expressions for selector in selectors(text))
    return list(dict.fromkeys(selector for selector in found if not selector.absence))


async def aged(client: Client, text: str) -> tuple[Result, Age]:
    """Evaluate now; in the same question, find how old the newest sample of each selector is.

    The age is the oldest of these; None where no selector has a sample now.  Raises Unreachable and ProbeError.
    """
    selected = read([text])
    if not 0 < len(selected) <= _MOST:
        return await client.query(text), Unknown(_TOO_MANY) if selected else None
    questions = _questions(selected)
    try:
        result = await client.query(f"{text}\nor {union.joined(questions)}")
    except Refused:  # a scalar, or too much together, or wrong: by itself the query says which
        result = await client.query(text)
        return result, (await ages(client, [text]))[1][0]
    found, answers = union.parted(result, questions)
    return found, _oldest(answers.values())


async def ages(client: Client, expressions: Sequence[str]) -> tuple[float, list[Age]]:
    """Tell the server's time in Unix seconds, and for each expression the age that `aged` tells.

    Raises Unreachable, and ProbeError when not even the time can be told.
    """
    selected = read(expressions)
    if len(selected) > _MOST:
        return await _without(client, len(expressions), _TOO_MANY)
    keys = {selector: key for key, selector in enumerate(selected)}
    try:
        now, answers = await union.ask(client, _questions(selected))
    except Refused as error:  # the queries themselves may be cheaper
        return await _without(client, len(expressions), str(error))
    known = {selector: answers[str(key)] for selector, key in keys.items() if str(key) in answers}
    return now, [_oldest(known[selector] for selector in read([text]) if selector in known) for text in expressions]


def _questions(selected: Sequence[Selector]) -> dict[str, str]:
    return {str(key): f"time() - max(timestamp({selector}))" for key, selector in enumerate(selected)}


async def _without(client: Client, count: int, reason: str) -> tuple[float, list[Age]]:
    now, _ = await union.ask(client, {})
    return now, [Unknown(reason)] * count


def _oldest(known: Iterable[float]) -> float | None:
    """Give the largest; a clock that is a little behind makes no age."""
    return max((max(0.0, age) for age in known), default=None)


async def unfed(client: Client, selected: Sequence[Selector]) -> list[Selector]:
    """Tell which selectors have no series now.  Raises Unreachable and ProbeError."""
    missing: list[Selector] = []
    for begin in range(0, len(selected), _MOST):
        part = selected[begin : begin + _MOST]
        _, answers = await union.ask(client, {str(index): f"count({one})" for index, one in enumerate(part)})
        missing += [one for index, one in enumerate(part) if str(index) not in answers]
    return missing
