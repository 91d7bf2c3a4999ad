"""PromQL as far as it can be judged without a server: its words, its brackets, the series that it reads.

https://prometheus.io/docs/prometheus/latest/querying/basics/.  What passes here may still be refused by
the server; what is refused here would be refused by every server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import msgspec

from probes.prometheus.matchers import Matcher, Operator, quoted, refuse_not_re2, unquoted

__all__ = ["Selector", "Token", "check_promql", "selectors", "tokens"]

_SPACE = r"(?P<space>[ \t\r\n]+|\#[^\n]*)"
_STRING = r"(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)"
_NUMBER = r"(?P<number>(?:\d[\w.]*|\.\d+)(?:(?<=[eE])[+-]\d+)?)"
_NAME = r"(?P<name>[a-zA-Z_:][\w:]*)"
_SIGN = r"(?P<sign>=~|!~|!=|==|<=|>=|[-=<>+*/%^@,(){}\[\]:])"
_TOKEN = re.compile("|".join((_SPACE, _STRING, _NUMBER, _NAME, _SIGN)), re.ASCII)
_IN_RANGE = re.compile("|".join((_SPACE, _STRING, _NUMBER, _SIGN, _NAME)), re.ASCII)
"""Within `[5m:15s]` a colon begins no name."""

_CLOSING = {")": "(", "}": "{", "]": "["}
_LABELS_FOLLOW = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_KEYWORDS = _LABELS_FOLLOW | {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "anchored", "smoothed"}
_KEYWORDS |= {"default", "if", "ifnot", "keep_metric_names", "limit"}  # of VictoriaMetrics
_ABSENT = frozenset({"absent", "absent_over_time"})
_PLAIN_NAME = re.compile(r"[a-zA-Z_:][\w:]*", re.ASCII)


class Token(NamedTuple):
    """One word of an expression."""

    kind: str
    text: str
    position: int


_END = Token("end", "", -1)


class Selector(msgspec.Struct, frozen=True):
    """Series that an expression reads."""

    name: str
    """Name of the metric; empty when matchers alone choose it."""
    matchers: tuple[Matcher, ...] = ()
    absence: bool = False
    """Whether the expression asks if there are none."""

    def __str__(self) -> str:
        matchers = list(map(str, self.matchers))
        if not _PLAIN_NAME.fullmatch(self.name):
            name = [f"__name__={quoted(self.name)}"] if self.name else []
            return "{" + ",".join(name + matchers) + "}"
        return self.name + ("{" + ",".join(matchers) + "}" if matchers else "")


def check_promql(text: str) -> None:
    """Refuse what cannot be PromQL.  Raises ValueError, saying where and why not."""
    selectors(text)


@lru_cache(maxsize=4096)
def selectors(text: str) -> tuple[Selector, ...]:
    """List the series that an expression reads, each once.  Raises ValueError for what cannot be PromQL."""
    found = list(tokens(text))
    if not found:
        raise ValueError("is empty, expected PromQL")
    _check_brackets(text, found)
    return tuple(dict.fromkeys(_Walk(text, found).selectors()))


def tokens(text: str) -> Iterator[Token]:
    """Take an expression apart, without spaces and comments.  Raises ValueError."""
    position = ranges = 0
    while position < len(text):
        match = (_IN_RANGE if ranges > 0 else _TOKEN).match(text, position)
        if match is None:
            raise ValueError(_strange(text, position))
        ranges += (match[0] == "[") - (match[0] == "]")
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match[0], position)
        position = match.end()


def _strange(text: str, position: int) -> str:
    character, where = text[position], _where(text, position)
    if character in "\"'`":
        return f"has a quote {where} that is not closed"
    if character == "$":
        return f"has a $ {where}: a variable of Grafana means nothing to Prometheus, write its value"
    return f"has {character!r} {where}, which is not PromQL"


def _where(text: str, position: int) -> str:
    before = text[:position]
    column = position - (before.rfind("\n") + 1) + 1
    line = before.count("\n") + 1
    return f"at column {column}" if "\n" not in text.strip() else f"at line {line} column {column}"


def _check_brackets(text: str, found: Sequence[Token]) -> None:
    opened: list[Token] = []
    for token in found:
        if token.text in _CLOSING.values():
            opened.append(token)
        elif token.text in _CLOSING and (not opened or opened.pop().text != _CLOSING[token.text]):
            raise ValueError(f"has {token.text!r} {_where(text, token.position)} that closes nothing")
    if opened:
        raise ValueError(f"has {opened[-1].text!r} {_where(text, opened[-1].position)} that is not closed")


class _Walk:
    """Goes through the words of an expression whose brackets fit."""

    def __init__(self, text: str, found: Sequence[Token]) -> None:
        self._text, self._tokens, self._at = text, found, 0
        self._calls: list[str] = []

    def selectors(self) -> Iterator[Selector]:
        """Give each selector as it comes."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.text == "{" or (token.kind == "name" and self._is_metric(token)):
                yield self._selector(token)
                continue
            self._pass(token)

    def _is_metric(self, token: Token) -> bool:
        following = self._peek(1)
        called = following.text == "(" or following.text.lower() in ("by", "without")
        return not called and token.text.lower() not in _KEYWORDS

    def _pass(self, token: Token) -> None:
        """Step over a word; over the labels in brackets after `by` and its like."""
        self._at += 1
        if token.text == "(":
            before = self._tokens[self._at - 2] if self._at > 1 else _END
            self._calls.append(before.text.lower() if before.kind == "name" else "")
        elif token.text == ")":
            self._calls.pop()
        elif token.kind == "name" and token.text.lower() in _LABELS_FOLLOW and self._peek(0).text == "(":
            while self._tokens[self._at].text != ")":
                self._at += 1
            self._at += 1

    def _peek(self, ahead: int) -> Token:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _selector(self, token: Token) -> Selector:
        name = ""
        if token.kind == "name":
            name = token.text
            self._at += 1
        matchers = self._braces() if self._peek(0).text == "{" else []
        named = [matcher.value for matcher in matchers if (matcher.label, matcher.operator) == ("__name__", "=")]
        rest = tuple(matcher for matcher in matchers if not (named and matcher.label == "__name__"))
        absence = any(call in _ABSENT for call in self._calls)
        return Selector(name or "".join(named[:1]), rest if not name else tuple(matchers), absence)

    def _braces(self) -> list[Matcher]:
        """Read `{…}`, whose first word is the one at hand."""
        self._at += 1
        matchers: list[Matcher] = []
        while self._peek(0).text != "}":
            matchers.append(self._matcher())
            if self._peek(0).text == ",":
                self._at += 1
            elif self._peek(0).text != "}":
                raise ValueError(f"has {self._peek(0).text!r} {self._here()}, expected , or }}")
        self._at += 1
        return matchers

    def _matcher(self) -> Matcher:
        label, operator, value = (self._peek(ahead) for ahead in range(3))
        if label.kind == "string" and operator.text in (",", "}"):  # a name in quotes, Prometheus 3
            self._at += 1
            return Matcher("__name__", "=", unquoted(label.text))
        if label.kind not in ("name", "string") or operator.text not in ("=", "!=", "=~", "!~"):
            raise ValueError(f'has {label.text!r} {self._here()}, expected a matcher such as code=~"5.."')
        if value.kind != "string":
            raise ValueError(f"has {label.text}{operator.text} {self._here()} without quotes around its value")
        self._at += 3
        name = unquoted(label.text) if label.kind == "string" else label.text
        matcher = Matcher(name, cast("Operator", operator.text), unquoted(value.text))
        refuse_not_re2(matcher)
        return matcher

    def _here(self) -> str:
        return _where(self._text, self._peek(0).position)
