"""What YAML takes without a word although hardly anybody can have meant it.

Everything here can be written so that YAML and people read it alike; so it is refused, and the message
tells how.
"""

from __future__ import annotations

import re

from yaml.error import Mark as YamlMark
from yaml.events import AliasEvent, ScalarEvent

from agent.node import Scalar
from agent.problem import Mark, Problem
from agent.source.loader import Event
from agent.source.text import Text, short

_COMMENT = re.compile(r"[ \t]+(#.*)")
_GLUED = re.compile(r"#[^\s#!=-]")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))
_NO_SPACE = re.compile(r"\s*[A-Za-z_][\w.-]*:(?!//)\S")
_DASH = re.compile(r"\s*-\w")
_ITEM = re.compile(r"\s*- ")
_EXPLICIT = re.compile(r"(?:^|[ \t\[{,-])(\?)\s*$")
_QUESTION = re.compile(r"(?:^|[ \t\[{,])\?")
_NO_BREAK = re.compile(r"^\xa0|(?<=[:-])\xa0|\xa0(?=#)|\xa0$")
_DEEP_BLOCK = re.compile(r"[|>][-+]?(\d)")

MAPPING_IN_MAPPING = "'{{' starts a mapping in a mapping; quote the text, or write $(name) for a variable"
_STARTS_COMMENT = "a '#' after a space starts a comment; if it belongs to the text, quote the text"
_OR_SPACE = ", else put a space after the '#'"
_IF_TEXT = "if what stands in {} is text, quote it"
ODD = frozenset(("", "<", "-"))
"""First characters of keys that are to be looked at."""


class Traps:
    """Collects suspects while a file is read, and judges them when it was."""

    def __init__(self, text: Text) -> None:
        self._text = text
        asking = frozenset(line for line in _lines_with(text, "?") if _QUESTION.search(text.lines[line]))
        self.watched = asking.union(*(_lines_with(text, character) for character in "#\xa0&!"))
        """Lines whose texts and keys are to be looked at, counted from 0."""
        self._suspects: list[Event] = []
        self._bare: dict[int, list[Event]] = {}
        self._strange: set[int] = set()
        self._problems: list[Problem] = []

    def scalar(self, event: Event) -> None:
        """Meet a text in a watched line, or one that stands on several lines."""
        if not event.style:
            self._suspects.append(event)
        elif event.style in "|>":
            self._block(event)

    def _block(self, event: Event) -> None:
        line, column = event.start_mark.line, event.start_mark.column
        header = self._text.lines[line][column:]
        if not event.value and _DEEP_BLOCK.search(header):
            message = f"'{header[0]}' starts a block of text, and this one is empty; if it is text, quote it"
            self._found(message, line, column, len(header))

    def key(self, event: Event, key: Scalar) -> None:
        """Meet a key that starts with one of `ODD` or stands in a line with a `?`."""
        explicit = _EXPLICIT.search(self._before(event))
        if explicit:
            message = "'? ' makes a key of what follows; leave it out, or quote the text"
            self._found(message, event.start_mark.line, explicit.start(1))
        elif key.plain and key.text[:1] in ODD:
            self._odd_key(event, key)

    def _odd_key(self, event: Event, key: Scalar) -> None:
        if not key.text:
            self._problem("a key is missing before the ':'; if this is text, quote it", key.mark)
        elif key.text == "<<":
            self._problem("'<<' merges nothing here: write the keys out, or hand them down with 'defaults'", key.mark)
        elif key.text[1:2].isalpha() and not self._before(event).strip(" -"):
            self._problem("a '-' needs a space after it; if this is a key, quote it", key.mark)

    def strange_key(self, event: Event, mark: Mark) -> None:
        """Meet a key that is a list, a mapping or an alias."""
        self._strange.add(event.start_mark.index)
        if event.__class__ is AliasEvent:
            self._problem("a key cannot be an alias; if it is text, quote it", mark)
        elif self._before(event).endswith("{"):
            self._found(MAPPING_IN_MAPPING, mark.line - 1, mark.column - 2, mark.width + 2)
        else:
            self._problem("a key must be text; if this is text, quote it", mark)

    def without_value(self, start: Event, key: Event, value: Event) -> None:
        """Meet a key without a value: `{a="b"}` and `{x:1}` in braces, `channel: #ops` anywhere."""
        if self._suspects and self._suspects[-1] is value:
            self._suspects.pop()  # loaders differ in where a value stands that is not there
        colon = self._text.body.find(":", key.end_mark.index, value.start_mark.index)
        if colon >= 0:
            self._after_colon(colon + 1)
        elif start.flow_style and key.__class__ is ScalarEvent and key.value:
            self._bare.setdefault(start.start_mark.index, []).append(key)

    def _after_colon(self, index: int) -> None:
        match = _COMMENT.match(self._text.body, index)
        if match and _GLUED.match(match[1]):
            line = self._text.body.count("\n", 0, index)
            column = match.start(1) - self._text.body.rfind("\n", 0, index) - 1
            self._found(f"{_STARTS_COMMENT}{_OR_SPACE}", line, column, len(match[1]))

    def found(self) -> list[Problem]:
        """Judge, and give all mistakes."""
        for event in self._suspects:
            self._no_break_space(event)
            self._comment(event)
            self._lines(event)
        for start, keys in self._bare.items():
            if start not in self._strange:
                self._bare_keys(keys)
        return self._problems

    def _bare_keys(self, keys: list[Event]) -> None:
        glued = [key for key in keys if not key.style and _NO_SPACE.match(key.value)]
        for key in glued:
            name, _, value = key.value.partition(":")
            self._event(f"a ':' needs a space after it, expected '{name}: {short(value)}'; {_IF_TEXT}", key)
        for key in [key for key in keys if key not in glued][:1]:
            self._event(f"'{short(key.value)}' is a key without a value; {_IF_TEXT}", key)

    def _no_break_space(self, event: Event) -> None:
        line, column = event.start_mark.line, event.start_mark.column
        match = _NO_BREAK.search(self._text.lines[line][column:])
        if match:
            self._found("a no-break space (U+00A0) stands where a space was meant", line, column + match.start())

    def _comment(self, event: Event) -> None:
        line, column = event.end_mark.line, event.end_mark.column
        match = _COMMENT.match(self._text.lines[line], column)
        if match is None:
            return
        glued = _GLUED.match(match[1])
        if glued or _is_cut(event.value, match[1]):
            self._found(_STARTS_COMMENT + (_OR_SPACE if glued else ""), line, match.start(1), len(match[1]))

    def _lines(self, event: Event) -> None:
        first, last = event.start_mark, event.end_mark
        lines = [self._text.lines[first.line][first.column :], *self._text.lines[first.line + 1 : last.line + 1]]
        if len(lines) == 1:
            return
        if all(map(_NO_SPACE.match, lines)):
            self._event("a ':' needs a space after it, here and in the lines below", event)
        if all(map(_DASH.match, lines)):
            self._event("a '-' needs a space after it, here and in the lines below", event)
        for number, line in enumerate(lines[1:], first.line + 1):
            if _ITEM.match(line):
                message = f"this continues the text of line {first.line + 1}; a list starts on the line below its key"
                self._found(message, number, len(line) - len(line.lstrip()), len(line.strip()))
                return

    def _before(self, event: Event) -> str:
        mark: YamlMark = event.start_mark
        return self._text.lines[mark.line][: mark.column]

    def _event(self, message: str, event: Event) -> None:
        start, end = event.start_mark, event.end_mark
        ends = end.column if end.line == start.line else len(self._text.lines[start.line])
        self._found(message, start.line, start.column, ends - start.column)

    def _found(self, message: str, line: int, column: int, width: int = 1) -> None:
        self._problem(message, self._text.mark(line, column, width))

    def _problem(self, message: str, mark: Mark) -> None:
        self._problems.append(self._text.problem(message, mark))


def _lines_with(text: Text, character: str) -> frozenset[int]:
    if character not in text.body:
        return frozenset()
    return frozenset(number for number, line in enumerate(text.lines) if character in line)


def _is_cut(value: str, comment: str) -> bool:
    """Tell whether a bracket or quote opens in the value and closes in what YAML takes for a comment."""
    if value.count('"') % 2 and '"' in comment:
        return True
    return any(value.count(opens) > value.count(closes) and closes in comment for opens, closes in _PAIRS)
