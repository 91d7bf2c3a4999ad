"""The host: a loop of its own, signals, and probes that block whatever they can."""

import signal
import threading
from collections.abc import Iterator
from graphlib import CycleError

import anyio
import pytest
from anyio import to_thread

from agent.engine.host import EventsLost, Run, execute
from agent.engine.run import Times
from agent.events import CheckFinished, CheckStarted, RunFinished
from agent.model import Decision, Outcome
from agent.plan.steps import Policy
from tests.agent.engine.kit import FAIL, PASS, Played, Seen, check, plan, proper, script, section, takes

QUICK = Policy(timeout=0.05)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Ends, after the test, what blocks; and waits until it is gone."""
    before = set(threading.enumerate())
    event = threading.Event()
    yield event
    event.set()
    for thread in set(threading.enumerate()) - before:
        thread.join()


def executed(wanted, hear=lambda _: None, **settings) -> tuple[Run, Played]:
    """Execute a plan, and see that it was a proper run."""
    events = []

    def emit(event) -> None:
        events.append(event)
        hear(event)

    run = execute(wanted, emit, **settings)
    played = Played(run.results, events)
    proper(wanted, played)
    return run, played


def at_start_of(address, action):
    """Do something when a check has its turn."""
    return lambda event: isinstance(event, CheckStarted) and event.address == address and action()


def test_a_run_gives_its_results_and_tells_its_events_in_the_thread_that_asked():
    threads = set()
    run, played = executed(plan(check("a"), check("b", script(FAIL))), lambda _: threads.add(threading.get_ident()))
    assert (run.interrupted, run.stuck) == ("", False)
    assert played.outcomes == {"a": Outcome.PASS, "b": Outcome.FAIL}
    assert threads == {threading.get_ident()}


def test_no_thread_is_left():
    before = set(threading.enumerate())

    async def in_thread() -> Seen:
        await to_thread.run_sync(int)
        return PASS

    run, _ = executed(plan(check("a", script(in_thread))))
    assert not run.stuck
    for thread in set(threading.enumerate()) - before:
        thread.join()


def test_a_plan_without_checks_is_a_run():
    assert execute(plan(), lambda _: None) == Run(results=())


# ---- signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_in_good_order(number):
    wanted = plan(
        section(
            "s",
            check("s/up", active=True),
            check("s/long", script(takes(60)), active=True, policy=Policy(timeout=90)),
            check("s/down", active=True, always=True),
        ),
        active_allowed=True,
    )
    before = signal.getsignal(number)
    run, played = executed(wanted, at_start_of("s/long", lambda: signal.raise_signal(number)))
    why = f"interrupted by {number.name}"
    assert (run.interrupted, run.stuck) == (number.name, False)
    assert played.reasons == {"s/up": "", "s/long": why, "s/down": f"{why}; cleaned up all the same"}
    assert (played.finished.interrupted, played.finished.decision) == (number.name, Decision.INCONCLUSIVE)
    assert signal.getsignal(number) is before


def test_a_signal_after_the_last_check_is_not_lost():
    def hear(event) -> None:
        if isinstance(event, RunFinished):
            signal.raise_signal(signal.SIGINT)

    run, _ = executed(plan(check("a")), hear)
    assert run.interrupted == "SIGINT"


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run, _ = executed(plan(check("a")), at_start_of("a", lambda: signal.raise_signal(signal.SIGINT)))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert run.interrupted == ""


def test_outside_the_main_thread_a_run_leaves_signals_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        handlers = []
        run, _ = executed(plan(check("a")), lambda _: handlers.append(signal.getsignal(signal.SIGINT)))
        seen.append((run.stuck, set(handlers)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, {before})]


# ---- probes that block


def test_a_probe_that_blocks_the_loop_cannot_hang_the_run(release):
    async def block() -> Seen:
        release.wait()
        return PASS

    wanted = plan(
        check("first", policy=QUICK),
        check("waiting", script(takes(9)), policy=QUICK),
        check("blocks", script(block), policy=QUICK),
        check("queued", policy=QUICK),
        check("skipped", skipped="not here", needs=("queued",), policy=QUICK),
        concurrency=2,
    )
    run, played = executed(wanted, times=Times(patience=0.3))
    assert (run.interrupted, run.stuck) == ("", True)
    assert played["first"].outcome is Outcome.PASS
    assert played["skipped"].reason == "not here"
    for address, start in [("waiting", ""), ("blocks", ""), ("queued", "not started: ")]:
        assert played[address].outcome is Outcome.ERROR
        assert played[address].reason.startswith(f"{start}the event loop was blocked for ")
    assert " at threading.py:" in played["blocks"].reason
    assert played.finished.decision is Decision.INCONCLUSIVE


def test_a_loop_that_wakes_when_it_was_given_up_starts_nothing_more_and_cleans_up(release):
    async def block() -> Seen:
        release.wait()
        return PASS

    late, clean = script(), script()
    wanted = plan(
        check("up", script(block), active=True, policy=QUICK),
        check("late", late, active=True, policy=QUICK),
        check("down", clean, active=True, always=True, policy=QUICK),
        active_allowed=True,
    )
    run, played = executed(
        wanted, lambda event: isinstance(event, RunFinished) and release.set(), times=Times(patience=0.2)
    )
    assert not run.stuck
    assert set(played.outcomes.values()) == {Outcome.ERROR}
    assert (len(late.calls), len(clean.calls)) == (0, 1)


def test_a_probe_that_blocks_the_loop_is_waited_for_while_a_timeout_may_still_end_it(release):
    async def block_for_a_while() -> Seen:
        release.wait(0.3)
        return PASS

    wanted = plan(check("a", script(block_for_a_while), policy=Policy(timeout=5)))
    run, played = executed(wanted, times=Times(patience=0.1))
    assert (run.stuck, played["a"].outcome) == (False, Outcome.PASS)


def test_an_interrupt_shortens_the_wait_for_a_blocked_loop(release):
    async def block() -> Seen:
        release.wait()
        return PASS

    wanted = plan(check("a", script(block), policy=Policy(timeout=3600)))
    run, played = executed(
        wanted, at_start_of("a", lambda: signal.raise_signal(signal.SIGTERM)), times=Times(patience=0.2)
    )
    assert (run.interrupted, run.stuck, played["a"].outcome) == ("SIGTERM", True, Outcome.ERROR)
    assert (played.finished.interrupted, played.finished.decision) == ("SIGTERM", Decision.INCONCLUSIVE)


def test_the_deadline_bounds_the_wait_for_a_blocked_loop(release):
    async def block() -> Seen:
        release.wait()
        return PASS

    wanted = plan(check("a", script(block), policy=Policy(timeout=3600)), deadline=0.1)
    run, _ = executed(wanted, times=Times(patience=0.2))
    assert run.stuck


def test_a_probe_that_blocks_a_thread_cannot_hang_the_run(release):
    async def block() -> Seen:
        await to_thread.run_sync(release.wait, abandon_on_cancel=True)
        return PASS

    run, played = executed(plan(check("a", script(block), policy=QUICK), check("b")))
    assert played.reasons == {"a": "no answer within 50ms", "b": ""}
    assert not run.stuck  # its thread keeps no process from ending


def test_a_probe_that_ignores_its_cancellation_is_told_apart(release):
    async def stubborn() -> Seen:
        while not release.is_set():
            try:
                await anyio.sleep(0.01)
            except anyio.get_cancelled_exc_class():
                continue
        return PASS

    wanted = plan(check("a", script(stubborn), policy=Policy(timeout=3600)), check("b"))
    run, played = executed(
        wanted, at_start_of("a", lambda: signal.raise_signal(signal.SIGINT)), times=Times(patience=0.1)
    )
    assert played["a"].reason == "interrupted by SIGINT"
    assert (run.interrupted, run.stuck) == ("SIGINT", True)


# ---- our own mistakes


def test_whoever_hears_the_events_may_break_and_no_result_is_lost():
    heard = []

    def emit(event) -> None:
        heard.append(event)
        if isinstance(event, CheckFinished):
            raise BrokenPipeError("nobody reads")

    with pytest.raises(EventsLost, match=r"^the events of the run were not all told$") as caught:
        execute(plan(check("a"), check("b", needs=("a",))), emit)
    assert [result.outcome for result in caught.value.run.results] == [Outcome.PASS, Outcome.PASS]
    assert isinstance(caught.value.__cause__, BrokenPipeError)
    assert isinstance(heard[-1], CheckFinished)
    assert len([event for event in heard if isinstance(event, CheckFinished)]) == 1


def test_a_plan_that_cannot_be_run_is_our_own_failure():
    """The binder refuses circles; the engine does not hang on one."""
    with pytest.raises(CycleError):
        execute(plan(check("a", needs=("b",)), check("b", needs=("a",))), lambda _: None)
