"""The tree of a report: sections and checks as nested disclosures, open where something is wrong."""

from __future__ import annotations

import msgspec

from agent.model import Outcome
from agent.report import Entry, Report
from agent.reporters import standing, wording
from agent.reporters.html import detail
from agent.reporters.html.markup import anchor, esc
from agent.reporters.html.timeline import Clock


class Tree(msgspec.Struct, frozen=True):
    """What all items of one report share."""

    clock: Clock
    forgiven: dict[str, str]

    @classmethod
    def of(cls, report: Report) -> Tree:
        """Prepare to write the items of a report."""
        return cls(Clock.of(report.root, report.duration_seconds), standing.forgiven(report.root))

    def items(self, entries: tuple[Entry, ...], depth: int = 0) -> str:
        """Write items that stand beside each other."""
        written = "".join(f"<li>{self._item(entry, depth)}</li>" for entry in entries)
        return f'<ul class="items">{written}</ul>' if written else ""

    def _item(self, entry: Entry, depth: int) -> str:
        if entry.result is None:
            return self._disclosed(entry, _heading(entry, depth), self.items(entry.children, depth + 1))
        told = detail.render(entry, self.forgiven.get(entry.address, ""), self.clock)
        return self._disclosed(entry, f'<span class="name">{esc(entry.name)}</span>', told)

    def _disclosed(self, entry: Entry, name: str, below: str) -> str:
        open_ = " open" if self._is_open(entry) else ""
        kind = "section" if entry.result is None else "check"
        return (
            f'<details class="{kind}" id="{anchor(entry.address)}"{open_}>'
            f"<summary>{self._summary(entry, name)}</summary>{below}</details>"
        )

    def _is_open(self, entry: Entry) -> bool:
        """Open a section with anything in it that is no plain pass, and a check that the verdict rests on."""
        if entry.result is None:
            return entry.outcome is not Outcome.PASS or any(map(wording.remarks, entry.checks()))
        light = entry.address in self.forgiven
        return not light and entry.outcome not in {*wording.QUIET, Outcome.BLOCKED}

    def _summary(self, entry: Entry, name: str) -> str:
        outcome = entry.outcome
        light = " light" if entry.address in self.forgiven else ""
        notes = "".join(f'<span class="note">{esc(note)}</span>' for note in _notes(entry))
        remarks = "".join(map(_remark, wording.remarks(entry)))
        timing = wording.took(entry.result) if entry.result else ""
        bars = self.clock.bars(entry.result.attempts if entry.result else ())
        return (
            f'<span class="pill {outcome}{light}">{outcome}</span>'
            f'<span class="said">{name}{notes}{remarks}</span>{bars}<span class="took">{timing}</span>'
        )


def _heading(entry: Entry, depth: int) -> str:
    level = min(3 + depth, 6)
    return f'<h{level} class="name">{esc(entry.name)}</h{level}>'


def _remark(said: str) -> str:
    warned = " warned" if said.startswith("warning: ") else ""
    return f'<span class="remark{warned}">{esc(said)}</span>'


def _notes(entry: Entry) -> list[str]:
    tally = wording.tally(entry)
    return [*wording.marks(entry), *([tally] if tally else [])]
