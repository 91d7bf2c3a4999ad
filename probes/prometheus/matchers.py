"""Label matchers: `severity="critical"`, `code=~"5.."`, as PromQL and Alertmanager write them.

A label that a series does not have is empty, and a pattern must match the whole value
(https://prometheus.io/docs/prometheus/latest/querying/basics/#instant-vector-selectors).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, cast

import msgspec

from agent.probe import ProbeError, checked
from probes.extract import check_pattern, full_match

__all__ = [
    "Labels",
    "Matcher",
    "MatcherText",
    "Operator",
    "given",
    "matching",
    "parse",
    "quoted",
    "refuse_not_re2",
    "unquoted",
]

Labels = Mapping[str, str]

Operator = Literal["=", "!=", "=~", "!~"]

_MATCHER = re.compile(r"\s*(\"(?:[^\"\\\n]|\\.)+\"|[^\s\"'`{}=!~,]+)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN_LABEL = re.compile(r"[a-zA-Z_]\w*", re.ASCII)
_NOT_RE2 = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?(?:=|!|<=|<!|>|\(|#)|\\[1-9])")
"""What other engines know and Prometheus's does not: looking around, atomic groups, references."""


class Matcher(msgspec.Struct, frozen=True):
    """One condition on a label."""

    label: str
    operator: Operator
    value: str

    def matches(self, labels: Labels) -> bool:
        """Hold it against labels.  Raises ProbeError when a pattern is none here, or takes too long."""
        value = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (value == self.value) is (self.operator == "=")
        try:
            return full_match(value, _ascii(self.value)) is (self.operator == "=~")
        except ValueError as error:
            raise ProbeError(f"{self} cannot be held against labels: {error}") from error

    def __str__(self) -> str:
        label = self.label if _PLAIN_LABEL.fullmatch(self.label) else quoted(self.label)
        return f"{label}{self.operator}{quoted(self.value)}"


def parse(text: str) -> Matcher:
    """Read one matcher; its value may stand in quotes.  Raises ValueError."""
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise ValueError('is no matcher such as severity="critical" or code=~"5.."')
    label, operator, value = match.groups()
    found = Matcher(_plain(label), cast("Operator", operator), _plain(value))
    refuse_not_re2(found)
    if operator in ("=~", "!~"):
        check_pattern(found.value)
    return found


def refuse_not_re2(matcher: Matcher) -> None:
    """Refuse a pattern that is none in RE2, the syntax of Prometheus.  Raises ValueError."""
    strange = _NOT_RE2.search(matcher.value) if matcher.operator in ("=~", "!~") else None
    if strange is not None:
        raise ValueError(f"has a pattern with {strange[0]!r}, which RE2, the syntax of Prometheus, does not know")


MatcherText = Annotated[str, checked(parse)]
"""A setting that is one matcher."""


def given(labels: Labels, matchers: Iterable[str]) -> tuple[Matcher, ...]:
    """Make matchers of two settings: labels that must be equal, and matchers as text."""
    equal = (Matcher(label, "=", value) for label, value in labels.items())
    return (*equal, *map(parse, matchers))


def matching(matchers: Iterable[Matcher], labels: Labels) -> bool:
    """Hold all of them against labels."""
    return all(matcher.matches(labels) for matcher in matchers)


def quoted(value: str) -> str:
    """Write a text as PromQL does."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def unquoted(text: str) -> str:
    """Read a text in quotes, as Go does.  Raises ValueError."""
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _plain(text: str) -> str:
    """Read what may stand in quotes; a quote elsewhere is a slip."""
    if _QUOTED.fullmatch(text):
        return unquoted(text)
    if text[:1] in ("'", '"', "`"):
        raise ValueError("has a quote that is not closed, or more behind it")
    return text


def _unescaped(match: re.Match[str]) -> str:
    *coded, octal, letter = match.groups()
    digits = next((digits for digits in coded if digits), None)
    try:
        if digits or octal:
            return chr(int(digits, 16) if digits else int(octal, 8))
    except (ValueError, OverflowError):
        raise ValueError(f"has {match[0]}, which is no character") from None
    if letter in _SHORT or letter in "\\'\"":
        return _SHORT.get(letter, letter)
    raise ValueError(f"has {match[0]!r} in quotes, expected a doubled backslash")


def _ascii(pattern: str) -> str:
    """Have classes of characters such as digits mean ASCII, as they do there."""
    return f"(?a){pattern}"
