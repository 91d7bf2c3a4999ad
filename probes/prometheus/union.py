"""Several questions in one expression: each answer carries its key as a label.

One evaluation answers all of them, at one time, by the server's own clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from agent.probe import Unreachable
from probes.prometheus.client import Client
from probes.prometheus.matchers import quoted
from probes.prometheus.result import Result

__all__ = ["ask", "joined", "parted"]

_KEY = "gonogo"
_NOW = "now"


async def ask(client: Client, questions: Mapping[str, str]) -> tuple[float, dict[str, float]]:
    """Ask expressions that give one number or nothing, by key.

    Returns the server's time in Unix seconds, and the numbers that there are.  Raises Unreachable and
    ProbeError.
    """
    expressions = {_NOW: "vector(time())", **questions}
    rest, answers = parted(await client.query(joined(expressions)), expressions)
    if _NOW not in answers or rest.series:
        raise Unreachable(f"{client.place}: answers with something else than it was asked for")
    return answers.pop(_NOW), answers


def joined(questions: Mapping[str, str]) -> str:
    """Make one expression of several."""
    return " or ".join(f'label_replace({text}, "{_KEY}", {quoted(key)}, "", "")' for key, text in questions.items())


def parted(result: Result, keys: Collection[str]) -> tuple[Result, dict[str, float]]:
    """Take the answers to these questions out of a result; with them, what is left of it."""
    ours = [series for series in result.series if series.labels.keys() == {_KEY} and series.labels[_KEY] in keys]
    answers = {series.labels[_KEY]: series.points[-1][1] for series in ours}
    return Result(result.kind, [series for series in result.series if series not in ours]), answers
