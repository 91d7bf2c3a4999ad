"""The one way in which a run ends early: its deadline, or an interrupt."""

from __future__ import annotations

import anyio
from anyio import CancelScope

from agent.units import Unit, exact, show


class Stop:
    """Cancels whatever runs in `scope`, and says why.  To be made inside the event loop."""

    def __init__(self) -> None:
        self.scope = CancelScope()
        self.signal = ""
        """The signal that interrupted the run; empty when none did."""
        self._allowed: float | None = None

    def limit(self, seconds: float | None) -> None:
        """Start the run's deadline; None: there is none."""
        self._allowed = seconds
        if seconds is not None:
            self.scope.deadline = anyio.current_time() + seconds

    def interrupt(self, signal: str) -> None:
        """End the run now, because of a signal."""
        self.signal = signal
        self.scope.cancel()

    @property
    def called(self) -> bool:
        """Whether the run is to end; true from that moment on, seen by the loop or not."""
        return bool(self.signal) or (self._allowed is not None and anyio.current_time() >= self.scope.deadline)

    @property
    def why(self) -> str:
        """What ended the run, for whatever it cut short."""
        if self.signal:
            return f"interrupted by {self.signal}"
        return f"cut short by the run's deadline of {duration(self._allowed or 0)}"


def duration(seconds: float) -> str:
    """Write a duration for a person: `300ms`, `1m30s`."""
    return show(exact(seconds), Unit.SECONDS)
