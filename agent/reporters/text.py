"""text: what an operator reads in a terminal, complete without colour.

First the verdict and why, then the run, the tree in the order of the profile, then each trouble told
whole, the heaviest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import msgspec

from agent.model import Outcome
from agent.report import Entry, Report
from agent.reporters import standing, telling, terminal, wording
from agent.reporters.clean import terminal as safe
from agent.reporters.wording import WORDS

_SCREEN = 40
"""Lines after which the headline has scrolled away and is said again at the end."""
_INDENT = 2
_LABELS = 17
"""Cells of the labels beside what is told of an item."""


class _Page(msgspec.Struct, frozen=True):
    """How wide lines may be, and whether they may be coloured."""

    width: int
    color: bool
    column: int
    """Cells of the words for outcomes."""
    forgiven: dict[str, str]
    """Addresses of what the verdict does not rest on, and why."""

    def paint(self, text: str, tone: str) -> str:
        return terminal.painted(text, tone) if self.color and text and tone else text

    def tone(self, entry: Entry) -> str:
        """Give the colour of an outcome; red and the like only for what the verdict rests on."""
        light = entry.address in self.forgiven and entry.outcome is not Outcome.WAIVED
        return Outcome.BLOCKED if light else entry.outcome

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Write labels in a column of their own, dim, with their texts beside them; none twice in a row."""
        told = [(label, safe(text)) for label, text in pairs]
        column = max([_LABELS, *(len(label) + 2 * _INDENT for label, _ in told)])
        for (before, _), (label, text) in pairwise([("", ""), *told]):
            head = f"  {label if label != before else ''}".ljust(column)
            first, *rest = terminal.hung(head, text, self.width)
            yield self.paint(head, "dim") + first[len(head) :]
            yield from rest


def render(report: Report, *, width: int = 80, color: bool = False) -> str:
    """Tell the report for a terminal of `width` cells."""
    column = max((len(WORDS[entry.outcome]) for depth, entry in report.root.walk() if depth), default=0)
    page = _Page(width, color, column, standing.forgiven(report.root))
    lines = [*_head(page, report), "", *_tree(page, report.root)]
    for entry in standing.troubles(report):
        lines += ["", *_trouble(page, entry)]
    if len(lines) > _SCREEN:
        lines += ["", _headline(page, report)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _headline(page: _Page, report: Report) -> str:
    text = safe(report.headline)
    decision, rest = text[: len(report.decision)], text[len(report.decision) :]
    return page.paint(decision, report.decision) + page.paint(rest, "bold")


def _head(page: _Page, report: Report) -> Iterator[str]:
    yield _headline(page, report)
    for text in report.derivation:
        yield from terminal.hung(_margin(text), safe(text.lstrip(" ")), page.width)
    if report.description:
        yield ""
        yield from terminal.hung("  ", safe(report.description), page.width)
    yield ""
    yield from page.pairs(wording.about(report))


def _margin(text: str) -> str:
    """Keep the indentation that a line of the derivation brings."""
    return "  " + " " * min(len(text) - len(text.lstrip(" ")), 40)


def _tree(page: _Page, root: Entry) -> Iterator[str]:
    """Tell every item below the profile, which the headline and the derivation have told."""
    return chain.from_iterable(_item(page, depth, entry) for depth, entry in root.walk() if depth)


def _item(page: _Page, depth: int, entry: Entry) -> Iterator[str]:
    margin = " " * (page.column + _INDENT * depth)
    tone = "bold" if entry.result is None else ""
    lines = _named(page, page.width - len(margin), safe(entry.name), tone, " · ".join(_notes(page, entry)))
    word = WORDS[entry.outcome].ljust(page.column)
    yield page.paint(word, page.tone(entry)) + margin[page.column :] + next(lines)
    yield from (margin + line for line in lines)
    if not _is_told_below(entry):
        for remark in wording.remarks(entry):
            yield from _remark(page, entry, margin + "  ", safe(remark))


def _notes(page: _Page, entry: Entry) -> list[str]:
    light = page.forgiven.get(entry.address, "").endswith("passed without it")
    timing = wording.took(entry.result) if entry.result else wording.tally(entry)
    return [note for note in ("forgiven" * light, *wording.marks(entry), timing) if note]


def _named(page: _Page, room: int, name: str, tone: str, notes: str) -> Iterator[str]:
    """Write a name with its notes at the right; below it when the line is too short for both."""
    *lines, last = terminal.wrapped(name, max(room, 20))
    gap = room - terminal.cells(last) - terminal.cells(notes)
    yield from (page.paint(line, tone) for line in lines)
    yield page.paint(last, tone) + (" " * gap + page.paint(notes, "dim") if gap >= _INDENT else "")
    if gap < _INDENT:
        yield from ("  " + page.paint(line, "dim") for line in terminal.wrapped(notes, max(room - 2, 20)))


def _remark(page: _Page, entry: Entry, margin: str, text: str) -> Iterator[str]:
    room = max(page.width - len(margin), 20)
    tone = page.tone(entry) if entry.outcome not in wording.QUIET else "warning" if _is_warning(text) else "dim"
    for line in terminal.wrapped(text, room):
        yield margin + page.paint(line, tone)


def _is_warning(remark: str) -> bool:
    return remark.startswith("warning: ")


def _is_told_below(entry: Entry) -> bool:
    return entry.result is not None and entry.outcome not in {*wording.QUIET, Outcome.BLOCKED}


def _trouble(page: _Page, entry: Entry) -> Iterator[str]:
    head = WORDS[entry.outcome] + "  "
    marks = f" ({', '.join(wording.marks(entry))})" if wording.marks(entry) else ""
    first, *rest = terminal.hung(head, safe(entry.name) + marks, page.width)
    yield page.paint(head, page.tone(entry)) + page.paint(first[len(head) :], "bold")
    yield from (page.paint(line, "bold") for line in rest)
    yield from page.pairs(telling.pairs(entry, page.forgiven.get(entry.address, "")))
