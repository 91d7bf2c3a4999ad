"""What goss expects, as limits: plain values, its matchers, its patterns for lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from agent import pattern
from agent.drafts.draft import Data
from agent.drafts.written import Written


class Unmapped(Exception):
    """An expectation that is no limit; the message says which."""


_ORDER = {"gt": "above", "ge": "min", "lt": "below", "le": "max"}


def limit(written: Written) -> Data:
    """Give the limit for one value, or for a list as a whole.  Raises Unmapped."""
    if isinstance(written.value, str):
        return written.value
    if isinstance(written.value, list):
        return {"contains": _texts(written)}
    entries = written.entries("a matcher")
    if len(entries) != 1:
        raise Unmapped("several matchers in one mapping")
    ((name, operand),) = entries.items()
    if name in _ORDER:
        return {_ORDER[name]: operand.text(name)}
    if name not in _MATCHERS:
        raise Unmapped(f"the matcher {name}")
    return _MATCHERS[name](operand)


def _texts(written: Written) -> list[Data]:
    values = [each.value for each in written.value] if isinstance(written.value, list) else [written.value]
    if not all(isinstance(value, str) for value in values):
        raise Unmapped("a matcher inside a list")
    return [value for value in values if isinstance(value, str)]


def _equal(operand: Written) -> Data:
    return {"equals": _texts(operand)} if isinstance(operand.value, list) else {"equals": operand.text("equal")}


def _and(operand: Written) -> Data:
    found: dict[str, Data] = {}
    for each in operand.items("and"):
        for name, value in as_mapping(limit(each)).items():
            if name in found:
                raise Unmapped(f"'and' of two limits {name}")
            found[name] = value
    return found


def _not(operand: Written) -> Data:
    return {"not": as_mapping(limit(operand))}


def _prefix(operand: Written) -> Data:
    return {"matches": rf"\A{pattern.escape(operand.text('have-prefix'))}"}


def _suffix(operand: Written) -> Data:
    return {"matches": rf"{pattern.escape(operand.text('have-suffix'))}\Z"}


_MATCHERS: dict[str, Callable[[Written], Data]] = {
    "equal": _equal,
    "and": _and,
    "or": _texts,
    "not": _not,
    "have-prefix": _prefix,
    "have-suffix": _suffix,
    "match-regexp": lambda operand: {"matches": operand.text("match-regexp")},
    "contain-substring": lambda operand: {"contains": operand.text("contain-substring")},
    "contain-element": lambda operand: {"contains": _texts(operand)},
    "contain-elements": lambda operand: {"contains": _texts(operand)},
    "consist-of": lambda operand: {"equals": _texts(operand)},
}


def as_mapping(found: Data) -> dict[str, Data]:
    """Give a limit as a mapping."""
    if isinstance(found, dict):
        return found
    return {"one_of" if isinstance(found, list) else "equals": found}


class Line(msgspec.Struct, frozen=True):
    """One pattern for a line of text."""

    regex: bool
    wanted: bool
    """Some line has it; else none has."""
    text: str

    @property
    def expression(self) -> str:
        """The pattern as a regular expression."""
        return self.text if self.regex else pattern.escape(self.text)


def lines(written: Written) -> list[Line] | None:
    """Read a list of patterns; None when it is no such list."""
    if not isinstance(written.value, list) or not all(isinstance(each.value, str) for each in written.value):
        return None
    return [_line(each.text("a pattern")) for each in written.value]


def _line(said: str) -> Line:
    wanted = not said.startswith("!")
    text = said if wanted else said[1:]
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        return Line(True, wanted, text[1:-1])
    return Line(False, wanted, text[1:] if text.startswith(("\\!", "\\/")) else text)


def of_text(written: Written) -> dict[str, Data]:
    """Give the limits for a text that goss reads line by line; none for an empty list."""
    found = lines(written)
    if found is None:
        return as_mapping(_whole(limit(written)))
    limits: dict[str, Data] = {}
    if parts := [line.text for line in found if line.wanted and not line.regex]:
        limits["contains"] = parts
    if parts := [line.text for line in found if not line.wanted and not line.regex]:
        limits["excludes"] = parts
    if expressions := [line.text for line in found if line.wanted and line.regex]:
        limits["matches"] = _all(expressions)
    if expressions := [line.text for line in found if not line.wanted and line.regex]:
        limits["not"] = {"matches": "(?m)" + "|".join(f"(?:{each})" for each in expressions)}
    return limits


def _whole(found: Data) -> Data:
    """Take the last newline from a text, as gonogo does from what a command wrote."""
    return found.removesuffix("\n") if isinstance(found, str) else found


def _all(expressions: Iterable[str]) -> str:
    """Make one expression of several that must all be found, each in a line."""
    several = list(expressions)
    if len(several) == 1:
        return f"(?m){several[0]}"
    return r"(?ms)\A" + "".join(f"(?=.*?(?-s:{each}))" for each in several)
