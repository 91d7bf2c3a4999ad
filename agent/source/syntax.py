"""Where a text stops being YAML: what is there, and what was probably meant."""

from __future__ import annotations

from yaml import MarkedYAMLError

from agent.problem import Problem
from agent.source.text import Text


def explain(text: Text, error: MarkedYAMLError) -> Problem:
    """Turn an error of a loader into words for the operator; the same words whichever loader it was."""
    mark = error.problem_mark
    place = text.mark(mark.line, mark.column) if mark else text.mark(0, 0)
    return text.problem(f"YAML cannot be read here: {error.problem}", place)
