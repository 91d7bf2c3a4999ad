"""Comparing what was measured with what was written.

What cannot be compared raises Incomparable, whose text says what the value is; nobody guesses: the text
`oops` is not 0, `true` is not 1, NaN is not below anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from agent import pattern, units
from agent.probe import Unreadable, Value


class Incomparable(Exception):
    """Two things that cannot be held against each other; the text says what the measured one is."""


class TookTooLong(Incomparable):
    """A pattern that would keep this process busy."""


class Given(dict[str, Value]):
    """A mapping that substitution gave as a whole: a value, not a set of limits."""


class Word(msgspec.Struct, frozen=True):
    """An operand written as text; it takes the type of what it is compared with."""

    text: str
    number: Decimal | None = None

    @classmethod
    def of(cls, operand: Value) -> Word:
        """Make a word of text or of a typed scalar."""
        if isinstance(operand, bool):
            return cls("true" if operand else "false")
        text = operand if isinstance(operand, str) else str(operand)
        return cls(text, units.number(text))


def is_number(value: Value) -> bool:
    """Whether it is a number; a bool is none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _finite(value: float | Decimal) -> bool:
    """Tell whether it is a number at all; an integer may be too large for math.isfinite."""
    return units.exact(value).is_finite()


def sized(value: Value) -> Decimal | datetime:
    """Give what has a size: a finite number, text that is exactly a number, a time."""
    if isinstance(value, datetime):
        return value
    if is_number(value):
        if not _finite(value):
            raise Incomparable(f"{shown(value)}, which has no size to compare")
        return units.exact(value)
    number = units.number(value) if isinstance(value, str) else None
    if number is None:
        raise Incomparable("absent" if value is None else f"{shown(value)}, which has no size to compare")
    return number


def _sizes(value: Value, operand: Decimal | datetime) -> tuple[Decimal | datetime, Decimal | datetime]:
    size = sized(value)
    if type(size) is not type(operand):
        raise Incomparable(f"{shown(value)}, which cannot be compared with {shown(operand)}")
    return size, operand


def at_least(value: Value, operand: Decimal | datetime) -> bool:
    """Hold `min`."""
    size, limit = _sizes(value, operand)
    return size >= limit  # type: ignore[operator]


def at_most(value: Value, operand: Decimal | datetime) -> bool:
    """Hold `max`."""
    size, limit = _sizes(value, operand)
    return size <= limit  # type: ignore[operator]


def above(value: Value, operand: Decimal | datetime) -> bool:
    """Hold `above`."""
    return not at_most(value, operand)


def below(value: Value, operand: Decimal | datetime) -> bool:
    """Hold `below`."""
    return not at_least(value, operand)


def equal(value: Value, operand: Value) -> bool:
    """Hold `equals`; two lists are equal when they hold the same in any order."""
    if isinstance(value, list) != isinstance(operand, list):
        raise Incomparable(f"{shown(value)}, which cannot be compared with {shown(operand)}")
    if isinstance(value, list):
        return _same_in_any_order(value, operand)
    return _same(value, operand)


def _same_in_any_order(value: list[Value], operand: list[Value]) -> bool:
    left = list(value)
    for item in operand:
        found = next((index for index, have in enumerate(left) if _surely_same(have, item)), None)
        if found is None:
            return False
        left.pop(found)
    return not left


def one_of(value: Value, operands: list[Value]) -> bool:
    """Hold `one_of`; comparable with none of them is not "different from all"."""
    unlike: Incomparable | None = None
    for operand in operands:
        try:
            if equal(value, operand):
                return True
        except Incomparable as error:
            unlike = error
    if unlike is not None:
        raise unlike
    return False


def contains(value: Value, operands: list[Value]) -> bool:
    """Hold `contains`: all of these are elements of a list, parts of a text, keys of a mapping."""
    return all(_has(value, operand) for operand in operands)


def excludes(value: Value, operands: list[Value]) -> bool:
    """Hold `excludes`: none of these is; a list with an element that cannot be compared excludes nothing."""
    if isinstance(value, list):
        return not any(_same(item, operand) for item in value for operand in operands)
    return not any(_has(value, operand) for operand in operands)


def _has(value: Value, operand: Value) -> bool:
    if isinstance(value, list):
        return any(_surely_same(item, operand) for item in value)
    part = operand.text if isinstance(operand, Word) else operand
    if isinstance(value, str | Mapping) and isinstance(part, str):
        return part in value
    raise Incomparable(f"{shown(value)}, which cannot contain {shown(operand)}")


def _surely_same(value: Value, operand: Value) -> bool:
    try:
        return _same(value, operand)
    except Incomparable:
        return False


def _same(value: Value, operand: Value) -> bool:
    if isinstance(operand, Word):
        return _same_as_word(value, operand)
    if is_number(value) and is_number(operand) and _finite(value):
        return units.exact(value) == units.exact(operand)
    if is_number(operand) and isinstance(value, str) and (number := units.number(value)) is not None:
        return number == units.exact(operand)
    if isinstance(value, Mapping) and isinstance(operand, Mapping):
        return value.keys() == operand.keys() and all(_deep(value[key], operand[key]) for key in value)
    if isinstance(value, bool | str | datetime) and type(value) is type(operand):
        return bool(value == operand)
    raise Incomparable(f"{shown(value)}, which cannot be compared with {shown(operand)}")


def _deep(value: Value, operand: Value) -> bool:
    """Inside data, where order of a list matters and null equals null."""
    if isinstance(value, list) and isinstance(operand, list):
        return len(value) == len(operand) and all(map(_deep, value, operand))
    return (value is None and operand is None) or _surely_same(value, operand)


def _same_as_word(value: Value, word: Word) -> bool:
    if isinstance(value, str):
        return value == word.text
    if isinstance(value, bool) and word.text in ("true", "false"):
        return value is (word.text == "true")
    if is_number(value) and word.number is not None and _finite(value):
        return units.exact(value) == word.number
    if isinstance(value, datetime) and (moment := timestamp(word.text)):
        return value == moment
    raise Incomparable(f"{shown(value)}, which cannot be compared with {word.text!r}")


def matches(value: Value, wanted: str) -> bool:
    """Hold `matches`: the pattern is found somewhere in a text, or in a number or bool as written."""
    if not isinstance(value, str | bool | int | float | Decimal):
        raise Incomparable(f"{shown(value)}, which is no text to match")
    text = value if isinstance(value, str) else Word.of(value).text
    try:
        return pattern.found(wanted, text)
    except TimeoutError:
        raise TookTooLong(f"{shown(value)}, for which the pattern took too long") from None


def timestamp(value: Value) -> datetime | None:
    """Read a point in time: RFC 3339, a date, or an aware datetime; None when it is none.

    A time without an offset is UTC.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def shown(value: Value, *, limit: int = 200) -> str:
    """Write a value for a person, on one line and cut."""
    if value is None:
        return "absent"
    if isinstance(value, Unreadable):
        return f"unreadable ({value.reason})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Word):
        return value.text
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list | Mapping):
        return _shown_data(value, limit)
    text = _shown_scalar(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def _shown_scalar(value: Value) -> str:
    if is_number(value):
        return f"{units.exact(value):f}" if _finite(value) else str(value)
    return repr(value) if isinstance(value, str) else str(value)


def _shown_data(value: list[Value] | Mapping[str, Value], limit: int) -> str:
    """Write as much of it as is shown; it may hold a million elements."""
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    parts: list[str] = []
    left = limit - 2
    for part in _parts(value):
        parts.append(part)
        left -= len(part) + 2
        if left < -2:
            return f"{opening}{', '.join(parts)}"[:limit] + f"… ({len(value)} elements)"
    return f"{opening}{', '.join(parts)}{closing}"


def _parts(value: list[Value] | Mapping[str, Value]) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{key}: {shown(item)}" for key, item in value.items())
    else:
        yield from map(shown, value)
