"""Where a text stops being YAML: what is there, and what was probably meant.

A loader tells where it stopped and what it expected, in words about tokens and nodes.  A rule
recognises one mistake that people make, by the place, the text and the tokens before it.
"""

from __future__ import annotations

from collections.abc import Callable

from yaml import MarkedYAMLError

from agent.problem import Problem
from agent.source.syntax import brackets, characters, layout, quotes
from agent.source.syntax.scene import Scene
from agent.source.text import Text

_RULES: tuple[Callable[[Scene], Problem | None], ...] = (
    *characters.RULES,
    *quotes.RULES,
    *brackets.RULES,
    *layout.RULES,
)


def explain(text: Text, error: MarkedYAMLError) -> Problem:
    """Turn an error of the loader in Python into words for the operator; any other's is only passed on."""
    scene = Scene(text, error)
    for rule in _RULES:
        problem = rule(scene)
        if problem is not None:
            return problem
    return scene.here(f"this is no YAML: {scene.complaint}")
