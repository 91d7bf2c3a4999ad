"""The place of a syntax error and what stands around it."""

from __future__ import annotations

import re
from typing import Any, TypeAlias, cast

from yaml import MarkedYAMLError
from yaml.tokens import (
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    ScalarToken,
)

from agent.problem import Problem
from agent.source import loader
from agent.source.text import Text

Place: TypeAlias = Any
"""A mark of PyYAML: index, line and column, from 0."""
Token: TypeAlias = Any
"""One of yaml.tokens, whose types say nothing."""

OPENING = (FlowSequenceStartToken, FlowMappingStartToken)
CLOSING = (FlowSequenceEndToken, FlowMappingEndToken)
_NAMED = re.compile(r"(?:found|got) '([^']+)'$")
MISSING_SPACE = re.compile(r"\s*[A-Za-z_][\w.-]*:(?!//)\S")


class Scene:
    """What a loader complained about, and the tokens before it."""

    def __init__(self, text: Text, error: MarkedYAMLError) -> None:
        self.text = text
        self.complaint: str = error.problem or ""
        self.at = cast("Place", error.problem_mark)
        """Where the loader stopped."""
        self.since = cast("Place", error.context_mark or error.problem_mark)
        """Where the thing starts that it was reading."""
        self.before: list[Token] = []
        self.found: Token | None = None
        """The token that it did not expect; None when no token starts there."""
        for token in loader.tokens(text.body):
            if self._is_found(token):
                self.found = token
                break
            self.before.append(token)
        self.written = [token for token in self.before if token.end_mark.index > token.start_mark.index]
        """The tokens before it that consist of characters."""

    def _is_found(self, token: Token) -> bool:
        if token.start_mark.index < self.at.index:
            return False
        named = _NAMED.search(self.complaint)
        return named is None or token.id == named[1]

    @property
    def last(self) -> Token | None:
        """The token before the place."""
        return self.written[-1] if self.written else None

    @property
    def plain(self) -> Token | None:
        """The token before the place if it is an unquoted text."""
        last = self.last
        return last if isinstance(last, ScalarToken) and last.plain else None

    def opened(self) -> list[Token]:
        """Give the brackets that are open."""
        stack: list[Token] = []
        for token in self.written:
            if isinstance(token, OPENING):
                stack.append(token)
            elif isinstance(token, CLOSING) and stack:
                stack.pop()
        return stack

    def character(self, place: Place) -> str:
        """Give the character at a place; empty at the end of a line."""
        return self.line(place)[place.column : place.column + 1]

    def line(self, place: Place) -> str:
        """Give the line of a place."""
        return self.text.line(place.line + 1)

    def rest(self, place: Place) -> str:
        """Give what stands in the line from a place on, without a comment or blanks at the end."""
        return re.split(r"\s#", self.line(place)[place.column :], maxsplit=1)[0].rstrip()

    def here(self, message: str) -> Problem:
        """Report where the loader stopped."""
        return self.mistake(message, self.at, 1)

    def mistake(self, message: str, place: Place, width: int | None = None) -> Problem:
        """Report at a place, up to the end of its line if no width is given."""
        wide = len(self.rest(place)) if width is None else width
        return self.text.problem(message, self.text.mark(place.line, place.column, wide))
