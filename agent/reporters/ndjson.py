"""ndjson: what happens, while it happens: one event as one line of JSON, told apart by `event`."""

from __future__ import annotations

from agent.events import AttemptFinished, CheckFinished, Event
from agent.model import Attempt
from agent.reporters import wire


def encode(event: Event) -> str:
    """Write an event as one line, without its newline."""
    return wire.encode(event, _attempts(event)).decode()


def _attempts(event: Event) -> tuple[Attempt, ...]:
    match event:
        case AttemptFinished():
            return (event.attempt,)
        case CheckFinished():
            return event.result.attempts
        case _:
            return ()
