"""Where a run lives: a thread of its own for the event loop, the caller's for events and signals.

A probe may block its thread or the loop itself for ever.  Both then stay behind in threads that this
module does not wait for, and `Run.stuck` says so.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import anyio
import msgspec
from anyio import create_task_group

from agent import verdict
from agent.engine import results
from agent.engine.guard import Guard
from agent.engine.heart import BEAT, Heart, where
from agent.engine.needs import branch
from agent.engine.run import TIMES, Times, run
from agent.engine.stop import Stop, duration
from agent.events import CheckFinished, CheckStarted, Emit, Event, RunFinished
from agent.model import Result
from agent.plan.steps import Plan

_NAME = "gonogo"
_LINGER = 1.0
"""Seconds that threads have to end when everything is told."""


class Run(msgspec.Struct, frozen=True):
    """What a run came to."""

    results: tuple[Result, ...]
    """One for every check, in the order of the plan."""
    interrupted: str = ""
    """`SIGINT` or `SIGTERM`; empty when the run took its course."""
    stuck: bool = False
    """Threads are left that may never end: leave the process by `os._exit`."""


class EventsLost(Exception):
    """Whoever was told the events failed, and heard no more; the run took its course all the same."""

    def __init__(self, run: Run) -> None:
        super().__init__("the events of the run were not all told")
        self.run = run


def execute(plan: Plan, emit: Emit, times: Times = TIMES) -> Run:
    """Run a plan; `emit` is called in this thread, in order.

    In the main thread SIGINT and SIGTERM end the run: what runs is cut short, clean-up takes its turn, and
    every check has its result.  A second signal ends the process at once.  Raises EventsLost when `emit`
    raised.
    """
    host = _Host(plan, emit, times)
    with _signals(host.interrupt):
        return host.run()


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have signals handled, but one that was ignored (a job in the background) or is not Python's to handle."""
    here = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM) if here}
    ours = [number for number, handling in before.items() if handling not in (signal.SIG_IGN, None)]
    for number in ours:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


class _Host:
    """One run.  What its two threads share: the events, the heart, and the name of a signal."""

    def __init__(self, plan: Plan, emit: Emit, times: Times) -> None:
        self._plan = plan
        self._steps = plan.steps
        self._emit = emit
        self._times = times
        self._events: deque[Event] = deque()
        self._heart = Heart()
        self._signal = ""
        self._given_up = False
        self._over = threading.Event()
        """Everything is told, or the engine broke."""
        self._engine = Guard()
        self._listener = Guard()
        self._results: dict[str, Result] = {}
        self._started: set[str] = set()
        self._at = 0.0
        """Time of the newest event that was told."""
        self._thread = threading.Thread(target=self._live, name=_NAME, daemon=True)

    def interrupt(self, number: int, _: FrameType | None) -> None:
        """Take a signal: the first ends the run in good order, the second the process."""
        if self._signal:
            os._exit(128 + number)  # pragma: no cover  seen by a test in a process of its own
        self._signal = signal.Signals(number).name

    def run(self) -> Run:
        """See the run through."""
        before = set(threading.enumerate())
        self._thread.start()
        self._listen()
        if self._engine.error is not None:
            raise self._engine.error
        run = Run(
            results=tuple(self._results[step.address] for step in self._steps),
            interrupted=self._signal,
            stuck=_left_behind(set(threading.enumerate()) - before),
        )
        if self._listener.error is not None:
            raise EventsLost(run) from self._listener.error
        return run

    def _listen(self) -> None:
        """Tell what happens until everything is told.

        The loop is given up when it is silent beyond every time that could still end what blocks it.
        """
        longest = min(max((step.policy.timeout for step in self._steps), default=0.0), self._plan.deadline or math.inf)
        while not self._over.wait(BEAT):
            self._tell_all()
            silence = self._heart.silence()
            if silence > self._times.patience + (0.0 if self._signal else longest):
                return self._give_up(silence)
        return self._tell_all()

    def _tell_all(self) -> None:
        while self._events:
            self._tell(self._events.popleft())

    def _tell(self, event: Event) -> None:
        self._at = event.at_seconds
        if isinstance(event, CheckStarted):
            self._started.add(event.address)
        elif isinstance(event, CheckFinished):
            self._results[event.result.address] = event.result
        if self._listener.error is None:
            with self._listener:
                self._emit(event)

    def _give_up(self, silence: float) -> None:
        """Give every check that has none a result, and end the run without its loop.

        Should the loop wake after all, it finds the run stopped: it starts nothing more, and cleans up.
        """
        self._given_up = True
        at_seconds = self._at + silence
        why = f"the event loop was blocked for {duration(silence)}{where(self._thread.ident)}"
        for step in self._steps:
            if step.address not in self._results:
                reason = why if step.address in self._started else f"not started: {why}"
                result = results.settled(step, self._plan) or results.cut_short(step, reason)
                self._tell(CheckFinished(at_seconds=at_seconds, name=step.name, result=result))
        tree = branch(self._plan.root, self._results)
        decision = verdict.decide(tree, cut_short=True).decision
        self._tell(RunFinished(at_seconds=at_seconds, interrupted=self._signal, decision=decision))

    # ---- in the thread of the event loop

    def _live(self) -> None:
        with self._engine:
            anyio.run(self._main)
        self._over.set()

    async def _main(self) -> None:
        stop = Stop()
        async with create_task_group() as tasks:
            tasks.start_soon(self._beat, stop)
            await run(self._plan, partial(self._hear, stop), stop, self._times)
            tasks.cancel_scope.cancel()

    async def _beat(self, stop: Stop) -> None:
        while True:
            self._obey(stop)
            await self._heart.beat()

    def _obey(self, stop: Stop) -> None:
        """Pass on that the other thread wants an end."""
        if (self._signal or self._given_up) and not stop.signal:
            stop.interrupt(self._signal or "the host")

    def _hear(self, stop: Stop, event: Event) -> None:
        self._obey(stop)
        self._events.append(event)
        if isinstance(event, RunFinished):
            self._over.set()


def _left_behind(threads: Iterable[threading.Thread]) -> bool:
    """Tell whether the run left threads that do not end: blocked ones, which a process would wait for."""
    end = time.monotonic() + _LINGER
    ours = [thread for thread in threads if thread.name == _NAME or not thread.daemon]
    for thread in ours:
        thread.join(max(0.0, end - time.monotonic()))
    return any(thread.is_alive() for thread in ours)
