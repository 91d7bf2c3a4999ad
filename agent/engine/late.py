"""Late values: what only the run learns, put where the profile wrote `$(secret:NAME)` and `$(login.token)`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

from agent import compare, node, pattern, units
from agent.compare import Word
from agent.node import Data, Entry, Late, Measured, Node, Scalar, Secret, Sequence
from agent.probe import Unreadable, Value

Reading: TypeAlias = tuple[str, str]
"""Address of a check, and one of its metrics."""


class Unsettled(Exception):
    """A value that is not there, or cannot stand where it is used; the message says which and why."""


class Known:
    """What the run has learnt: secrets, and readings of checks that are over, as they were measured."""

    def __init__(self) -> None:
        self.secrets: Mapping[str, str | LookupError] = {}
        """By name; the error says why one is missing."""
        self.readings: dict[Reading, Value] = {}

    def secret(self, name: str) -> str:
        """Give a secret.  An empty one is a missing one: CI systems set those that are not there to nothing."""
        found = self.secrets[name]
        if isinstance(found, LookupError):
            raise Unsettled(str(found))
        if not found:
            raise Unsettled(f"secret {name} is empty")
        return found

    def reading(self, part: Measured) -> Value:
        """Give a reading; what is absent or could not be read settles nothing."""
        value = self.readings.get((part.address, part.metric))
        if value is None or isinstance(value, Unreadable):
            raise Unsettled(f"{part.address}.{part.metric} is {compare.shown(value)}")
        return value


def settle(written: Node, known: Known) -> Node:
    """Put what is known in the place of everything late.  Raises Unsettled."""
    if isinstance(written, Late):
        return _settled(written, known)
    if isinstance(written, node.Mapping):
        entries = (Entry(entry.key, settle(entry.value, known)) for entry in written.entries)
        return node.Mapping(tuple(entries), written.mark)
    if isinstance(written, Sequence):
        return Sequence(tuple(settle(item, known) for item in written.items), written.mark)
    return written


def _settled(late: Late, known: Known) -> Node:
    """Keep the type of a scalar that is one reading; all else is text."""
    match late.parts:
        case (Measured(escaped=False) as whole,):
            return Data(known.reading(whole), late.mark)
    return Scalar("".join(_part(part, known) for part in late.parts), late.mark, plain=False)


def _part(part: str | Secret | Measured, known: Known) -> str:
    if isinstance(part, str):
        return part
    text = known.secret(part.name) if isinstance(part, Secret) else _text(part, known.reading(part))
    return pattern.escape(text) if part.escaped else text


def _text(part: Measured, value: Value) -> str:
    """Write a reading as it stands inside a text: `true`, `0.1`, a time in RFC 3339."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return Word.of(value).text
    if isinstance(value, datetime):
        return compare.shown(value)
    if compare.is_number(value) and math.isfinite(value):
        return f"{units.exact(value):f}"
    raise Unsettled(f"{part.address}.{part.metric} is {compare.shown(value)}, which cannot stand inside a text")


def parts(written: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[Secret | Measured, tuple[str, ...]]]:
    """Give every secret and reading in it, each with the keys that lead there."""
    if isinstance(written, Late):
        yield from ((part, path) for part in written.parts if not isinstance(part, str))
    elif isinstance(written, node.Mapping):
        for entry in written.entries:
            yield from parts(entry.value, (*path, entry.key.text))
    elif isinstance(written, Sequence):
        for item in written.items:
            yield from parts(item, path)
