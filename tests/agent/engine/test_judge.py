"""Holding readings against limits; baselines; how long a check waited."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest

from agent.engine.judge import Judge, Observation
from agent.engine.reading import Metrics
from agent.engine.ready import Ready
from agent.limit import Shape
from agent.model import Breach, Outcome
from agent.plan.steps import Baseline, Policy
from agent.probe import Unknown, Unreadable
from agent.units import Unit
from tests.agent.engine.kit import Script, Witness, check, limit

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
SLOW = limit("latency_seconds", {"max": "1s"}, Shape.NUMBER, unit=Unit.SECONDS)
GROWS = limit("size", {"max_increase": "10%", "min": "1"}, Shape.NUMBER)
WAIT = limit("waited_seconds", {"max": "30s"}, Shape.NUMBER, unit=Unit.SECONDS)
WITHIN = Policy(within=60)


class Target(Script, frozen=True):
    """Names a gate, which means nothing for a target."""

    gates: ClassVar[tuple[str, ...]] = ("value",)


def judged(values, *limits, warn=(), baseline=None, waited=None, policy=Policy(), probe=Script()):  # noqa: B008
    ready = Ready(check("a", probe, policy=policy), probe, "", limits, tuple(warn))
    return Judge(ready, baseline)(Metrics(values, frozenset()), waited)


def test_a_reading_within_its_limits_passes():
    assert judged({"latency_seconds": 0.5}, SLOW) == Observation(outcome=PASS, values={"latency_seconds": 0.5})


def test_every_breach_is_told():
    values = {"latency_seconds": 2.0, "size": 0}
    seen = judged(values, SLOW, limit("size", {"min": "1"}, Shape.NUMBER), limit("gone", {"exists": "true"}))
    assert seen == Observation(
        outcome=FAIL,
        values=values,
        breaches=(
            Breach("latency_seconds", "2s", "at most 1s"),
            Breach("size", "0", "at least 1"),
            Breach("gone", "absent", "to be present"),
        ),
    )


def test_a_warning_changes_no_outcome():
    seen = judged({"latency_seconds": 2.0}, limit("latency_seconds", {"exists": "true"}), warn=[SLOW])
    assert (seen.outcome, seen.warnings) == (PASS, (Breach("latency_seconds", "2s", "at most 1s"),))


def test_a_witness_whose_gate_is_breached_has_said_nothing():
    gate, own = limit("value", "200"), limit("ok", "true")
    assert judged({"value": 503, "ok": None}, gate, own, probe=Witness()).outcome is ERROR
    assert judged({"value": 200, "ok": None}, gate, own, probe=Witness()).outcome is FAIL
    assert judged({"value": 503, "ok": None}, gate, own, probe=Target()).outcome is FAIL
    assert judged({"value": 200, "ok": True}, gate, own, probe=Witness()).outcome is PASS


@pytest.mark.parametrize(
    ("size", "outcome", "breaches"),
    [(109, PASS, ()), (111, FAIL, (Breach("size", "111 after 100", "an increase of at most 10%"),))],
)
def test_a_baseline_is_compared_with(size, outcome, breaches):
    seen = judged({"size": size}, GROWS, baseline=Baseline({"a": {"size": 100}}))
    assert (seen.outcome, seen.breaches, seen.final) == (outcome, breaches, False)


NONE = "size has nothing to compare with: there is no reading of it in the baseline"


@pytest.mark.parametrize(
    ("baseline", "reason"),
    [
        (None, NONE),
        (Baseline(), NONE),
        (Baseline({"b": {"size": 1}}), NONE),
        (Baseline({"a": {"size": None}}), NONE),
        (Baseline({"a": {"size": "large"}}), NONE),
        (Baseline({"a": {"size": "2026-01-01T00:00:00Z"}}), NONE),
        (Baseline({"a": {"size": datetime(2026, 1, 1, tzinfo=UTC)}}), NONE),
        (Baseline(missing="no file"), "size has nothing to compare with: no file"),
    ],
)
def test_without_a_baseline_nobody_knows(baseline, reason):
    assert judged({"size": 5}, GROWS, baseline=baseline) == Observation(
        outcome=ERROR, reason=reason, values={"size": 5}, final=True
    )


def test_without_a_baseline_what_is_surely_wrong_is_wrong():
    seen = judged({"size": 0}, GROWS)
    assert (seen.outcome, seen.reason, seen.breaches) == (FAIL, "", (Breach("size", "0", "at least 1"),))
    only = limit("size", {"max_increase": "10%"}, Shape.NUMBER)
    assert judged({"size": Unreadable("cut")}, only).breaches == (
        Breach("size", "unreadable (cut)", "an increase of at most 10%"),
    )


def test_a_warning_without_a_baseline_is_silent():
    seen = judged({"size": 5}, limit("size", {"min": "1"}, Shape.NUMBER), warn=[GROWS])
    assert (seen.outcome, seen.warnings, seen.final) == (PASS, (), False)


def test_how_long_it_waited_is_judged_when_it_ends_and_not_before():
    values = {"latency_seconds": 0.5}
    assert judged(values, SLOW, WAIT, policy=WITHIN) == Observation(outcome=PASS, values=values)
    seen = judged(values, SLOW, WAIT, policy=WITHIN, waited=20)
    assert (seen.outcome, seen.values, seen.final) == (PASS, {**values, "waited_seconds": 20}, False)
    seen = judged(values, SLOW, WAIT, policy=WITHIN, waited=40)
    assert seen.breaches == (Breach("waited_seconds", "40s", "at most 30s"),)
    assert (seen.outcome, seen.final) == (FAIL, True)


def test_a_failing_attempt_does_not_end_the_wait():
    seen = judged({"latency_seconds": 2.0}, SLOW, WAIT, policy=WITHIN, waited=40)
    assert (seen.outcome, seen.final, seen.values) == (FAIL, False, {"latency_seconds": 2.0})


def test_a_long_wait_may_warn():
    assert judged({}, policy=Policy(hold=60), warn=[WAIT]).warnings == ()
    assert judged({}, policy=Policy(hold=60), warn=[WAIT], waited=70).warnings == (
        Breach("waited_seconds", "1m10s", "at most 30s"),
    )


def test_a_check_that_does_not_wait_has_no_such_metric():
    assert judged({}, WAIT).breaches == (Breach("waited_seconds", "absent", "at most 30s"),)


def test_a_metric_that_nobody_saw_is_an_error_unless_another_failed():
    unseen = {"latency_seconds": Unknown("a shallow clone"), "size": 0}
    least = limit("size", {"min": "1"}, Shape.NUMBER)
    assert judged(unseen, SLOW).outcome is ERROR
    assert judged(unseen, SLOW).breaches == (Breach("latency_seconds", "unreadable (a shallow clone)", "at most 1s"),)
    assert judged(unseen, SLOW, least).outcome is FAIL
    assert judged({"latency_seconds": Unreadable("garbage")}, SLOW).outcome is FAIL
