"""Whether series are there: never, no longer, not lately, not with these labels, or as they should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from agent.probe import ProbeError, Unknown, Unreachable, Unreadable
from probes.prometheus import union
from probes.prometheus.client import Client
from probes.prometheus.promql import Selector

__all__ = ["STATES", "Presence", "State", "look"]

State: TypeAlias = Literal["never there", "vanished", "wrong labels", "stale", "present"]

STATES: tuple[State, ...] = ("never there", "vanished", "wrong labels", "stale", "present")
"""From the worst to the best."""

_STEPS = 2016
"""Places at which a time is searched for the last sample: a week in steps of five minutes, in which a sample counts."""
_SHORTEST_STEP = 60


class Presence(msgspec.Struct, frozen=True):
    """What was found of one selector."""

    selector: Selector
    state: State
    series: int = 0
    age: float | Unreadable | None = None
    """Seconds since the newest sample, by the server's clock."""
    oldest: float | None = None
    """The same of the series that waits longest for a sample."""


def bare(selector: Selector) -> Selector:
    """Give the metric with any labels."""
    return Selector(selector.name)


async def look(client: Client, selectors: Sequence[Selector], lookback: float, stale_after: float) -> list[Presence]:
    """Look for each.  Raises Unreachable and ProbeError."""
    questions: dict[str, str] = {}
    for index, selector in enumerate(selectors):
        questions |= {
            f"{index} series": f"count({selector})",
            f"{index} age": f"time() - max(timestamp({selector}))",
            f"{index} oldest": f"time() - min(timestamp({selector}))",
            f"{index} any": f"count({bare(selector)})",
        }
    now, answers = await union.ask(client, questions)
    found = {
        index: _found(selector, [answers.get(f"{index} {what}") for what in ("series", "age", "oldest")], stale_after)
        for index, selector in enumerate(selectors)
    }
    gone = [index for index, presence in found.items() if presence is None]
    elsewhere = {index for index in gone if f"{index} any" in answers}
    search = _Search(client, now - lookback, lookback)
    absent = await search.absent([selectors[index] for index in gone], {selectors[index] for index in elsewhere})
    missing = dict(zip(gone, absent, strict=True))
    return [found[index] or missing[index] for index in range(len(selectors))]


def _found(selector: Selector, answers: Sequence[float | None], stale_after: float) -> Presence | None:
    series, age, oldest = answers
    if series is None or age is None or oldest is None:
        return None
    state: State = "present" if age <= stale_after else "stale"
    return Presence(selector, state, int(series), max(0.0, age), max(0.0, oldest))


class _Search:
    """Finds out what was there earlier."""

    def __init__(self, client: Client, since: float, lookback: float) -> None:
        self._client, self._since, self._lookback = client, since, round(lookback)

    async def absent(self, selectors: Sequence[Selector], elsewhere: set[Selector]) -> list[Presence]:
        """Tell of selectors without series what they are; `elsewhere` has those that are there with other labels."""
        seen = await self._seen(selectors)
        earlier = [selector for selector in selectors if selector.name in seen]
        known = await self._seen([bare(selector) for selector in selectors if selector not in earlier])
        ages = await self._ages(earlier)
        return [self._absent(selector, elsewhere, known, ages) for selector in selectors]

    def _absent(
        self,
        selector: Selector,
        elsewhere: set[Selector],
        known: set[str],
        ages: dict[Selector, float | Unreadable | None],
    ) -> Presence:
        if selector in ages:
            return Presence(selector, "vanished", age=ages[selector])
        if selector in elsewhere:
            return Presence(selector, "wrong labels")
        return Presence(selector, "vanished" if selector.name in known else "never there")

    async def _seen(self, selectors: Iterable[Selector]) -> set[str]:
        """Name the metrics that the index has had; it knows blocks of time, and is cheap to ask."""
        asked = [str(selector) for selector in selectors]
        return set(await self._client.label_values("__name__", asked, self._since)) if asked else set()

    async def _ages(self, selectors: Sequence[Selector]) -> dict[Selector, float | Unreadable | None]:
        """Tell how long ago each had its last sample, as exactly as the steps of the search are short."""
        step = max(_SHORTEST_STEP, self._lookback // _STEPS)
        questions = {
            str(index): f"time() - max(max_over_time(timestamp({selector})[{self._lookback}s:{step}s]))"
            for index, selector in enumerate(selectors)
        }
        try:
            _, answers = await union.ask(self._client, questions) if questions else (0.0, {})
        except (ProbeError, Unreachable) as error:  # a search through much data may be refused
            return dict.fromkeys(selectors, Unknown(str(error)))
        return {selector: answers.get(str(index)) for index, selector in enumerate(selectors)}
