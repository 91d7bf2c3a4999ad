"""Several questions in one expression: each answer carries its key as a label.

One evaluation answers all of them, at one time, by the server's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.probe import Unreachable
from probes.prometheus.client import Client
from probes.prometheus.matchers import quoted

__all__ = ["ask"]

_KEY = "gonogo"
_NOW = "now"


async def ask(client: Client, questions: Mapping[str, str]) -> tuple[float, dict[str, float]]:
    """Ask expressions that give one number or nothing, by key.

    Returns the server's time in Unix seconds, and the numbers that there are.  Raises Unreachable and
    ProbeError.
    """
    expressions = {_NOW: "vector(time())", **questions}
    parts = (f'label_replace({text}, "{_KEY}", {quoted(key)}, "", "")' for key, text in expressions.items())
    answers = (await client.query(" or ".join(parts))).labelled(_KEY)
    if _NOW not in answers or not answers.keys() <= expressions.keys():
        raise Unreachable(f"{client.place}: answers with something else than it was asked for")
    return answers.pop(_NOW), answers
