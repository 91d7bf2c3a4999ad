"""Who watches a run: live progress on a terminal, plain lines elsewhere, nobody when quiet."""

from __future__ import annotations

import sys

from agent import progress
from agent.cli.output import colored
from agent.progress import Watcher


def watcher(*, quiet: bool) -> Watcher:
    """Choose who watches, for standard error as it is."""
    if quiet:
        return progress.quiet()
    return progress.live(sys.stderr) if sys.stderr.isatty() and colored() else progress.plain(sys.stderr)
