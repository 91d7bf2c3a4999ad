"""What the engine's tests are made of: real probes that play a script, and plans of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import anyio
import msgspec
import pytest

from agent import node
from agent.engine.run import TIMES, Times, run
from agent.engine.stop import Stop
from agent.events import AttemptFinished, CheckFinished, CheckStarted, Event, RunFinished, RunStarted
from agent.limit import Metric, Shape, compile_limit
from agent.model import Outcome, Result
from agent.node import Late, Scalar
from agent.plan.steps import Plan, Section, Step
from agent.probe import Json, Probe, ProbeError, Reading, Unreachable
from agent.problem import Mark

MARK = Mark("profile.yaml", 1, 1)
EMPTY = node.Mapping((), MARK)

virtual_time = pytest.mark.parametrize("anyio_backend", ["trio"], indirect=True)
"""For tests in which time passes: an hour of it takes no time."""
real_time = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio-in-real-time"], indirect=True)
"""For tests with threads, for which a virtual clock does not wait."""
asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)


class Seen(Reading, frozen=True):
    """What the probes of these tests measure."""

    ok: bool = True
    value: Any = None


class Script(Probe, frozen=True):
    """Plays its answers one after the other, the last one again and again.

    An answer is a reading, an error to raise, or a coroutine function that gives a reading.
    """

    answers: Any = (Seen(),)
    host: str = ""
    calls: Any = msgspec.field(default_factory=list)
    """The times at which it was called."""

    async def measure(self) -> Seen:
        self.calls.append(anyio.current_time())
        answer = self.answers[min(len(self.calls), len(self.answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Reading) else await answer()

    def target(self) -> str:
        return self.host


class Witness(Script, frozen=True):
    """The same, asking somebody about something else."""

    witness: ClassVar[bool] = True
    gates: ClassVar[tuple[str, ...]] = ("value",)


class Echo(Reading, frozen=True):
    """What `Typed` was set to."""

    data: Any = None
    length: int = 0


class Typed(Probe, frozen=True):
    """Has settings as a profile writes them, and gives them back."""

    port: int = 0
    token: str = ""
    headers: dict[str, str] = {}
    data: Json = None

    def __post_init__(self) -> None:
        if self.port == 1:
            raise ValueError("port 1 does not go with this")
        if self.port == 2:
            raise RuntimeError("a bug")

    async def measure(self) -> Echo:
        if self.token == "echo":
            raise Unreachable(f"said {self.headers}")
        return Echo(data=self.data, length=len(self.headers.get("authorization", "")))

    def target(self) -> str:
        if self.port == 3:
            raise RuntimeError("no host")
        return f"host{self.port}"


class Prepared(Script, frozen=True):
    """Prepares itself as it is told: raises an error, or waits for an event."""

    problem: Any = None

    def prepare(self) -> None:
        self.calls.append(threading.get_ident())
        if isinstance(self.problem, BaseException):
            raise self.problem
        if self.problem is not None:
            self.problem.wait()


PASS, FAIL = Seen(), Seen(ok=False)
DOWN, BLIND = Unreachable("refused"), ProbeError("no permission")


def takes(seconds: float, answer: Reading | BaseException = PASS) -> Callable[[], Any]:
    """Give an answer that needs some time."""

    async def answered() -> Reading:
        await anyio.sleep(seconds)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return answered


def script(*answers: Any, **settings: Any) -> Script:
    return Script(answers=answers or (PASS,), **settings)


def limit(metric: str, spec: Any, shape: Shape = Shape.DATA, **known: Any):
    return compile_limit(Metric(metric, shape, **known), spec)


OK = limit("ok", "true", Shape.BOOL)


def check(address: str, does: Probe | None = None, **keys: Any) -> Step:
    """A check that wants `ok: true`; without a probe it passes at once."""
    does = does or Script()
    given = {"name": address.rpartition("/")[2], "mark": MARK, "kind": "script", "settings": EMPTY, "limits": (OK,)}
    return Step(**{**given, "address": address, "probe": type(does), "ready": does, **keys})


def section(address: str, *children: Step | Section, **keys: Any) -> Section:
    return Section(address=address, name=address.rpartition("/")[2], mark=MARK, children=children, **keys)


def plan(*children: Step | Section, **keys: Any) -> Plan:
    return Plan(**{"name": "test", "title": "Test", "root": section("", *children), "digest": "sha256:0", **keys})


def late(*parts: Any) -> Late:
    return Late(parts, MARK)


def mapping(**entries: Any) -> node.Mapping:
    """Settings of late values and plain text."""
    nodes = {key: Scalar(value, MARK) if isinstance(value, str) else value for key, value in entries.items()}
    return node.Mapping(tuple(node.Entry(Scalar(key, MARK), value) for key, value in nodes.items()), MARK)


class Played(msgspec.Struct):
    """A run that is over."""

    results: tuple[Result, ...]
    events: list[Event]

    def __getitem__(self, address: str) -> Result:
        return next(result for result in self.results if result.address == address)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {result.address: result.outcome for result in self.results}

    @property
    def reasons(self) -> dict[str, str]:
        return {result.address: result.reason for result in self.results}

    @property
    def told(self) -> dict[str, tuple[str, str]]:
        return {result.address: (result.outcome.value, result.reason) for result in self.results}

    @property
    def finished(self) -> RunFinished:
        return self.events[-1]

    def order(self) -> list[str]:
        """What started and ended when: `+a`, `-a`."""
        signs = {CheckStarted: "+", CheckFinished: "-"}
        return [
            f"{signs[type(event)]}{getattr(event, 'address', None) or event.result.address}"
            for event in self.events
            if type(event) in signs
        ]


async def play(wanted: Plan, *, stop_after: float | None = None, times: Times = TIMES) -> Played:
    """Run a plan, as if somebody pressed Ctrl-C after some seconds; every run is seen to be a proper one."""
    events: list[Event] = []
    stop = Stop()

    async def press() -> None:
        await anyio.sleep(stop_after or 0)
        stop.interrupt("SIGINT")

    async with anyio.create_task_group() as tasks:
        if stop_after is not None:
            tasks.start_soon(press)
        results = await run(wanted, events.append, stop, times)
        tasks.cancel_scope.cancel()
    played = Played(results, events)
    proper(wanted, played)
    return played


def proper(wanted: Plan, played: Played) -> None:
    """Every check has one result, in the order of the plan, and the events tell the same, in order."""
    addresses = [step.address for step in wanted.steps]
    assert [result.address for result in played.results] == addresses
    assert isinstance(played.events[0], RunStarted)
    assert isinstance(played.events[-1], RunFinished)
    told = [event.result for event in played.events if isinstance(event, CheckFinished)]
    assert sorted(told, key=lambda result: addresses.index(result.address)) == list(played.results)
    times = [event.at_seconds for event in played.events]
    assert times == sorted(times)
    for result in played.results:
        attempts = [e.attempt for e in played.events if isinstance(e, AttemptFinished) and e.address == result.address]
        assert result.attempts == tuple(attempts)
        assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
