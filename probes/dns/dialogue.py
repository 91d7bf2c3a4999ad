"""A dialogue in text over a connection: send this, wait for that, take what comes."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Literal, TypeAlias

import anyio
import msgspec
from anyio.abc import ByteStream

from agent.probe import Unreachable
from probes.extract import Pattern
from probes.extract.pattern import compiled

__all__ = ["Dialogue", "Step"]

_Finder: TypeAlias = Callable[[str], int | None]
"""Gives where what it seeks ends in a text, None while it is not there."""
_SEARCH_SECONDS = 1.0
"""A search that takes longer is one that backtracks without end; it holds the event loop up meanwhile."""
_SHOWN = 200
"""Characters of what the other side said that a message repeats."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn of a dialogue: what it gives is done in the order of these fields."""

    send: str = ""
    """Text to send, in UTF-8; a line end is written (`"QUIT\\r\\n"`)."""
    expect: str = ""
    """Text that must come, as it stands; what came before it is passed over."""
    matches: Pattern = ""
    """Regular expression that must be found in what comes; what came before it is passed over."""
    read: Literal["line", "end"] | None = None
    """Take what comes into the banner: a `line`, or all until the other side's `end`."""

    def __post_init__(self) -> None:
        """Refuse a turn in which nothing is done."""
        if not (self.send or self.expect or self.matches or self.read):
            raise ValueError("asks for nothing: give send, expect, matches or read")


class Dialogue:
    """A dialogue in text, bounded in what it takes."""

    def __init__(self, connection: ByteStream, label: str, limit: int) -> None:
        self._connection = connection
        self._label = label
        self._limit = self._left = limit
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0  # up to here it was waited for and has come

    async def take_turn(self, step: Step) -> None:
        """Do what a step says; raises Unreachable when it does not go as written."""
        if step.send:
            await self._send(step.send)
        if step.expect:
            await self._wait_for(_text_finder(step.expect), repr(step.expect))
        if step.matches:
            await self._wait_for(_pattern_finder(step.matches), f"text that matches {step.matches}")
        if step.read == "line":
            await self._wait_for(_text_finder("\n"), "the end of a line")
        elif step.read == "end":
            await self._read_to_end()

    def heard(self) -> str:
        """Give what came, up to what was waited for last, without the line end that it ends in."""
        return self._text[: self._at].removesuffix("\n").removesuffix("\r")

    async def _send(self, text: str) -> None:
        try:
            await self._connection.send(text.encode())
        except anyio.BrokenResourceError as error:
            raise Unreachable(f"{self._label}: {error} while sending") from error

    async def _wait_for(self, find: _Finder, wanted: str) -> None:
        try:
            while (end := self._found(find)) is None:
                if not await self._receive(wanted):
                    raise Unreachable(f"{self._label}: closed before {wanted} came, {self._said()}")
        except TimeoutError as error:
            raise Unreachable(f"{self._label}: searching for {wanted} took too long") from error
        self._at += end

    def _found(self, find: _Finder) -> int | None:
        rest = self._text[self._at :]
        return find(rest) if rest else None  # a pattern that matches nothing has found nothing yet

    async def _read_to_end(self) -> None:
        while await self._receive("the end"):
            pass
        self._text += self._decoder.decode(b"", final=True)
        self._at = len(self._text)

    async def _receive(self, wanted: str) -> bool:
        """Take what comes next; False when the other side has closed."""
        if not self._left:
            raise Unreachable(f"{self._label}: {self._limit} bytes came, and not {wanted}")
        try:
            data = await self._connection.receive(self._left)
        except anyio.EndOfStream:
            return False
        except anyio.BrokenResourceError as error:
            raise Unreachable(f"{self._label}: {error} before {wanted} came, {self._said()}") from error
        self._left -= len(data)
        self._text += self._decoder.decode(data)
        return True

    def _said(self) -> str:
        rest = self._text[self._at :]
        return f"said {rest[:_SHOWN]!r}" if rest else "said nothing"


def _text_finder(wanted: str) -> _Finder:
    def find(text: str) -> int | None:
        at = text.find(wanted)
        return None if at < 0 else at + len(wanted)

    return find


def _pattern_finder(pattern: str) -> _Finder:
    def find(text: str) -> int | None:
        match = compiled(pattern).search(text, timeout=_SEARCH_SECONDS)
        return match.end() if match else None

    return find
