"""Quotes: left open, closed too early, and what backslashes do in them."""

from __future__ import annotations

import re

from yaml.tokens import AliasToken, FlowEntryToken, FlowMappingEndToken, ScalarToken, StreamEndToken

from agent.problem import Problem
from agent.source.syntax.scene import CLOSING, OPENING, Scene, Token
from agent.source.traps import MAPPING_IN_MAPPING

_ESCAPE = re.compile(
    r'\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U(?:000|0010)[\da-fA-F]{4,5}|[0abtnvfre "/\\N_LP\t\n]|)', re.ASCII
)
_SURROGATE = re.compile(r"u[dD][89a-fA-F]")
_KEY = re.compile(r"[\w.-]+:(?:\s|$)")
_ESCAPES = ("found unknown escape", "expected escape sequence", "found no character")
_OPEN = ("found unexpected end of stream", "found unexpected document separator")
_HALF = "half of a character; write the character"
_NO_ESCAPE = "no escape; quote with '…', where a backslash is a backslash"
_WRITTEN = {'"': '\\"', "'": "''"}


def _escape(scene: Scene) -> Problem | None:
    if not scene.complaint.startswith(_ESCAPES):
        return None
    matches = _ESCAPE.finditer(scene.text.body, scene.since.index)
    wrong = next(match for match in matches if not match[1] or _SURROGATE.match(match[1]))
    shown = scene.text.body[wrong.start() : wrong.start() + 2]
    line = scene.text.body.count("\n", 0, wrong.start())
    column = wrong.start() - scene.text.body.rfind("\n", 0, wrong.start()) - 1
    why = (
        "half of a character; write the character"
        if wrong[1]
        else "no escape; quote with '…', where a backslash is a backslash"
    )
    return scene.text.problem(f"'{shown}' is {why}", scene.text.mark(line, column, max(2, len(wrong.group()))))


def _open(scene: Scene) -> Problem | None:
    if not scene.complaint.startswith(_OPEN):
        return None
    return scene.mistake(f"this {scene.character(scene.since)} is never closed", scene.since)


def _swallowed(scene: Scene) -> Problem | None:
    last = _quoted(scene.last)
    if last is None or last.start_mark.line == last.end_mark.line:
        return None
    message = f"this {last.style} is closed only on line {last.end_mark.line + 1}; is one missing?"
    return scene.mistake(message, last.start_mark)


def _text_after(scene: Scene) -> Problem | None:
    last = scene.last
    if last is None or last.end_mark.line != scene.at.line or isinstance(scene.found, (*CLOSING, StreamEndToken)):
        return None
    if scene.opened() and _KEY.match(scene.rest(scene.at)):
        return scene.here("a ',' is missing before this")
    if _quoted(last):
        return _after_quote(scene, last)
    if isinstance(last, CLOSING):
        return _after_bracket(scene, last)
    if isinstance(last, AliasToken):
        return scene.mistake("nothing may follow an alias; if it is text, quote it", last.start_mark)
    return None


def _after_quote(scene: Scene, last: Token) -> Problem:
    quote = last.style
    if isinstance(scene.found, FlowEntryToken):
        return scene.mistake("a list needs brackets: [a, b]; if all of it is text, quote it", last.start_mark)
    again = quote in scene.line(scene.at)[last.end_mark.column :]
    hint = f"in {quote}…{quote} a {quote} is written {_WRITTEN[quote]}" if again else "quote all of it"
    return scene.mistake(f"text follows the closing {quote}; {hint}", last.start_mark)


def _after_bracket(scene: Scene, last: Token) -> Problem:
    opening = _opening(scene.written)
    if scene.rest(opening.start_mark).startswith("{{"):
        return scene.mistake(MAPPING_IN_MAPPING, opening.start_mark)
    kind, pair = ("mapping", "{}") if isinstance(last, FlowMappingEndToken) else ("list", "[]")
    message = f"'{pair[0]}' starts a {kind}, and nothing may follow its '{pair[1]}'; if it is text, quote it"
    return scene.mistake(message, opening.start_mark)


def _opening(tokens: list[Token]) -> Token:
    """Find the bracket that the last token closes."""
    number, depth = len(tokens) - 1, 1
    while depth:
        number -= 1
        depth += isinstance(tokens[number], CLOSING) - isinstance(tokens[number], OPENING)
    return tokens[number]


def _quoted(token: Token | None) -> Token | None:
    return token if isinstance(token, ScalarToken) and token.style in {'"', "'"} else None


RULES = (_escape, _open, _swallowed, _text_after)
