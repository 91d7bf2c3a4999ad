"""The mask: a secret that entered never leaves, in whatever dress.

Every text on its way out passes here once.  A secret is masked as it is, in base64 alone or behind a user
name, and behind escapes: in a URL, in JSON, in HTML, however much of it is escaped there.
"""

from __future__ import annotations

import math
from itertools import takewhile

import msgspec

from agent import units
from agent.mask.escapes import ESCAPES, Escape, Opened
from agent.mask.forms import encoded, texts
from agent.probe import Unreadable, Value

__all__ = ["MASKED", "Mask"]

MASKED = "***"
_TOLD = 12
"""Characters of a secret's beginning that tell too much, where a quotation was cut before it came here."""
_CUT = frozenset("'\"…`")
"""What stands behind a text that was cut."""
_LAYERS = 3
"""Escapes of escapes: a URL in the query of a URL in another."""


class Mask:
    """What must not be seen; grows while a run learns its secrets."""

    def __init__(self) -> None:
        self._hidden: tuple[str, ...] = ()
        """The longest first, so that no part of one is left of another."""

    def add(self, secret: str) -> None:
        """Hide this text, and what it becomes on its way."""
        plain = texts(secret)
        found = {*self._hidden, *plain, *(form for text in plain for form in encoded(text))}
        self._hidden = tuple(sorted(found, key=lambda text: (-len(text), text)))

    def __call__(self, text: str) -> str:
        """Give the text with every secret in it masked."""
        for hidden in self._hidden:
            if hidden in text:
                text = text.replace(hidden, MASKED)
            if hidden[:_TOLD] in text:
                text = _without_beginning(text, hidden)
        for escape in ESCAPES:
            if self._hidden and escape.sign in text:
                text = self._behind(text, escape)
        return text

    def _behind(self, text: str, escape: Escape) -> str:
        """Mask what is there once the escapes are read."""
        opened = Opened(text)
        for _ in range(_LAYERS):
            opened = opened.once_more(escape)
            spans = [span for hidden in self._hidden for span in opened.places(hidden)]
            if spans:
                return self(_without(text, spans))
            if opened.is_plain:
                break
        return text

    def value(self, value: Value) -> Value:
        """Mask everything in a value, keys too."""
        if not self._hidden:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Unreadable):
            return msgspec.structs.replace(value, reason=self(value.reason))
        if isinstance(value, dict):
            return {self(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return MASKED if self._is_secret(value) else value

    def _is_secret(self, value: Value) -> bool:
        """Tell whether a number is a secret: a PIN comes back from JSON as one."""
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, float) and not math.isfinite(value):
            return False
        shown = f"{units.exact(value):f}" if isinstance(value, int | float) else str(value)
        return shown in self._hidden or shown.removesuffix(".0") in self._hidden


def _without_beginning(text: str, hidden: str) -> str:
    """Mask the beginning of a secret where the text, or a quotation in it, ends within the secret."""
    at = text.find(hidden[:_TOLD])
    while at >= 0:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text[at:], hidden, strict=False)))
        if at + same == len(text) or text[at + same] in _CUT:
            text = text[:at] + MASKED + text[at + same :]
        at = text.find(hidden[:_TOLD], at + 1)
    return text


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """Take places out of a text; they may overlap."""
    parts, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            parts += [text[end:start], MASKED]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
