"""Names: one look-up for all who ask at the same time, and whose fault it is when there is no address."""

import socket
import threading

import anyio
import pytest

from agent.probe import ProbeError, Unreachable
from probes.http import resolve
from probes.http.resolve import numeric
from probes.http.resolve import resolve as look_up


class Resolver:
    """A resolver that answers when it is told to, and counts who asked."""

    def __init__(self):
        self.calls, self.go = 0, threading.Event()

    def __call__(self):
        self.calls += 1
        self.go.wait(10)
        return ["127.0.0.1"]


@pytest.fixture
def resolver(names):
    names["slow.example"] = found = Resolver()
    yield found
    found.go.set()


async def until(condition):
    with anyio.fail_after(10):
        while not condition():
            await anyio.lowlevel.checkpoint()


async def test_who_asks_at_the_same_time_shares_one_look_up(resolver):
    found = []

    async def ask(port):
        found.append((await look_up("slow.example", port)).addresses[0].location)

    async with anyio.create_task_group() as tasks:
        for port in range(1, 51):
            tasks.start_soon(ask, port)
        await until(lambda: resolver.calls)
        resolver.go.set()
    assert (resolver.calls, sorted(found)) == (1, [("127.0.0.1", port) for port in range(1, 51)])


async def test_nothing_is_remembered(resolver):
    resolver.go.set()
    for _ in range(3):
        await look_up("slow.example", 80)
    assert resolver.calls == 3


async def test_who_waits_survives_that_who_asked_is_cancelled(resolver):
    found = []

    async def wait():
        found.append(await look_up("slow.example", 80))

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as others:
                others.start_soon(look_up, "slow.example", 80)
                await until(lambda: resolver.calls == 1)
                tasks.start_soon(wait)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        await until(lambda: resolver.calls == 2)
        resolver.go.set()
    assert [one.addresses[0].location for one in found] == [("127.0.0.1", 80)]


async def test_who_waits_can_leave_at_once(resolver):
    with anyio.fail_after(5):
        with anyio.move_on_after(0.1) as scope:
            await look_up("slow.example", 80)
    assert scope.cancelled_caught


async def test_look_ups_that_nobody_waits_for_are_bounded(resolver, monkeypatch):
    monkeypatch.setattr(resolve, "_THREADS", 3)
    for count in range(1, 4):
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(look_up, "slow.example", 80)
                await until(lambda count=count: resolver.calls == count)
                scope.cancel()
    with pytest.raises(ProbeError) as caught:
        await look_up("slow.example", 80)
    assert str(caught.value) == "the resolver of this machine does not answer: 3 look-ups are pending"


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        pytest.param(
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            Unreachable,
            "the name odd.example does not exist",
            id="no such name",
        ),
        pytest.param(
            socket.gaierror(socket.EAI_NODATA, "No address associated with hostname"),
            Unreachable,
            "the name odd.example has no address",
            id="no address",
        ),
        pytest.param(
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            ProbeError,
            "the name odd.example cannot be looked up: temporary failure in name resolution",
            id="no answer",
        ),
        pytest.param(
            OSError(24, "Too many open files"),
            ProbeError,
            "the name odd.example cannot be looked up: too many open files",
            id="our own trouble",
        ),
    ],
)
async def test_why_there_is_no_address(names, error, kind, reason):
    names["odd.example"] = error
    with pytest.raises((Unreachable, ProbeError)) as caught:
        await look_up("odd.example", 80)
    assert (type(caught.value), str(caught.value)) == (kind, reason)


async def test_an_error_is_for_all_who_wait(names):
    names["odd.example"] = socket.gaierror(socket.EAI_NONAME, "no")
    told = []

    async def ask():
        with pytest.raises(Unreachable) as caught:
            await look_up("odd.example", 80)
        told.append(str(caught.value))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
    assert told == ["the name odd.example does not exist"] * 5


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("127.0.0.1", ("127.0.0.1", 80)),
        ("::1", ("::1", 80, 0, 0)),
        ("localhost", None),
        ("a.example", None),
        ("", None),
    ],
)
def test_an_address_in_numbers_needs_no_look_up(text, location):
    found = numeric(text, 80)
    assert (found and found.location) == location
