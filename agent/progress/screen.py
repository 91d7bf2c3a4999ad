"""What runs at this moment, on a terminal: drawn a few times a second, gone when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import TextIO, cast

import msgspec
from rich.console import Console, Group
from rich.live import Live as Screen
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.events import AttemptFinished, CheckFinished, CheckStarted, Event, RunStarted
from agent.model import Outcome
from agent.progress.stream import Guarded
from agent.reporters import wording
from agent.reporters.clean import terminal as safe

_EVERY = 0.2
"""Seconds between two drawings."""
_ROWS = 8
"""Running checks that are shown, the longest running first."""
_LEFT_BEHIND = 20
"""Lines of failures that stay on the terminal; the report has all of them."""
_PATIENCE = 2.0
"""Seconds that the end of a run waits for a terminal that takes nothing."""
_BAR = 12
_TONES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.BLOCKED: "yellow",
    Outcome.PENDING: "bold yellow",
    Outcome.SKIPPED: "dim",
    Outcome.WAIVED: "cyan",
    Outcome.INCONCLUSIVE: "yellow",
}
_STAYS = frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.PENDING})


class _Running(msgspec.Struct):
    """A check that has its turn."""

    name: str
    since: float
    attempts: int = 0


class Live:
    """Draws in a thread of its own; an event costs a few operations on memory."""

    def __init__(
        self, stream: TextIO, *, width: int | None = None, clock: Callable[[], float] = monotonic, every: float = _EVERY
    ) -> None:
        self._clock, self._every = clock, every
        self._name, self._total, self._since = "", 0, clock()
        self._running: dict[str, _Running] = {}
        self._counts: Counter[Outcome] = Counter()
        self._left: list[CheckFinished] = []
        self._told = 0
        self._over = Signal()
        file = cast("TextIO", Guarded(stream))
        self._console = Console(file=file, force_terminal=True, width=width, highlight=False, legacy_windows=False)
        self._screen = Screen(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self.frame,
        )
        self._thread = Thread(target=self._draw, name="progress", daemon=True)

    def __call__(self, event: Event) -> None:
        """Note what happened."""
        match event:
            case RunStarted():
                self._name, self._total, self._since = safe(event.name), event.checks, self._clock()
                self._thread.start()
            case CheckStarted():
                self._running[event.address] = _Running(event.name, self._clock())
            case AttemptFinished() if running := self._running.get(event.address):
                running.attempts = event.attempt.number
            case CheckFinished():
                self._finish(event)
            case _:
                pass

    def close(self) -> None:
        """Take the drawing away and write the failures that are not written yet."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def _finish(self, event: CheckFinished) -> None:
        self._running.pop(event.result.address, None)
        self._counts[event.result.outcome] += 1
        if event.result.outcome in _STAYS:
            self._left.append(event)

    def _draw(self) -> None:
        self._screen.start()
        self._console.show_cursor(True)  # whatever ends us, nobody is left without one
        while not self._over.wait(self._every):
            self._leave_behind()
            self._screen.refresh()
        self._leave_behind()
        self._screen.stop()

    def _leave_behind(self) -> None:
        """Write new failures above the drawing, in one go."""
        told, known = self._told, len(self._left)
        lines = [*map(_failure, self._left[told : min(known, _LEFT_BEHIND)])]
        if told <= _LEFT_BEHIND < known:
            lines.append(Text("… more failures are in the report", style="dim"))
        self._told = known
        if lines:
            self._console.print(Group(*lines))

    def frame(self) -> Group:
        """Draw the run as it is: a line of totals, then what is running."""
        now = self._clock()
        running = sorted(self._running.values(), key=lambda one: one.since)
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True)
        for one in running[:_ROWS]:
            attempt = f"attempt {one.attempts + 1}  " if one.attempts else ""
            table.add_row(Text(f"  {safe(one.name, 200)}"), Text(f"{attempt}{_elapsed(now - one.since)}"), style="dim")
        if len(running) > _ROWS:
            table.add_row(Text(f"  and {len(running) - _ROWS} more"), style="dim")
        return Group(self._totals(now), table)

    def _totals(self, now: float) -> Table:
        done = self._counts.total()
        counts = Text("  ").join(
            Text(f"{count} {outcome}", style=_TONES[outcome]) for outcome, count in sorted(self._counts.items())
        )
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(width=_BAR)
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(justify="right", no_wrap=True)
        bar = ProgressBar(total=max(self._total, 1), completed=done, width=_BAR)
        title = Text(f"{self._name} {done}/{self._total}", style="bold")
        grid.add_row(title, bar, counts, Text(_elapsed(now - self._since)))
        return grid


def _failure(event: CheckFinished) -> Text:
    outcome = event.result.outcome
    said = f"  {safe(event.result.reason, 500)}" if event.result.reason else ""
    return Text.assemble((wording.WORDS[outcome], _TONES[outcome]), f"  {safe(event.name, 200)}", (said, "dim"))


def _elapsed(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds < 10 else wording.duration(round(seconds))
