"""Single characters that mean something to YAML: indicators, tabs, and spaces that are none."""

from __future__ import annotations

import re

from agent.problem import Problem
from agent.source.syntax.scene import Scene

_NO_BREAK = re.compile(r"(?:^ *|[:-])(\xa0)")
_NAMES = {"*": "an alias", "&": "an anchor"}
_HEADER = ("expected chomping", "expected indentation", "expected a comment")


def _no_break_space(scene: Scene) -> Problem | None:
    text = [scene.plain.start_mark] if scene.plain else []
    for place in (*text, scene.since, scene.at):
        match = _NO_BREAK.search(scene.line(place))
        if match:
            mark = scene.text.mark(place.line, match.start(1))
            return scene.text.problem("a no-break space (U+00A0) stands where a space was meant", mark)
    return None


def _tab(scene: Scene) -> Problem | None:
    if scene.character(scene.at) != "\t":
        return None
    indents = not scene.line(scene.at)[: scene.at.column].strip()
    return scene.here("a tab indents this line, expected spaces" if indents else "a tab, expected a space")


def _tag(scene: Scene) -> Problem | None:
    if scene.complaint != "found a tag":
        return None
    return scene.mistake("'!' at the start makes a tag, and no tag is allowed; if it is text, quote it", scene.at)


def _directive(scene: Scene) -> Problem | None:
    if scene.complaint != "found a directive":
        return None
    message = "'%' at the start makes a directive, and none is allowed; if it is text, quote it"
    return scene.mistake(message, scene.at)


def _alias(scene: Scene) -> Problem | None:
    if not scene.complaint.startswith("expected alphabetic"):
        return None
    character = scene.character(scene.since)
    return scene.mistake(f"'{character}' at the start names {_NAMES[character]}; if it is text, quote it", scene.since)


def _first(scene: Scene) -> Problem | None:
    if not scene.complaint.startswith("found character"):
        return None
    where = " in brackets" if scene.opened() else ""
    return scene.mistake(f"text{where} cannot start with '{scene.character(scene.at)}'; quote it", scene.at)


def _header(scene: Scene) -> Problem | None:
    if not scene.complaint.startswith(_HEADER):
        return None
    character = scene.character(scene.since)
    message = f"'{character}' at the start opens a block of text on the lines below; if this is the text, quote it"
    return scene.mistake(message, scene.since)


def _glued_colon(scene: Scene) -> Problem | None:
    if scene.complaint != "found unexpected ':'":
        return None
    width = scene.at.index - scene.since.index + 1
    return scene.mistake("a key in brackets needs a space after its ':'; if this is text, quote it", scene.since, width)


RULES = (_no_break_space, _tab, _tag, _directive, _alias, _first, _header, _glued_colon)
