"""Runs: every check gets its turn and one result, on both backends."""

import math
from datetime import UTC, datetime

import pytest

from agent.events import AttemptFinished, CheckFinished, CheckStarted, RunFinished, RunStarted
from agent.limit import Shape
from agent.model import Breach, Decision, Outcome
from agent.plan.steps import Baseline, Policy, Waiver
from agent.probe import Unreachable, Unreadable
from agent.units import Unit
from tests.agent.engine.kit import (
    BLIND,
    DOWN,
    FAIL,
    MARK,
    OK,
    PASS,
    Script,
    Seen,
    Witness,
    check,
    limit,
    plan,
    play,
    script,
    section,
    takes,
    virtual_time,
)  # fmt: skip

WAIVER = Waiver(owner="dana", reason="booked", expires=datetime(2026, 12, 1, tzinfo=UTC), mark=MARK)


async def one(does, **keys):
    """Run a single check."""
    return (await play(plan(check("a", does, **keys))))["a"]


# ---- one result, always


async def test_a_plan_without_checks_is_a_run_without_results():
    played = await play(plan())
    assert (played.results, played.finished.decision) == ((), Decision.INCONCLUSIVE)


async def test_every_kind_of_end_in_one_run():
    played = await play(
        plan(
            check("passes"),
            check("fails", script(FAIL)),
            check("down", script(DOWN)),
            check("blind", script(BLIND)),
            check("breaks", script(ValueError("x"))),
            check("skipped", skipped="cdn_url is empty"),
            check("active", active=True),
            check("waived", script(FAIL), waiver=WAIVER),
            check("not-waived", script(BLIND), waiver=WAIVER),
            check("blocked", needs=("down",)),
            check("blocked-too", needs=("blocked", "passes")),
            check("unblocked", needs=("waived", "passes")),
        )
    )
    told = played.told
    assert told.pop("breaks")[1].startswith("probe failed: ValueError: x (kit.py:")
    assert told == {
        "passes": ("pass", ""),
        "fails": ("fail", "ok is false, expected true"),
        "down": ("fail", "refused"),
        "blind": ("error", "no permission"),
        "skipped": ("skipped", "cdn_url is empty"),
        "active": ("blocked", "active, and --allow-active was not given"),
        "waived": ("waived", "waived by dana: booked, until 2026-12-01; ok is false, expected true"),
        "not-waived": ("error", "no permission"),
        "blocked": ("blocked", "needs down, which failed"),
        "blocked-too": ("blocked", "needs blocked, which was blocked"),
        "unblocked": ("pass", ""),
    }
    assert played["breaks"].outcome is Outcome.ERROR
    assert played["blocked"].blocked_by == ("down",)
    assert [result.address for result in played.results if not result.attempts] == [
        "skipped",
        "active",
        "blocked",
        "blocked-too",
    ]


async def test_the_events_of_a_run_in_order():
    played = await play(plan(section("s", check("s/a", skipped="no"), check("s/b", script(FAIL)))))
    assert [type(event) for event in played.events] == [
        RunStarted,
        CheckFinished,
        CheckStarted,
        AttemptFinished,
        CheckFinished,
        RunFinished,
    ]
    started, skipped, begun, attempt, finished, over = played.events
    assert (started.name, started.checks, started.at_seconds < 1) == ("test", 2, True)
    assert datetime.fromisoformat(started.started_at).tzinfo == UTC
    assert (skipped.name, skipped.result) == ("a", played["s/a"])
    assert (begun.address, begun.name, begun.kind) == ("s/b", "b", "script")
    assert (attempt.address, attempt.attempt) == ("s/b", played["s/b"].attempts[0])
    assert (finished.name, finished.result) == ("b", played["s/b"])
    assert (over.interrupted, over.decision) == ("", Decision.NO_GO)


@pytest.mark.parametrize(
    ("does", "decision"),
    [(script(), Decision.GO), (script(FAIL), Decision.NO_GO), (script(BLIND), Decision.INCONCLUSIVE)],
)
async def test_the_last_event_has_the_decision(does, decision):
    assert (await play(plan(check("a", does)))).finished.decision is decision


async def test_an_attempt_records_what_was_read_and_what_was_wrong():
    result = await one(
        script(Seen(ok=False, value=Unreadable("cut short"))), limits=(OK, limit("value", "1")), warnings=(OK,)
    )
    (attempt,) = result.attempts
    assert (attempt.outcome, attempt.readings, attempt.unreadable) == (
        Outcome.FAIL,
        {"ok": False},
        {"value": "cut short"},
    )
    assert attempt.breaches == (Breach("ok", "false", "true"), Breach("value", "unreadable (cut short)", "1"))
    assert result.warnings == (Breach("ok", "false", "true"),)
    assert result.reason == attempt.reason == "ok is false, expected true; value is unreadable (cut short), expected 1"


async def test_what_was_measured_before_the_trouble_is_recorded():
    result = await one(script(Unreachable("reset", connect_seconds=0.25, body="x")))
    assert result.attempts[0].readings == {"connect_seconds": 0.25, "body": "x"}


@pytest.mark.parametrize(("does", "outcome"), [(Script, Outcome.FAIL), (Witness, Outcome.ERROR)])
@virtual_time
async def test_silence_of_a_target_is_a_failure_and_of_a_witness_an_error(does, outcome):
    result = await one(does(answers=(takes(math.inf),)), policy=Policy(timeout=7))
    assert (result.outcome, result.reason) == (outcome, "no answer within 7s")
    assert result.attempts[0].duration_seconds == 7


async def test_a_witness_that_gives_no_answer_is_an_error():
    gate = limit("value", {"max": "299"}, Shape.NUMBER)
    assert (await one(Witness(answers=(Seen(value=503),)), limits=(OK, gate))).outcome is Outcome.ERROR
    assert (await one(Witness(answers=(Seen(ok=False, value=200),)), limits=(OK, gate))).outcome is Outcome.FAIL


async def test_a_check_without_its_baseline_is_an_error_and_with_it_is_judged():
    grows = limit("value", {"max_increase": "10%"}, Shape.NUMBER)
    keys = {"limits": (grows,)}
    played = await play(plan(check("a", script(Seen(value=50)), **keys, policy=Policy(within=60))))
    assert (played["a"].outcome, len(played["a"].attempts)) == (Outcome.ERROR, 1)
    compared = plan(check("a", script(Seen(value=50)), **keys), baseline=Baseline({"a": {"value": 49}}))
    assert (await play(compared))["a"].outcome is Outcome.PASS


# ---- over time


@virtual_time
async def test_a_pass_after_a_retry_is_marked_and_every_attempt_is_there():
    result = await one(script(takes(1, DOWN), FAIL, PASS), policy=Policy(attempts=5, delay=2))
    assert (result.outcome, result.retried, result.reason) == (Outcome.PASS, True, "passed on attempt 3 of 5")
    told = [
        (attempt.number, attempt.started_seconds, attempt.outcome.value, attempt.reason) for attempt in result.attempts
    ]
    assert told == [(1, 0, "fail", "refused"), (2, 3, "fail", "ok is false, expected true"), (3, 5, "pass", "")]


@virtual_time
async def test_a_check_that_waits_tells_how_long_and_may_limit_it():
    wait = limit("waited_seconds", {"max": "10s"}, Shape.NUMBER, unit=Unit.SECONDS)
    keys = {"limits": (OK, wait), "policy": Policy(within=60, every=5)}
    result = await one(script(FAIL, FAIL, takes(2)), **keys, warnings=(wait,))
    assert (result.outcome, result.reason, result.waited_seconds) == (
        Outcome.FAIL,
        "waited_seconds is 12s, expected at most 10s",
        12,
    )
    assert result.attempts[2].readings["waited_seconds"] == 12
    assert len(result.warnings) == 1
    result = await one(script(FAIL, takes(2)), **keys)
    assert (result.outcome, result.reason, result.waited_seconds) == (Outcome.PASS, "", 7)


@virtual_time
async def test_a_check_may_have_to_keep_passing():
    result = await one(script(PASS, FAIL), policy=Policy(hold=60, every=10))
    assert (result.outcome, result.waited_seconds, len(result.attempts)) == (Outcome.FAIL, 10, 2)
    result = await one(script(), policy=Policy(hold=60, every=10))
    assert (result.outcome, result.waited_seconds, len(result.attempts)) == (Outcome.PASS, 60, 7)
