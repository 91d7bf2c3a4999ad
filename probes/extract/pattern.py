"""Regular expressions that cannot run away: Python's syntax, with a bound on the time of one search."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import regex

from agent.probe import Unreadable, Value

__all__ = ["compiled", "full_match", "regex_readings", "search"]

_CPU_SECONDS = 1.0
"""A search that takes longer is one that backtracks without end."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> regex.Pattern[str]:
    """Compile a pattern; ValueError says what is wrong with it and where."""
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"not a regular expression: {error}: {pattern}") from None
    except (RecursionError, OverflowError):
        raise ValueError("not a regular expression: nested too deep or counting too far") from None


def regex_readings(text: str, patterns: Mapping[str, str]) -> dict[str, Value]:
    """Search for each pattern; see `probes.extract.regex_readings`."""
    return {name: _value(text, pattern) for name, pattern in patterns.items()}


def search(text: str, pattern: str) -> str | None:
    """Return the first group of the first match, the match when there is no group, None without a match.

    Raises ValueError when the search takes more than a second of CPU.
    """
    try:
        match = compiled(pattern).search(text, timeout=_CPU_SECONDS)
    except TimeoutError:
        raise ValueError(f"{pattern}: the search took more than {_CPU_SECONDS:g} s") from None
    if match is None:
        return None
    found: str | None = match[1] if match.re.groups else match[0]
    return found


def full_match(text: str, pattern: str) -> bool:
    """Tell whether all of a text matches; ValueError as for `search`, with nothing of the text."""
    try:
        return compiled(pattern).fullmatch(text, timeout=_CPU_SECONDS) is not None
    except TimeoutError:
        raise ValueError(f"the match took more than {_CPU_SECONDS:g} s") from None


def _value(text: str, pattern: str) -> Value:
    try:
        return search(text, pattern)
    except ValueError as error:
        return Unreadable(str(error))
