"""YAML's events, from libyaml where PyYAML was built with it, else from Python.

libyaml reads a thousand checks in the time in which Python reads sixty.  Python's reader tells more about a
mistake, so it is asked again when there is one.  It follows libyaml here in what it accepts: libyaml takes
`{url: http://x/?a=b}` and tabs between a key and its value, PyYAML's own scanner takes neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from yaml.error import Mark
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import DirectiveToken, ScalarToken, TagToken, Token

try:
    from yaml import CSafeLoader
except ImportError:  # pragma: no cover  a PyYAML that was built without libyaml
    CSafeLoader = None  # type: ignore[assignment,misc]

Event: TypeAlias = Any
"""One of yaml.events; its types say that marks can be missing, which they never are."""

Events: TypeAlias = Callable[[str], Callable[[], Event]]
"""Takes a text and gives what gives its events, one by one."""

_BLOCK_RUN = re.compile(r"(?!#)(?:[^\0 \t\n:]|:(?![\0 \t\n]))+")
_FLOW_RUN = re.compile(r"(?!#)(?:[^\0 \t\n:,\[\]{}]|:(?![\0 \t\n?,\[\]{}]))+")
_GAP = re.compile(r"[ \t]*(\n[ \t\n]*)?")
_HEADER = re.compile(r"(?:([+-])([1-9])?|([1-9])([+-])?)?[ \t]*(?=[\0\n#])")
_MARKER = re.compile(r"(?:---|\.\.\.)[\0 \t\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def events(text: str) -> Callable[[], Event]:
    """Give the events of a text whose lines end as those of `Text.body`, as fast as this machine can.

    Raises yaml.MarkedYAMLError where the text stops being YAML.
    """
    return python_events(text) if CSafeLoader is None else c_events(text)


def c_events(text: str) -> Callable[[], Event]:
    """Give libyaml's events."""
    return CSafeLoader(text).get_event


def python_events(text: str) -> Callable[[], Event]:
    """Give the same events without libyaml."""
    return PythonParser(text).get_event


def tokens(text: str) -> Iterator[Token]:
    """Give the tokens up to the end, or to the place where there is none; never raises."""
    scanner = PythonParser(text)
    try:
        yield from iter(scanner.get_token, None)
    except ScannerError:
        yield from scanner.tokens  # which waited to become a key


class PythonParser(Reader, Scanner, Parser):
    """PyYAML's reader, scanner and parser, accepting what libyaml 0.2.5 accepts."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        """Go over blanks, comments and line ends; over tabs only where they are no indentation."""
        while True:
            blanks = " \t" if self.flow_level or not self.allow_simple_key else " "
            while self.peek() in blanks:
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0\n":
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            self.allow_simple_key = self.allow_simple_key or not self.flow_level

    def scan_plain(self) -> ScalarToken:
        """Scan an unquoted text; in brackets a `?` may be part of it."""
        start = end = self.get_mark()
        pieces: list[str] = []
        gap = ""
        while run := (_FLOW_RUN if self.flow_level else _BLOCK_RUN).match(self.buffer, self.pointer):
            self.allow_simple_key = False
            pieces += (gap, run.group())
            self.forward(len(run.group()))
            end = self.get_mark()
            gap = self._scan_gap(start)
            self._refuse_colon(start)
            if not gap or self._plain_is_over():
                break
        return ScalarToken("".join(pieces), True, start, end)

    def _refuse_colon(self, start: Mark) -> None:
        if self.flow_level and self.peek() == ":" and self.peek(1) in "?,[]{}":
            raise ScannerError("while scanning a plain scalar", start, "found unexpected ':'", self.get_mark())

    def _scan_gap(self, start: Mark) -> str:
        """Go over what may stand inside a text; a line end becomes a blank, empty lines stay."""
        match = _GAP.match(self.buffer, self.pointer)
        gap = match.group() if match else ""
        breaks = gap.count("\n")
        if breaks:
            self.allow_simple_key = True
            self._refuse_tabs(gap, start)
        self.forward(len(gap))
        return gap if not breaks else " " if breaks == 1 else "\n" * (breaks - 1)

    def _refuse_tabs(self, gap: str, start: Mark) -> None:
        found = re.search(rf"\n {{0,{self.indent}}}\t", gap) if self.indent >= 0 else None
        if found:
            self.forward(found.end() - 1)
            raise ScannerError("while scanning a plain scalar", start, "found a tab", self.get_mark())

    def _plain_is_over(self) -> bool:
        if self.column == 0 and _MARKER.match(self.buffer, self.pointer):
            return True
        return not self.flow_level and self.column <= self.indent

    def scan_tag(self) -> TagToken:
        """Refuse a tag, as the whole of gonogo does."""
        raise ScannerError("while scanning a tag", None, "found a tag", self.get_mark())

    def scan_directive(self) -> DirectiveToken:
        """Refuse a directive, too."""
        raise ScannerError("while scanning a directive", None, "found a directive", self.get_mark())

    def scan_block_scalar_indicators(self, start_mark: Mark) -> tuple[bool | None, int | None]:
        """Scan what follows a `|` or `>`: how the end is cut, how deep the text is indented."""
        header = _HEADER.match(self.buffer, self.pointer)
        if header is None:
            return Scanner.scan_block_scalar_indicators(self, start_mark)  # it tells what is wrong
        self.forward(len(header.group()))
        sign, depth = header[1] or header[4], header[2] or header[3]
        return {"+": True, "-": False}.get(sign), int(depth) if depth else None

    def scan_block_scalar_indentation(self) -> tuple[list[Any], int, Any]:
        """Measure the indentation of a block of text; a tab in it would be read as text."""
        measured = Scanner.scan_block_scalar_indentation(self)
        if self.peek() == "\t":
            raise ScannerError("while scanning a block scalar", None, "found a tab", self.get_mark())
        return measured

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Mark) -> list[str]:
        """Scan a piece of a quoted text; an escape must be a character."""
        try:
            pieces = Scanner.scan_flow_scalar_non_spaces(self, double, start_mark)
            wrong = any(map(_SURROGATE.search, pieces))
        except (ValueError, OverflowError):
            wrong = True
        if wrong:
            raise ScannerError("while scanning a quoted scalar", start_mark, "found no character", self.get_mark())
        return pieces
