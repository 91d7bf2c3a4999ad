"""What holds for every plan, every target and every moment at which a run may end."""

import msgspec
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from agent.engine.needs import MEETS
from agent.model import Decision, Outcome, Severity
from agent.plan.steps import Policy, Section, Step
from agent.verdict import Require
from tests.agent.engine.kit import BLIND, DOWN, FAIL, PASS, check, plan, play, script, section, takes
from tests.agent.engine.test_run import WAIVER

ANSWERS = [PASS, PASS, PASS, FAIL, DOWN, BLIND, ValueError("x")]


@st.composite
def plans(draw):
    count = draw(st.integers(1, 8))
    steps = [draw(steps_of(number)) for number in range(count)]
    cut = draw(st.integers(0, count))
    inner = section("s", *steps[:cut], require=Require.parse(draw(st.sampled_from(["all", "any", "50%"]))))
    return plan(
        inner,
        *steps[cut:],
        active_allowed=draw(st.booleans()),
        concurrency=draw(st.integers(1, 4)),
        deadline=draw(st.sampled_from([None, 3.5, 11.5])),
    )


@st.composite
def steps_of(draw, number):
    active = draw(st.sampled_from([False, False, True]))
    answers = [takes(draw(st.integers(0, 4)), draw(st.sampled_from(ANSWERS))) for _ in range(2)]
    return check(
        f"c{number}",
        script(*answers),
        needs=tuple(f"c{other}" for other in range(number) if draw(st.integers(0, 4)) == 0),
        active=active,
        always=active and draw(st.booleans()),
        skipped=draw(st.sampled_from(["", "", "", "not here"])),
        waiver=draw(st.sampled_from([None, None, WAIVER])),
        severity=draw(st.sampled_from(Severity)),
        policy=draw(st.sampled_from([Policy(timeout=3), Policy(timeout=3, attempts=2), Policy(within=6, every=2)])),
    )


def rerun(wanted, change):
    """Give the same plan with fresh probes, and each step changed."""

    def again(item):
        if isinstance(item, Section):
            return msgspec.structs.replace(item, children=tuple(map(again, item.children)))
        return change(msgspec.structs.replace(item, ready=msgspec.structs.replace(item.ready, calls=[])))

    return msgspec.structs.replace(wanted, root=again(wanted.root))


def played(wanted, stop_after=None):
    async def run():
        return await play(wanted, stop_after=stop_after)

    return trio.run(run, clock=MockClock(autojump_threshold=0))


def same(step: Step) -> Step:
    return step


def without_always(step: Step) -> Step:
    return msgspec.structs.replace(step, always=False)


MOMENTS = st.sampled_from([None, 0.5, 2.5, 6.5, 14.5])


@settings(deadline=None, max_examples=150)
@given(plans(), MOMENTS)
def test_every_check_has_one_result_and_what_was_stopped_is_never_go(wanted, stop_after):
    """`play` sees that every check has one result and that the events tell the same, in order."""
    run = played(wanted, stop_after)
    if run.finished.interrupted:
        assert run.finished.decision is not Decision.GO
    for step, result in zip(wanted.steps, run.results, strict=True):
        assert (result.outcome is Outcome.SKIPPED) is bool(step.skipped)
        assert result.outcome is not Outcome.WAIVED or step.waiver
        assert result.outcome in (Outcome.PASS, Outcome.SKIPPED) or result.reason
        if result.outcome is Outcome.PASS:
            assert result.attempts[-1].outcome is Outcome.PASS
            assert all(run[need].outcome in MEETS for need in step.needs)
        if result.outcome in (Outcome.FAIL, Outcome.WAIVED):
            assert any(attempt.outcome is Outcome.FAIL for attempt in result.attempts)
        if step.active and not wanted.active_allowed:
            assert not result.attempts


@settings(deadline=None, max_examples=100)
@given(plans(), MOMENTS)
def test_clean_up_never_makes_anything_better(wanted, stop_after):
    with_it = played(rerun(wanted, same), stop_after)
    without = played(rerun(wanted, without_always), stop_after)
    for address, outcome in with_it.outcomes.items():
        assert outcome not in MEETS or without[address].outcome in MEETS
    assert with_it.finished.decision is not Decision.GO or without.finished.decision is Decision.GO


@settings(deadline=None, max_examples=50)
@given(plans())
def test_stopping_a_run_makes_no_check_better(wanted):
    whole = played(msgspec.structs.replace(rerun(wanted, same), deadline=None))
    cut = played(rerun(wanted, same), 3.5)
    for address, outcome in cut.outcomes.items():
        assert outcome not in MEETS or outcome is whole[address].outcome


@settings(deadline=None, max_examples=50)
@given(plans())
def test_active_checks_are_alone(wanted):
    active = {step.address for step in wanted.steps if step.active}
    running = set()
    for sign, *letters in played(wanted).order():
        address = "".join(letters)
        if sign == "+":
            running.add(address)
            assert not running & active or len(running) == 1
        else:
            running.discard(address)
