"""The text of a file and its lines: every place in it can be named and shown."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from agent.problem import Mark, Problem, ProfileError

_FORBIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class Text(msgspec.Struct, frozen=True):
    """A file as text; each line of `body` ends with a line feed, those of `lines` with nothing."""

    name: str
    body: str
    lines: tuple[str, ...]

    def mark(self, line: int, column: int, width: int = 1) -> Mark:
        """Name a place; line and column count from 0 here, as YAML's own marks do."""
        return Mark(self.name, line + 1, column + 1, max(1, width))

    def problem(self, message: str, mark: Mark) -> Problem:
        """Make a problem that shows its line."""
        return Problem(message, mark, self.line(mark.line))

    def line(self, number: int) -> str:
        """Give a line, counted from 1; empty when there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def of(name: str, text: str) -> Text:
    """Take a text, however its lines end."""
    body = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(body.removesuffix("\n").split("\n"))
    return Text(name, body if body.endswith("\n") else body + "\n", lines)


def decode(name: str, data: bytes) -> Text:
    """Read UTF-8, with or without a byte order mark.

    Raises ProfileError where a byte is not UTF-8.
    """
    found = next((code for mark, code in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
    if found is None and b"\0" in data[:4]:  # YAML 1.2 section 5.2: its first character is ASCII
        found = "UTF-16 or UTF-32"
    if found is not None:
        raise ProfileError([Problem(f"{name}: is {found}, expected UTF-8")])
    try:
        return of(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ProfileError([_not_utf8(name, error)]) from error


def _not_utf8(name: str, error: UnicodeDecodeError) -> Problem:
    before, byte = error.object[: error.start], error.object[error.start]
    text = of(name, error.object.decode(errors="replace"))
    start = of(name, before.decode())  # all before it was read
    mark = text.mark(len(start.lines) - 1, len(start.lines[-1].removeprefix("\ufeff")))
    return text.problem(f"byte 0x{byte:02x} is not UTF-8; save the file as UTF-8", mark)


def short(text: str) -> str:
    """Cut what a message quotes."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def forbidden(text: Text) -> list[Problem]:
    """List the characters that no reader of the file would see, each once."""
    if _FORBIDDEN.search(text.body) is None:
        return []
    places = {text.body.index(character): character for character in set(text.body) if _FORBIDDEN.match(character)}
    return [_unseen(text, places[index], index) for index in sorted(places)]


def _unseen(text: Text, character: str, index: int) -> Problem:
    line = text.body.count("\n", 0, index)
    mark = text.mark(line, index - text.body.rfind("\n", 0, index) - 1)
    escape = f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    name = unicodedata.name(character, "a control character").lower()
    return text.problem(
        f"U+{ord(character):04X} ({name}) cannot be seen here; remove it, or write {escape} in double quotes", mark
    )
