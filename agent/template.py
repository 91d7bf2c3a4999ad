"""Substitution: what `$(…)` in a text means.

$(name)            a variable                 $(item) $(item.field) $(key)   of `each`
$(env:NAME)        an environment variable    $(file:PATH)                   a file's text
$(secret:NAME)     a secret                   $(check.metric)                a reading
$$(                the two characters themselves
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
    """A `$(…)` that means nothing."""


_TOKEN = re.compile(r"\$\$\(|\$\(([^()]*)\)|\$\(")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ITEM = re.compile(r"item((?:\.[\w-]+)+)")
METRIC = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""What a metric may be called."""
_READING = re.compile(r"([\w/-]+(?:\[[^\]]*\][\w/-]*)*)\.([A-Za-z_]\w*)")
_FROM = re.compile(r"(env|file|secret):(\S.*)")


def parse(text: str) -> tuple[str | Ref, ...]:
    """Take a text apart into what stands in it and what is put in.  Raises TemplateError."""
    parts: list[str | Ref] = []
    end = 0
    for match in _TOKEN.finditer(text):
        before = text[end : match.start()]
        parts += [before] if before else []
        parts.append("$(" if match[0] == "$$(" else _ref(match[0], match[1]))
        end = match.end()
    rest = text[end:]
    return (*parts, rest) if rest or not parts else tuple(parts)


def _ref(text: str, inside: str | None) -> Ref:
    if inside is None:
        raise TemplateError("'$(' is not closed; write '$$(' for the text '$('")
    if inside in ("item", "key"):
        return Ref(Source(inside), inside, text)
    if match := _ITEM.fullmatch(inside):
        return Ref(Source.ITEM, "item", text, match[1][1:])
    if match := _FROM.fullmatch(inside):
        return Ref(Source(match[1]), match[2], text)
    if _NAME.fullmatch(inside):
        return Ref(Source.VARIABLE, inside, text)
    if match := _READING.fullmatch(inside):
        return Ref(Source.READING, match[1], text, match[2])
    raise TemplateError(
        f"'{text}' is no substitution: there are $(variable), $(item), $(key), $(check.metric), $(env:NAME), "
        "$(file:PATH) and $(secret:NAME); write '$$(' for the text '$('"
    )
