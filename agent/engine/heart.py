"""Whether the event loop lives: it beats, and another thread listens."""

from __future__ import annotations

import sys
from pathlib import Path

from anyio import sleep

BEAT = 0.05
"""Seconds between two beats, and between two times that somebody listens."""


class Heart:
    """Beats in the loop.  Silence is counted in times listened, so that a process that slept is not dead."""

    def __init__(self) -> None:
        self._beats = 0
        self._heard = 0
        self._missed = 0

    async def beat(self) -> None:
        """Give one sign of life, and wait for the next."""
        self._beats += 1
        await sleep(BEAT)

    def silence(self) -> float:
        """Listen, once every BEAT; gives for how many seconds there was no sign of life."""
        self._missed = 0 if self._beats != self._heard else self._missed + 1
        self._heard = self._beats
        return self._missed * BEAT


def where(thread: int | None) -> str:
    """Say which line a thread stands at, ` at probe.py:12`; empty when it is gone."""
    frame = sys._current_frames().get(thread or 0)  # noqa: SLF001  documented, for this very purpose
    return f" at {Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else ""
