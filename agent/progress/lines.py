"""One line per finished check, and a sign of life while nothing finishes."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TextIO

from agent.events import AttemptFinished, CheckFinished, CheckStarted, Event, RunFinished, RunStarted
from agent.model import Outcome
from agent.progress.stream import Guarded
from agent.reporters import wording
from agent.reporters.clean import terminal as safe

_SILENCE = 30.0
"""Seconds without a line after which an attempt is told; CI systems end a job that says nothing."""
_WORD = len("BLOCKED")
_PATIENCE = 2.0
"""Seconds that the end of a run waits for a stream that takes nothing."""


class Plain:
    """Writes lines in the order in which checks finish."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = Guarded(stream)
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._names: dict[str, str] = {}
        self._total = self._finished = 0
        self._told_at = 0.0
        self._writer = Thread(target=self._write, name="progress", daemon=True)
        self._writer.start()

    def __call__(self, event: Event) -> None:
        """Hand it over to the thread that writes."""
        self._events.put(event)

    def close(self) -> None:
        """Wait until all lines are written."""
        self._events.put(None)
        self._writer.join(_PATIENCE)

    def _write(self) -> None:
        while (event := self._events.get()) is not None:
            self._see(event)
            self._stream.flush()

    def _see(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._total = event.checks
                self._tell(event, f"{safe(event.name)}: {event.checks} checks")
            case CheckStarted():
                self._names[event.address] = event.name
            case AttemptFinished():
                self._attempt(event)
            case CheckFinished():
                self._finish(event)
            case RunFinished():  # pragma: no branch  there is no other event
                self._tell(event, f"interrupted by {event.interrupted}" if event.interrupted else "")

    def _attempt(self, event: AttemptFinished) -> None:
        attempt = event.attempt
        if event.at_seconds - self._told_at >= _SILENCE and attempt.outcome is not Outcome.PASS:
            name = safe(self._names.get(event.address, event.address))
            self._tell(
                event, f"{self._count()}  waiting  {name}, attempt {attempt.number}: {safe(attempt.reason, 300)}"
            )

    def _finish(self, event: CheckFinished) -> None:
        self._finished += 1
        result = event.result
        word = wording.WORDS[result.outcome].ljust(_WORD)
        rest = [text for text in (wording.took(result), safe(result.reason, 300)) if text]
        self._tell(event, "  ".join([self._count(), word, safe(event.name, 200), *rest]))

    def _count(self) -> str:
        total = str(self._total)
        return f"{str(self._finished).rjust(len(total))}/{total}"

    def _tell(self, event: Event, line: str) -> None:
        if line:
            self._told_at = event.at_seconds
            self._stream.write(f"{line}\n")
