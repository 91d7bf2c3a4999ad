"""Colons, dashes and indentation outside brackets."""

from __future__ import annotations

import re

from yaml.tokens import (
    BlockEndToken,
    BlockEntryToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DocumentEndToken,
    KeyToken,
    ScalarToken,
    ValueToken,
)

from agent.problem import Problem
from agent.source.syntax.scene import MISSING_SPACE, Place, Scene, Token
from agent.source.text import short

_DASH = re.compile(r"\s*(-)\w")
_KEY_LIMIT = 1024  # YAML 1.2 section 7.4.2
_TOO_LONG = f"a key cannot have more than {_KEY_LIMIT} characters"
_STARTS = (BlockMappingStartToken, BlockSequenceStartToken)
_CUT = "a comment ended the text above, so this does not continue it; quote the text"


def _colon(scene: Scene) -> Problem | None:
    """Handle a ':' after something that is no key."""
    if scene.complaint != "mapping values are not allowed here":
        return None
    plain = scene.plain
    if plain is None:
        return scene.mistake("text cannot start with ': '; quote it", scene.at)
    start = plain.start_mark
    if start.line != scene.at.line:
        return _continued(scene, plain)
    first = not scene.line(start)[: start.column].strip(" -")
    return scene.mistake(_TOO_LONG if first else "unquoted text ends at ': '; quote it", start)


def _continued(scene: Scene, plain: Token) -> Problem:
    """Handle a key that YAML took for the next line of a text."""
    start = plain.start_mark
    dash = _DASH.match(scene.line(start))
    if dash:
        return scene.text.problem("a '-' needs a space after it", scene.text.mark(start.line, dash.start(1)))
    if any(isinstance(token, ValueToken) and token.start_mark.line == start.line for token in scene.written[-2:]):
        return _too_deep(scene, scene.at, start.line)
    if MISSING_SPACE.match(scene.rest(start)):
        return scene.mistake("a ':' needs a space after it", start)
    return scene.mistake(f"'{short(scene.rest(start))}' has no ': ' after it, so the next line continues it", start)


def _too_deep(scene: Scene, place: Place, above: int) -> Problem:
    line = scene.line(place)
    mark = scene.text.mark(place.line, len(line) - len(line.lstrip()), len(line.strip()))
    return scene.text.problem(f"this is indented deeper than line {above + 1}, which has a value already", mark)


def _dash(scene: Scene) -> Problem | None:
    if scene.complaint != "sequence entries are not allowed here":
        return None
    message = "a list starts on the line below its key; if this is text, quote it"
    return scene.mistake(message, scene.at)


def _question(scene: Scene) -> Problem | None:
    if scene.complaint != "mapping keys are not allowed here":
        return None
    return scene.mistake("text cannot start with '? '; quote it", scene.at)


def _no_colon(scene: Scene) -> Problem | None:
    """Handle a line among keys that is no key."""
    if scene.complaint != "could not find expected ':'":
        return None
    place = scene.since
    rest = scene.rest(place)
    if _comment_before(scene, place):
        return scene.mistake(_CUT, place)
    if ":" in scene.line(place)[place.column + len(rest) :]:
        return scene.mistake("the ':' stands in a comment; quote the key", place, len(scene.line(place)) - place.column)
    return scene.mistake(_why_no_key(rest), place)


def _why_no_key(rest: str) -> str:
    if len(rest) > _KEY_LIMIT:
        return _TOO_LONG
    if MISSING_SPACE.match(rest):
        return "a ':' needs a space after it"
    if _DASH.match(rest):
        return "a '-' needs a space after it"
    return f"'{short(rest)}' has no ': ' after it"


def _comment_before(scene: Scene, place: Place) -> bool:
    """Tell whether a comment stands between the text above and this."""
    above = [token for token in scene.written if token.end_mark.index <= place.index]
    if not above or not (isinstance(above[-1], ScalarToken) and above[-1].plain):
        return False
    return "#" in scene.text.body[above[-1].end_mark.index : place.index]


def _among(scene: Scene) -> Problem | None:
    """Handle an item among keys, a key among items, and what is indented like neither."""
    if not scene.complaint.startswith("expected <block end>"):
        return None
    above = scene.since.line + 1
    if isinstance(scene.found, BlockEntryToken):
        return scene.mistake(f"a list item among the keys that start on line {above}", scene.at)
    if isinstance(scene.found, ValueToken):
        return scene.here("a key is missing before this ':'; if this is text, quote it")
    if isinstance(scene.found, KeyToken):
        return scene.mistake(f"a key among the list items that start on line {above}", scene.at)
    if isinstance(scene.found, _STARTS):
        return _indentation(scene)
    if _comment_before(scene, scene.at):
        return scene.mistake(_CUT, scene.at)
    return _too_deep(scene, scene.at, scene.written[-1].start_mark.line)


def _indentation(scene: Scene) -> Problem:
    opened: list[int] = []
    closed: list[int] = []
    for token in scene.before:
        if isinstance(token, _STARTS):
            opened.append(token.start_mark.column)
            closed = []
        elif isinstance(token, BlockEndToken):
            closed.append(opened.pop())
    if not isinstance(scene.before[-1], BlockEndToken):
        return _too_deep(scene, scene.at, scene.written[-1].start_mark.line)
    message = f"indented by {scene.at.column}, which fits no line above; expected {opened[-1]} or {closed[-1]}"
    return scene.mistake(message, scene.at)


def _after_the_end(scene: Scene) -> Problem | None:
    if not scene.complaint.startswith("expected '<document start>'"):
        return None
    if isinstance(scene.last, DocumentEndToken):
        return scene.mistake("a second document starts here; a file holds one", scene.at)
    first = scene.written[0].start_mark
    if first.column > scene.at.column:
        return scene.mistake(f"indented less than line {first.line + 1}, where the keys start", scene.at)
    return scene.mistake(f"nothing may follow what stands on line {first.line + 1}", scene.at)


RULES = (_colon, _dash, _question, _no_colon, _among, _after_the_end)
