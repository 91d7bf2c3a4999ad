"""Substitution: what `$(…)` in a text means.

$(name)            a variable                 $(item) $(item.field) $(key)   of `each`
$(env:NAME)        an environment variable    $(file:PATH)                   a file's text
$(secret:NAME)     a secret                   $(check.metric)                a reading
$$(                the two characters themselves

A text is taken apart and put together again; nothing in it is evaluated, and what is put in is not read
once more.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class Source(StrEnum):
    """Where a reference takes its value from."""

    VARIABLE = "variable"
    ITEM = "item"
    KEY = "key"
    ENV = "env"
    FILE = "file"
    SECRET = "secret"
    READING = "reading"


class Ref(msgspec.Struct, frozen=True):
    """One `$(…)`; of a reading, `name` is the check and `field` the metric, of an item its path."""

    source: Source
    name: str
    text: str
    """As written, `$(login.token)`."""
    field: str = ""


class TemplateError(ValueError):
    """A `$(…)` that means nothing; `text` is how it starts."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


OPENING = "$("
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""What a variable may be called."""
METRIC = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""What a metric may be called."""
ELEMENT = re.compile(r"(?<!\$)\$\((?:item(?:\.[\w.-]+)?|key)\)")
"""What names the element that `each` stands at."""
RESERVED = ("item", "key")
"""What no variable and no id may be called."""
_TOKEN = re.compile(r"\$\$\(|\$\(([^()]*)\)|\$\(")
_ITEM = re.compile(r"item((?:\.[\w-]+)+)")
_READING = re.compile(r"([\w/-]+(?:\[[^\]]*\][\w/-]*)*)\.([A-Za-z_]\w*)")
_FROM = re.compile(r"(env|file|secret):(\S.*)")


def parse(text: str) -> tuple[str | Ref, ...]:
    """Take a text apart into what stands in it and what is put in.  Raises TemplateError."""
    parts: list[str | Ref] = []
    end = 0
    for match in _TOKEN.finditer(text):
        start = match.start()
        if start > end:
            parts.append(text[end:start])
        end = match.end()
        if match[0] == "$$(":
            parts.append(OPENING)
        elif match[1] is not None:
            parts.append(_ref(match[0], match[1]))
        else:
            raise TemplateError("'$(' is not closed; write '$$(' for the text '$('", text[start:])
    if end < len(text) or not parts:
        parts.append(text[end:])
    return tuple(parts)


def _ref(text: str, inside: str) -> Ref:
    if inside in RESERVED:
        return Ref(Source(inside), inside, text)
    if NAME.fullmatch(inside):
        return Ref(Source.VARIABLE, inside, text)
    if match := _FROM.fullmatch(inside):
        return Ref(Source(match[1]), match[2], text)
    if match := _ITEM.fullmatch(inside):
        return Ref(Source.ITEM, "item", text, match[1][1:])
    if match := _READING.fullmatch(inside):
        return Ref(Source.READING, match[1], text, match[2])
    raise TemplateError(
        f"'{text}' is no substitution: there are $(variable), $(item), $(key), $(check.metric), $(env:NAME), "
        "$(file:PATH) and $(secret:NAME); write '$$(' for the text '$('",
        text,
    )
