"""Who watches a run: live progress on a terminal, plain lines elsewhere, nobody when quiet."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Protocol

from agent.cli.output import colored
from agent.events import Event


class Watcher(Protocol):
    """Gets every event, and is closed at the end."""

    def __call__(self, event: Event) -> None:
        """See an event; must return at once."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class _Nobody:
    def __call__(self, event: Event) -> None:
        """Look away."""

    def close(self) -> None:
        """Nothing was opened."""


def watcher(*, quiet: bool) -> Watcher:
    """Choose who watches, for standard error as it is."""
    if quiet:
        return _Nobody()
    progress = load("agent.progress")
    found: Watcher = progress.live(sys.stderr) if sys.stderr.isatty() and colored() else progress.plain(sys.stderr)
    return found


def load(name: str) -> ModuleType:
    """Import a module when it is needed: the one seam through which the command line does so."""
    return importlib.import_module(name)
