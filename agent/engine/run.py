"""A run: every check gets its turn, and exactly one result, whatever happens."""

from __future__ import annotations

import math

import anyio
import msgspec
from anyio import Event, create_task_group, get_cancelled_exc_class, to_thread
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from agent.engine import needs, results
from agent.engine.ledger import Ledger
from agent.engine.order import Order
from agent.engine.ready import Ready, Unready, find_secrets, late_parts, make, prepare
from agent.engine.slots import Slots
from agent.engine.stop import Stop, duration
from agent.engine.trial import Shared, Trial
from agent.events import Emit
from agent.model import Result
from agent.node import Measured
from agent.plan.steps import Plan, Step


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long a run waits for what should be over."""

    grace: float = 30.0
    """Seconds that clean-up has after the run's deadline or an interrupt."""
    patience: float = 5.0
    """Seconds that a probe has to end when it was cancelled, and the event loop to go on."""


TIMES = Times()


async def run(plan: Plan, emit: Emit, stop: Stop, times: Times = TIMES) -> tuple[Result, ...]:
    """Run every check of the plan, until done or stopped; gives the results in the order of the plan.

    `emit` must not raise.  A probe that ignores its cancellation does not keep anything from being told,
    but this from returning: whoever cannot wait for it takes the results from the events.
    """
    return await _Run(plan, emit, stop, times).run()


class _Run:
    """Three task groups, one around the other.

    Checks run in the innermost, which the deadline and an interrupt cancel.  Clean-up runs in the one
    around it, which only the end of its grace period cancels.  Each single look runs in the outermost, the
    ward, which is joined when everything is told: one that does not end holds nothing up.
    """

    def __init__(self, plan: Plan, emit: Emit, stop: Stop, times: Times) -> None:
        self._plan = plan
        self._stop = stop
        self._times = times
        self._ledger = Ledger(plan, emit)
        self._order = Order(plan.root)
        self._slots: Slots[Ready] = Slots(plan.concurrency, plan.per_target)
        self._needs = needs.Needs(plan, self._ledger.results)
        self._cleaned = needs.cleaned(plan.root)
        self._made: dict[str, Ready | Unready] = {}
        self._prepared: dict[str, str] = {}
        self._moved = Event()
        """Set when a check is over: another may have its turn."""

    async def run(self) -> tuple[Result, ...]:
        to_thread.current_default_thread_limiter().total_tokens = math.inf  # the slots are the limit
        self._ledger.open()
        self._stop.limit(self._plan.deadline)
        async with create_task_group() as ward:
            self._shared = Shared(self._ledger, self._plan.baseline, ward, self._times.patience)
            async with create_task_group() as cleaning:
                with self._stop.scope:
                    await self._get_ready()
                    async with create_task_group() as checks:
                        await self._start_all(checks, cleaning)
                if self._stop.called:
                    cleaning.cancel_scope.deadline = anyio.current_time() + self._times.grace
                    await self._start_all(cleaning, cleaning)
            self._give_up_the_rest()
            self._ledger.close(self._stop.signal)
        return tuple(self._ledger.results[step.address] for step in self._plan.steps)

    async def _get_ready(self) -> None:
        """Find the secrets; build and prepare every probe that waits for no reading."""
        steps = [step for step in self._plan.steps if results.settled(step, self._plan) is None]
        self._ledger.learn(await find_secrets(steps))
        for step in steps:
            if not any(isinstance(part, Measured) for part in late_parts(step)):
                self._made[step.address] = self._make(step)
        self._prepared = await prepare([ready for ready in self._made.values() if isinstance(ready, Ready)])

    def _make(self, step: Step) -> Ready | Unready:
        try:
            return make(step, self._ledger.known)
        except Unready as error:
            return error

    async def _start_all(self, checks: TaskGroup, cleaning: TaskGroup) -> None:
        """Start what may start, one check per turn of the loop, until all are over.

        A thousand tasks that start at once would measure how long they wait for each other.
        """
        while True:
            self._admit()
            if self._order.over:
                return
            ready = self._slots.take()
            if ready is None:
                self._moved = Event()
                await self._moved.wait()
            elif (result := self._without_a_turn(ready.step)) is not None:
                self._end(ready, result)
            else:
                (cleaning if ready.step.always else checks).start_soon(self._check, ready)
                await checkpoint()

    def _admit(self) -> None:
        """Let every check whose turn has come queue for a slot, unless its result is known."""
        while steps := self._order.due():
            for step in steps:
                if (result := self._without_a_turn(step)) is not None:
                    self._finish(step, result)
                elif isinstance(ready := self._made.pop(step.address, None) or self._make(step), Unready):
                    self._finish(step, results.error(step, str(ready)))
                else:
                    self._slots.queue(ready.target, ready)

    def _without_a_turn(self, step: Step) -> Result | None:
        """Give the result of a check that is not to run; None for one that is."""
        known = results.settled(step, self._plan)
        if known is not None or self._cleans_up(step):
            return known
        return results.cut_short(step, f"not started: {self._stop.why}") if self._stop.called else self._blocked(step)

    def _cleans_up(self, step: Step) -> bool:
        """Whether it is clean-up and there is something to clean up: then nothing keeps it from its turn."""
        return not self._ledger.started.isdisjoint(self._cleaned.get(step.address, ()))

    def _blocked(self, step: Step) -> Result | None:
        unmet = self._needs.unmet(step)
        return results.blocked(step, unmet) if unmet else None

    async def _check(self, ready: Ready) -> None:
        step = ready.step
        trial = Trial(ready, self._shared, lambda: self._why(step))
        try:
            problem = await self._prepare(ready)
            result = results.error(step, problem) if problem else await trial.run()
        except get_cancelled_exc_class():
            self._end(ready, trial.cut_short())
            raise
        self._end(ready, self._counted(step, result, trial))

    async def _prepare(self, ready: Ready) -> str:
        address = ready.step.address
        return self._prepared[address] if address in self._prepared else (await prepare([ready]))[address]

    def _counted(self, step: Step, result: Result, trial: Trial) -> Result:
        """Let nothing pass that ends after the run was stopped, or that only `always` let run."""
        if not step.always:
            return trial.cut_short() if self._stop.called else result
        instead = results.cut_short(step, self._stop.why) if self._stop.called else self._blocked(step)
        return results.no_better(result, instead) if instead else result

    def _why(self, step: Step) -> str:
        """Say what cuts a check short: clean-up has a time of its own."""
        return f"clean-up was cut short after {duration(self._times.grace)}" if step.always else self._stop.why

    def _end(self, ready: Ready, result: Result) -> None:
        self._slots.free(ready.target)
        self._finish(ready.step, result)

    def _finish(self, step: Step, result: Result) -> None:
        self._ledger.finish(step, result)
        self._order.done(step)
        self._moved.set()

    def _give_up_the_rest(self) -> None:
        """Give a result to what the end of the grace period left without one."""
        for step in self._plan.steps:
            if step.address not in self._ledger.results:
                known = results.settled(step, self._plan)
                self._ledger.finish(step, known or results.cut_short(step, f"not started: {self._why(step)}"))
