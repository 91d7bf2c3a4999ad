"""Progress: what a person sees of a run while it goes on, drawn from its events and nothing else.

A watcher is called with each event in the caller's thread, between its looks at the run.  It only notes
what happened; a thread of its own writes, so that a terminal that stands still (Ctrl-S) delays no check.
"""

from __future__ import annotations

import importlib
from typing import Protocol, TextIO

from agent.events import Event


class Watcher(Protocol):
    """Gets every event, and is closed at the end."""

    def __call__(self, event: Event) -> None:
        """See an event; return at once, raise nothing."""

    def close(self) -> None:
        """Write what is left to write and leave the terminal as it was."""


class _Quiet:
    """Sees everything and says nothing."""

    def __call__(self, event: Event) -> None:
        """Look away."""

    def close(self) -> None:
        """Nothing was opened."""


def plain(stream: TextIO) -> Watcher:
    """Write one line per finished check, for the log of a CI system."""
    return _load("agent.progress.lines:Plain", stream)


def live(stream: TextIO) -> Watcher:
    """Draw what is running on a terminal, and leave only what failed; rich is imported here and not before."""
    return _load("agent.progress.screen:Live", stream)


def quiet() -> Watcher:
    """Say nothing."""
    return _Quiet()


def _load(path: str, stream: TextIO) -> Watcher:
    module, _, name = path.partition(":")
    watcher: Watcher = getattr(importlib.import_module(module), name)(stream)
    return watcher
