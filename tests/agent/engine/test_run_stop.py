"""Runs that end before their end: the deadline, an interrupt, and clean-up after both."""

import math
import threading

import anyio
import pytest
import trio
from anyio import to_thread

from agent.engine.run import Times, run
from agent.engine.stop import Stop
from agent.model import Decision, Outcome, Severity
from agent.plan.steps import Policy
from agent.verdict import Require
from tests.agent.engine.kit import (
    DOWN,
    FAIL,
    PASS,
    Played,
    Prepared,
    Seen,
    check,
    plan,
    play,
    proper,
    real_time,
    script,
    section,
    takes,
    virtual_time,
)  # fmt: skip
from tests.agent.engine.test_run import WAIVER

NEVER = Policy(timeout=math.inf)
FOREVER = takes(math.inf)


def slow(address, seconds, answer=PASS, **keys):
    return check(address, script(takes(seconds, answer)), **{"policy": NEVER, **keys})


@virtual_time
async def test_the_deadline_cuts_short_what_runs_and_starts_nothing_more():
    played = await play(
        plan(
            slow("done", 5),
            slow("cut", 100),
            check("queued"),
            check("needs", needs=("cut",)),
            deadline=10,
            concurrency=2,
        )
    )
    assert played.outcomes == {"done": "pass", "cut": "error", "queued": "pass", "needs": "error"}
    assert played.reasons == {
        "done": "",
        "cut": "cut short by the run's deadline of 10s",
        "queued": "",
        "needs": "not started: cut short by the run's deadline of 10s",
    }
    (attempt,) = played["cut"].attempts
    assert (attempt.outcome, attempt.reason, attempt.duration_seconds) == (
        Outcome.ERROR,
        "cut short by the run's deadline of 10s",
        10,
    )
    assert (played.finished.at_seconds, played.finished.interrupted) == (10, "")


@virtual_time
async def test_an_interrupt_cuts_short_and_says_which_signal():
    played = await play(plan(slow("cut", 100), check("queued"), concurrency=1), stop_after=3)
    assert played.reasons == {
        "cut": "interrupted by SIGINT",
        "queued": "not started: interrupted by SIGINT",
    }
    assert (played.finished.at_seconds, played.finished.interrupted) == (3, "SIGINT")


@virtual_time
@pytest.mark.parametrize("answer", [PASS, FAIL, DOWN, ValueError("x")])
async def test_what_is_cut_short_is_an_error_whatever_it_was_about_to_be(answer):
    """The probe answers when it is cancelled."""

    async def on_the_way_out() -> Seen:
        try:
            await anyio.sleep_forever()
        finally:
            if isinstance(answer, BaseException):
                raise answer
            return answer  # noqa: B012

    played = await play(plan(check("a", script(on_the_way_out), policy=NEVER, waiver=WAIVER)), stop_after=1)
    assert (played["a"].outcome, played["a"].reason) == (Outcome.ERROR, "interrupted by SIGINT")


@virtual_time
@pytest.mark.parametrize(
    "policy", [Policy(attempts=9, delay=100), Policy(within=900, every=100), Policy(hold=900, every=100)]
)
async def test_a_policy_that_was_not_fulfilled_is_an_error_and_keeps_its_attempts(policy):
    answers = (PASS,) if policy.hold else (FAIL,)
    played = await play(plan(check("a", script(*answers), policy=policy), deadline=250))
    assert (played["a"].outcome, played["a"].reason, len(played["a"].attempts)) == (
        Outcome.ERROR,
        "cut short by the run's deadline of 4m10s",
        3,
    )


@virtual_time
@pytest.mark.parametrize("answer", [PASS, FAIL])
async def test_a_check_that_ends_after_the_deadline_does_not_count(answer):
    """The loop was too busy to notice the deadline in time."""

    async def busy() -> Seen:
        trio.lowlevel.current_clock().jump(100)
        return answer

    played = await play(plan(check("a", script(busy), policy=NEVER), deadline=10))
    assert played.told == {"a": ("error", "cut short by the run's deadline of 10s")}
    assert played["a"].attempts[0].outcome is not Outcome.ERROR


async def test_a_run_that_is_stopped_before_it_begins_starts_nothing():
    events, stop = [], Stop()
    stop.interrupt("SIGTERM")
    wanted = plan(
        check("a"), check("b", needs=("a",)), check("c", skipped="no"), check("d", active=True), check("e", always=True)
    )
    played = Played(await run(wanted, events.append, stop), events)
    proper(wanted, played)
    assert played.reasons == {
        "a": "not started: interrupted by SIGTERM",
        "b": "not started: interrupted by SIGTERM",
        "c": "no",
        "d": "active, and --allow-active was not given",
        "e": "not started: interrupted by SIGTERM",
    }
    assert played.finished.decision is Decision.INCONCLUSIVE


@virtual_time
async def test_an_interrupted_run_is_never_go_even_if_nothing_was_lost():
    played = await play(plan(check("a"), slow("b", 100, severity=Severity.ADVISORY)), stop_after=1)
    assert played.outcomes == {"a": "pass", "b": "error"}
    assert played.finished.decision is Decision.INCONCLUSIVE


@real_time
async def test_a_run_that_is_stopped_while_it_gets_ready_starts_nothing():
    release = threading.Event()
    try:
        played = await play(plan(check("a", Prepared(problem=release)), check("b")), stop_after=0.05)
    finally:
        release.set()
    assert set(played.reasons.values()) == {"not started: interrupted by SIGINT"}


# ---- clean-up


def fixture(*, upload=PASS, delete=PASS, seconds=1.0, **keys):
    """Upload something, work with it for a long time, delete it."""
    return plan(
        section(
            "s",
            slow("s/upload", 1, upload, active=True),
            slow("s/use", 100, needs=("s/upload",)),
            slow("s/more", 1, active=True),
            slow("s/delete", seconds, delete, active=True, always=True, needs=("s/upload",)),
        ),
        check("other", active=True),
        **{"active_allowed": True, **keys},
    )


@virtual_time
async def test_without_trouble_clean_up_is_a_check_like_any_other():
    played = await play(fixture())
    assert set(played.outcomes.values()) == {Outcome.PASS}
    assert (played.finished.at_seconds, played.finished.decision) == (103, Decision.GO)


@virtual_time
async def test_clean_up_takes_its_turn_after_an_interrupt_and_cannot_turn_the_verdict():
    played = await play(fixture(), stop_after=50)
    assert played.order() == [
        *("+s/upload", "-s/upload", "+s/use", "-s/use"),
        *("-s/more", "+s/delete", "-s/delete", "-other"),
    ]
    assert played.told == {
        "s/upload": ("pass", ""),
        "s/use": ("error", "interrupted by SIGINT"),
        "s/more": ("error", "not started: interrupted by SIGINT"),
        "s/delete": ("error", "interrupted by SIGINT; cleaned up all the same"),
        "other": ("error", "not started: interrupted by SIGINT"),
    }
    assert [attempt.outcome for attempt in played["s/delete"].attempts] == [Outcome.PASS]
    assert played.finished.at_seconds == 51


@virtual_time
async def test_clean_up_that_fails_after_an_interrupt_has_failed():
    played = await play(fixture(delete=DOWN), stop_after=50)
    assert (played["s/delete"].outcome, played["s/delete"].reason) == (Outcome.FAIL, "refused")


@virtual_time
async def test_clean_up_takes_its_turn_after_the_deadline():
    played = await play(fixture(deadline=50))
    assert played["s/delete"].reason == "cut short by the run's deadline of 50s; cleaned up all the same"


@virtual_time
async def test_clean_up_cannot_rescue_a_quorum_after_the_deadline():
    """Without its turn the section has 0 of 1; with it, too."""
    tree = section(
        "s",
        slow("s/upload", 100, active=True),
        slow("s/delete", 1, active=True, always=True),
        require=Require.parse("any"),
    )
    played = await play(plan(tree, active_allowed=True, deadline=10))
    assert played.outcomes == {"s/upload": "error", "s/delete": "error"}
    assert played.finished.decision is Decision.INCONCLUSIVE


@virtual_time
async def test_neither_can_a_waiver_of_clean_up():
    tree = section("s", slow("s/up", 1, active=True), slow("s/x", 99, active=True, severity=Severity.ADVISORY),
                   slow("s/down", 1, DOWN, active=True, always=True, waiver=WAIVER))  # fmt: skip
    played = await play(plan(tree, active_allowed=True, deadline=10))
    assert played["s/down"].outcome is Outcome.ERROR
    assert played.finished.decision is Decision.INCONCLUSIVE


@virtual_time
async def test_clean_up_has_no_turn_when_there_is_nothing_to_clean_up():
    wanted = plan(slow("first", 100), *fixture().root.children, active_allowed=True)
    played = await play(wanted, stop_after=50)
    assert played["s/delete"].reason == "not started: interrupted by SIGINT"
    assert not played["s/delete"].attempts


@virtual_time
async def test_clean_up_takes_its_turn_after_a_failure_of_what_it_needs():
    played = await play(fixture(upload=FAIL))
    assert played.told == {
        "s/upload": ("fail", "ok is false, expected true"),
        "s/use": ("blocked", "needs s/upload, which failed"),
        "s/more": ("pass", ""),
        "s/delete": ("blocked", "needs s/upload, which failed; cleaned up all the same"),
        "other": ("pass", ""),
    }
    assert played["s/delete"].blocked_by == ("s/upload",)
    assert len(played["s/delete"].attempts) == 1


@virtual_time
async def test_clean_up_with_nothing_to_clean_up_is_blocked_like_any_other():
    tree = section(
        "s",
        check("s/upload", active=True, needs=("x",)),
        check("s/delete", active=True, always=True, needs=("s/upload",)),
    )
    played = await play(plan(check("x", script(DOWN)), tree, active_allowed=True))
    assert played.reasons["s/delete"] == "needs s/upload, which was blocked"


@virtual_time
async def test_clean_up_that_already_runs_is_not_cut_short():
    probe = script(takes(20))
    wanted = plan(
        check("up", active=True), check("down", probe, active=True, always=True, policy=NEVER), active_allowed=True
    )
    played = await play(wanted, stop_after=10)
    assert len(probe.calls) == 1
    assert (played["down"].outcome, played["down"].reason) == (
        Outcome.ERROR,
        "interrupted by SIGINT; cleaned up all the same",
    )
    assert played.finished.at_seconds == 20


@virtual_time
async def test_a_run_whose_clean_up_the_deadline_caught_up_with_is_not_go():
    wanted = plan(
        section(
            "s",
            check("s/up", active=True),
            slow("s/down", 20, active=True, always=True, policy=NEVER, severity=Severity.ADVISORY),
        ),
        active_allowed=True,
        deadline=10,
    )
    played = await play(wanted)
    assert played["s/down"].reason == "cut short by the run's deadline of 10s; cleaned up all the same"
    assert played["s/down"].cut_short
    assert played.finished.decision is Decision.INCONCLUSIVE


@virtual_time
async def test_clean_up_ends_with_its_grace_period():
    wanted = plan(
        section("s", check("s/up", active=True), slow("s/x", 99, active=True),
                slow("s/down", 99, active=True, always=True), slow("s/down2", 1, active=True, always=True),
                check("s/after", needs=("s/down2",)), check("s/never", skipped="no")),
        active_allowed=True,
    )  # fmt: skip
    played = await play(wanted, stop_after=5, times=Times(grace=20))
    assert played.reasons == {
        "s/up": "",
        "s/x": "interrupted by SIGINT",
        "s/down": "clean-up was cut short after 20s",
        "s/down2": "not started: clean-up was cut short after 20s",
        "s/after": "not started: interrupted by SIGINT",
        "s/never": "no",
    }
    assert played.outcomes["s/down"] is Outcome.ERROR
    assert played.finished.at_seconds == 25


@virtual_time
async def test_several_clean_ups_take_their_turns_in_order_even_with_one_slot():
    wanted = plan(
        section("s", check("s/up", active=True), check("s/up2", active=True), slow("s/x", 99, active=True),
                slow("s/down2", 3, active=True, always=True), slow("s/down", 3, active=True, always=True)),
        active_allowed=True, concurrency=1,
    )  # fmt: skip
    played = await play(wanted, stop_after=5)
    assert played.order()[-4:] == ["+s/down2", "-s/down2", "+s/down", "-s/down"]
    assert played.finished.at_seconds == 11


# ---- probes that do not cooperate


@virtual_time
async def test_a_probe_that_ignores_its_cancellation_cannot_hang_the_run():
    released = anyio.Event()

    async def stubborn() -> Seen:
        with anyio.CancelScope(shield=True):
            await released.wait()
        return PASS

    events = []
    wanted = plan(
        check("a", script(stubborn), policy=Policy(timeout=10, attempts=3)), check("b", needs=("a",)), concurrency=1
    )

    def hear(event) -> None:
        events.append(event)
        if type(event).__name__ == "RunFinished":
            released.set()

    played = Played(await run(wanted, hear, Stop()), events)
    proper(wanted, played)
    assert played.reasons == {"a": "did not stop when cancelled", "b": "needs a, which could not be checked"}
    assert played["a"].outcome is Outcome.ERROR
    assert len(played["a"].attempts) == 1
    assert played.finished.at_seconds == 10 + Times().patience


@virtual_time
async def test_a_probe_that_ignores_an_interrupt_cannot_hang_the_run():
    released = anyio.Event()

    async def stubborn() -> Seen:
        with anyio.CancelScope(shield=True):
            await released.wait()
        return PASS

    events, stop = [], Stop()

    def hear(event) -> None:
        events.append(event)
        if type(event).__name__ == "RunFinished":
            released.set()

    async with anyio.create_task_group() as tasks:

        async def press() -> None:
            await anyio.sleep(1)
            stop.interrupt("SIGINT")

        tasks.start_soon(press)
        results = await run(plan(check("a", script(stubborn), policy=NEVER)), hear, stop)
    assert [(result.outcome, result.reason) for result in results] == [(Outcome.ERROR, "interrupted by SIGINT")]
    assert events[-1].at_seconds == 1 + Times().patience


@real_time
async def test_a_thousand_blocked_threads_keep_nobody_else_from_a_thread():
    """The engine lifts the limit on threads: queueing for one would eat a check's time."""
    release = threading.Event()

    async def blocked() -> Seen:
        await to_thread.run_sync(release.wait, abandon_on_cancel=True)
        return PASS

    async def quick() -> Seen:
        await to_thread.run_sync(int)
        return PASS

    checks = [check(f"b{n}", script(blocked), policy=Policy(timeout=0.05)) for n in range(60)]
    try:
        played = await play(plan(*checks, check("quick", script(quick), needs=()), concurrency=100))
    finally:
        release.set()
    assert played["quick"].outcome is Outcome.PASS
    assert {result.reason for result in played.results} == {"", "no answer within 50ms"}
