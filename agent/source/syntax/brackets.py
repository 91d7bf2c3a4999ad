"""Lists and mappings in brackets: what closes what, and what may stand between."""

from __future__ import annotations

import re

from yaml.tokens import (
    BlockEntryToken,
    FlowEntryToken,
    StreamEndToken,
    ValueToken,
)

from agent.problem import Problem
from agent.source.syntax.scene import CLOSING, OPENING, Scene, Token

_COMMENT = re.compile(r"(?<=[\s,\[{])#.*")
_CLOSE = {"[": "]", "{": "}"}
_OPEN = {"]": "[", "}": "{"}


def _closing(scene: Scene) -> Problem | None:
    """Handle a bracket that closes nothing, or another one."""
    if not isinstance(scene.found, CLOSING):
        return None
    character = scene.character(scene.at)
    opened = scene.opened()
    if opened:
        expected = _CLOSE[scene.character(opened[-1].start_mark)]
        return scene.here(f"'{character}' closes nothing here, expected '{expected}'")
    if isinstance(scene.last, ValueToken | BlockEntryToken):
        return scene.mistake(f"text cannot start with '{character}'; quote it", scene.at)
    return scene.here(f"'{character}' closes nothing; no '{_OPEN[character]}' is open")


def _never_closed(scene: Scene) -> Problem | None:
    if not isinstance(scene.found, StreamEndToken) or not (opened := scene.opened()):
        return None
    place = opened[-1].start_mark
    rest = scene.line(place)[place.column :]
    comment = _COMMENT.search(rest)
    if comment:
        mark = scene.text.mark(place.line, place.column + comment.start(), len(comment.group()))
        return scene.text.problem(
            f"a '#' here starts a comment, so the '{rest[0]}' is never closed; quote the text", mark
        )
    return scene.mistake(f"this '{rest[0]}' is never closed", place)


def _nothing(scene: Scene) -> Problem | None:
    """Handle a value that does not start."""
    if not scene.complaint.startswith("expected the node content"):
        return None
    character = scene.character(scene.at)
    if isinstance(scene.found, FlowEntryToken) and scene.opened():
        return scene.here("a value is missing before this ','")
    where = " in brackets" if scene.opened() else ""
    return scene.mistake(f"text{where} cannot start with '{character}'; quote it", scene.at, _extent(scene, scene.at))


def _broken_text(scene: Scene) -> Problem | None:
    """Handle `{query: up{job="x"}}` and `{name: Test 1: works}`."""
    plain = scene.plain
    if not scene.complaint.startswith("expected ','") or plain is None:
        return None
    start = plain.start_mark
    if start.line != scene.at.line:
        return None
    if isinstance(scene.found, OPENING):
        character = scene.character(scene.at)
        return scene.mistake(f"unquoted text in brackets ends at '{character}'; quote it", start, _extent(scene, start))
    return scene.mistake("unquoted text ends at ': '; quote it", start, _extent(scene, start))


def _comma(scene: Scene) -> Problem | None:
    """Handle what follows on another line than it should."""
    last = scene.last
    if not scene.complaint.startswith("expected ','") or last is None:
        return None
    line, opening = last.start_mark.line, scene.opened()[-1].start_mark
    bracket = scene.character(opening)
    if opening.line == line and scene.rest(opening) != bracket:
        return scene.mistake(f"this '{bracket}' is not closed", opening)
    end = len(scene.text.lines[line].rstrip()) - 1
    return scene.text.problem("a ',' is missing at the end of this line", scene.text.mark(line, end))


def _extent(scene: Scene, place: Token) -> int:
    """Measure what was meant as one text: to the comma or bracket that ends it, or to the end of the line."""
    rest = scene.rest(place)
    depth = 0
    for width, character in enumerate(rest):
        depth += (character in "[{") - (character in "]}")
        if depth < 0 or (character == "," and depth == 0 and scene.opened()):
            return width
    return len(rest)


RULES = (_closing, _never_closed, _nothing, _broken_text, _comma)
