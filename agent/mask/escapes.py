"""Escapes: reading a text behind them, and finding a place in it again in the text as it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

_WORDS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": "\xa0"}
_LATE = "(?:%[89ABab][0-9A-Fa-f])"
_PERCENT = rf"%[0-7][0-9A-Fa-f]|%[CDcd][0-9A-Fa-f]{_LATE}|%[Ee][0-9A-Fa-f]{_LATE}{{2}}|%[Ff][0-7]{_LATE}{{3}}"
"""One character in UTF-8 (RFC 3986 section 2.1, RFC 3629 section 4)."""


class Escape(NamedTuple):
    """One way to write a character as several."""

    sign: str
    """What every text with such an escape has in it."""
    token: re.Pattern[str]
    """One character as it is written."""
    read: Callable[[str], str]


def _backslash(token: str) -> str:
    if token[1] in "uUx":
        return token.encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _WORDS.get(token[1], token[1])


def _entity(token: str) -> str:
    name = token[1:-1]
    if not name.startswith("#"):
        return _ENTITIES.get(name, token)
    number = int(f"0{name[1:]}", base=0) if name[1] in "xX" else int(name[1:])
    return chr(number) if number < 0x110000 else token


ESCAPES = (
    Escape("%", re.compile(_PERCENT), unquote),
    Escape("+", re.compile(rf"\+|{_PERCENT}"), lambda token: unquote(token.replace("+", " "))),
    Escape(
        "\\",
        re.compile(
            r"\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
            r"""|\\u[0-9A-Fa-f]{4}|\\U00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[nrtbf"'\\/]"""
        ),
        _backslash,
    ),
    Escape("&", re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-z]{2,4});"), _entity),
)


class Opened:
    """A text with its escapes read, in which every place is known in the text as it is."""

    def __init__(
        self, text: str, around: Opened | None = None, ends: Sequence[int] = (), longer: Sequence[int] = ()
    ) -> None:
        self.text = text
        self._around = around
        self._ends = ends
        """Places behind the characters that were escaped."""
        self._longer = longer
        """By how much the text around is longer, up to each of them."""

    @property
    def is_plain(self) -> bool:
        """Whether there was nothing to read."""
        return not self._ends

    def once_more(self, escape: Escape) -> Opened:
        """Read the escapes that are left."""
        parts: list[str] = []
        ends: list[int] = []
        longer: list[int] = []
        at = length = gain = 0
        for match in escape.token.finditer(self.text):
            read = escape.read(match[0])
            parts += [self.text[at : match.start()], read]
            length += match.start() - at + len(read)
            gain += len(match[0]) - len(read)
            ends.append(length)
            longer.append(gain)
            at = match.end()
        return Opened("".join([*parts, self.text[at:]]), self, ends, longer)

    def places(self, part: str) -> Iterator[tuple[int, int]]:
        """Give start and end of a part wherever it stands, in the text as it is."""
        start = self.text.find(part)
        while start >= 0:
            end = start + len(part)
            yield self._place(start), self._place(end)
            start = self.text.find(part, end)

    def _place(self, place: int) -> int:
        escaped = bisect_right(self._ends, place)
        outside = place + (self._longer[escaped - 1] if escaped else 0)
        return self._around._place(outside) if self._around else outside  # noqa: SLF001  one of us
