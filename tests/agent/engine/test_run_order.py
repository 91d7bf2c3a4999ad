"""Who runs when: at once, one at a time, so many per host; and paced."""

import itertools
from typing import Any

import anyio
import pytest

from agent.model import Outcome
from agent.plan.steps import Policy
from agent.probe import Probe
from agent.verdict import Require
from tests.agent.engine.kit import (
    DOWN,
    FAIL,
    PASS,
    Seen,
    check,
    plan,
    play,
    real_time,
    script,
    section,
    takes,
    virtual_time,
)


class Meter(Probe, frozen=True):
    """Measures how many of its kind run at the same time."""

    running: Any
    most: Any
    host: str = ""
    seconds: float = 5

    async def measure(self) -> Seen:
        self.running.append(self.host)
        self.most[self.host] = max(self.most.get(self.host, 0), self.running.count(self.host))
        self.most["all"] = max(self.most.get("all", 0), len(self.running))
        try:
            await anyio.sleep(self.seconds)
        finally:
            self.running.remove(self.host)
        return PASS

    def target(self) -> str:
        return self.host


def metered(count, hosts=("",), **keys):
    running, most = [], {}
    meters = [Meter(running=running, most=most, host=hosts[number % len(hosts)]) for number in range(count)]
    return plan(*(check(f"c{number}", meter) for number, meter in enumerate(meters)), **keys), most


def seconds(played):
    return played.finished.at_seconds


@virtual_time
async def test_no_more_checks_run_at_once_than_were_asked_for():
    wanted, most = metered(12, concurrency=5)
    assert seconds(await play(wanted)) == 15
    assert most["all"] == 5


@virtual_time
async def test_no_more_checks_run_at_once_against_one_host():
    wanted, most = metered(12, hosts=("a", "b"), per_target=2)
    assert seconds(await play(wanted)) == 15
    assert most == {"a": 2, "b": 2, "all": 4}


@virtual_time
async def test_checks_that_wait_for_a_busy_host_leave_the_slots_to_others():
    running, most = [], {}
    slow = [check(f"slow{n}", Meter(running=running, most=most, host="slow", seconds=9)) for n in range(9)]
    fast = [check(f"fast{n}", Meter(running=running, most=most, host=f"fast{n}")) for n in range(9)]
    played = await play(plan(*slow, *fast, concurrency=2, per_target=1, deadline=50))
    assert [played[f"fast{n}"].outcome for n in range(9)] == [Outcome.PASS] * 9


@virtual_time
async def test_queueing_never_eats_a_checks_time():
    checks = [check(f"c{n}", script(takes(9)), policy=Policy(timeout=10)) for n in range(20)]
    played = await play(plan(*checks, concurrency=1))
    assert set(played.outcomes.values()) == {Outcome.PASS}
    assert {attempt.duration_seconds for result in played.results for attempt in result.attempts} == {9}


@virtual_time
async def test_active_checks_run_one_at_a_time_as_written_after_the_passive_ones():
    played = await play(
        plan(
            check("a", script(takes(5)), active=True),
            check("b", script(takes(3))),
            check("c", script(takes(1)), active=True),
            check("d", script(takes(2)), needs=("a",)),
            check("e", script(takes(9)), needs=("b",)),
            active_allowed=True,
        )
    )
    assert played.order() == ["+b", "-b", "+e", "-e", "+a", "-a", "+c", "-c", "+d", "-d"]
    assert set(played.outcomes.values()) == {Outcome.PASS}


@virtual_time
async def test_a_fault_is_looked_at_before_it_is_mended():
    """The sample `smoke.yaml`: take the dependency away, look, give it back."""
    played = await play(
        plan(
            section(
                "s",
                check("s/fault", script(takes(1)), active=True),
                check("s/look", script(takes(60)), needs=("s/fault",), policy=Policy(timeout=100)),
                check("s/mend", script(takes(1)), active=True, always=True),
            ),
            active_allowed=True,
        )
    )
    assert played.order() == ["+s/fault", "-s/fault", "+s/look", "-s/look", "+s/mend", "-s/mend"]


async def test_active_checks_that_are_not_allowed_block_what_needs_them_and_nothing_else():
    played = await play(plan(check("a", active=True), check("b", needs=("a",)), check("c")))
    assert played.reasons == {
        "a": "active, and --allow-active was not given",
        "b": "needs a, which was blocked",
        "c": "",
    }


async def test_a_section_is_a_need_like_any_other():
    quorum = section("s", check("s/a"), check("s/b", script(FAIL)), require=Require.parse("1/2"))
    played = await play(plan(check("x", needs=("s",)), quorum, check("y", needs=("s/b",))))
    assert played.reasons == {"x": "", "s/a": "", "s/b": "ok is false, expected true", "y": "needs s/b, which failed"}
    broken = section("s", check("s/a"), check("s/b", script(DOWN)))
    played = await play(plan(check("x", needs=("s",)), broken))
    assert (played["x"].reason, played["x"].blocked_by) == ("needs s, which failed", ("s",))


async def test_a_need_that_does_not_apply_blocks_what_the_binder_did_not_skip():
    played = await play(plan(check("a", skipped="not here"), check("b", needs=("a",))))
    assert (played["b"].outcome, played["b"].reason) == (Outcome.BLOCKED, "needs a, which does not apply")


@real_time
async def test_starts_are_paced_one_per_turn_of_the_loop():
    """A task that runs at every turn of the loop sees the checks begin one by one."""
    seen, counts = [], []

    class Counting(Probe, frozen=True):
        async def measure(self) -> Seen:
            seen.append(1)
            await anyio.sleep(0.05)
            return PASS

    async def count() -> None:
        while True:
            counts.append(len(seen))
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await play(plan(*(check(f"c{n}", Counting()) for n in range(100)), concurrency=100))
        tasks.cancel_scope.cancel()
    steps = [after - before for before, after in itertools.pairwise(counts)]
    assert max(steps) <= 2


@pytest.mark.parametrize("count", [0, 1, 300])
async def test_any_number_of_checks_has_as_many_results(count):
    played = await play(plan(*(check(f"c{n}") for n in range(count)), concurrency=7))
    assert list(played.outcomes.values()) == [Outcome.PASS] * count
