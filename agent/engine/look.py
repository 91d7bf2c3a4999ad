"""One call of `measure`: over in time, whatever the probe does."""

from __future__ import annotations

import math

import anyio
from anyio import CancelScope, Event, get_cancelled_exc_class, move_on_after
from anyio.abc import TaskGroup

from agent.engine.guard import Guard
from agent.probe import Probe, ProbeError


class Look:
    """A call in a task of its own, where it can be left behind if it does not end.

    The task belongs to the ward, a task group that outlives every check: nobody joins it to get on.
    `patience` is how long it may take to end when it was cancelled: it closes connections, ends processes.
    """

    def __init__(self, probe: Probe, timeout: float, patience: float) -> None:
        self._probe = probe
        self._timeout = timeout
        self._patience = patience
        self._scope = CancelScope()
        self._over = Event()
        self.guard = Guard()
        self.reading: object = None
        self.late = False
        """Time was up before it ended; what it came to then does not count."""
        self.started = self.ended = math.inf

    @property
    def over(self) -> bool:
        """False after `take`: it did not stop when it was cancelled."""
        return self._over.is_set()

    async def take(self, ward: TaskGroup) -> None:
        """Call, and come back when it is over or a moment after it should have been."""
        ward.start_soon(self._measure)
        try:
            with move_on_after(self._timeout + self._patience):
                await self._over.wait()
        except get_cancelled_exc_class():
            await self._cut_short()
            raise
        finally:
            if not self.over:
                self.ended = anyio.current_time()
                self.started = min(self.started, self.ended)

    async def _cut_short(self) -> None:
        self._scope.cancel()
        with move_on_after(self._patience, shield=True):
            await self._over.wait()

    async def _measure(self) -> None:
        """Start the clock here, and not where the task was asked for."""
        self.started = anyio.current_time()
        self._scope.deadline = self.started + self._timeout
        with self._scope, self.guard:
            await self._call()
        self.ended = anyio.current_time()
        self.late = self._scope.cancel_called
        self._over.set()

    async def _call(self) -> None:
        try:
            self.reading = await self._probe.measure()
        except get_cancelled_exc_class():
            if self._scope.cancel_called:
                raise
            raise ProbeError("probe failed: it cancelled itself") from None
