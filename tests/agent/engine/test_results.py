"""What a check can come to."""

from datetime import UTC, datetime

import pytest

from agent.engine import results
from agent.model import Attempt, Outcome, Result
from agent.plan.steps import Policy, Waiver
from tests.agent.engine.kit import MARK, check, plan

PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
WAIVER = Waiver(
    owner="dana", reason="renewal booked", ticket="OPS-12", expires=datetime(2026, 12, 1, tzinfo=UTC), mark=MARK
)


def attempts(outcomes, seconds=5.0):
    kinds = {"p": PASS, "f": FAIL, "e": ERROR}
    return tuple(
        Attempt(
            number=number,
            started_seconds=100 + seconds * number,
            duration_seconds=2,
            outcome=kinds[letter],
            reason="" if letter == "p" else f"{letter}{number}",
        )
        for number, letter in enumerate(outcomes, start=1)
    )


def concluded(outcome, letters, waiver=None, **policy):
    made = attempts(letters)
    result = results.concluded(check("a", policy=Policy(**policy), waiver=waiver), outcome, made)
    assert (result.address, result.attempts) == ("a", made)
    return result


@pytest.mark.parametrize(
    ("step", "outcome", "reason"),
    [
        (check("a", skipped="cdn_url is empty"), Outcome.SKIPPED, "cdn_url is empty"),
        (check("a", active=True), Outcome.BLOCKED, "active, and --allow-active was not given"),
        (check("a", active=True, skipped="not here"), Outcome.SKIPPED, "not here"),
    ],
)
def test_some_never_have_a_turn(step, outcome, reason):
    assert results.settled(step, plan(step)) == Result(address="a", outcome=outcome, reason=reason)


def test_others_have_one():
    assert results.settled(check("a"), plan()) is None
    assert results.settled(check("a", active=True), plan(active_allowed=True)) is None


def test_a_plain_pass_has_nothing_to_say():
    result = concluded(PASS, "p")
    assert (result.outcome, result.reason, result.retried, result.waited_seconds) == (PASS, "", False, None)
    result = concluded(PASS, "p", attempts=3)
    assert (result.reason, result.retried) == ("", False)


def test_a_pass_after_a_retry_says_so():
    result = concluded(PASS, "fp", attempts=3)
    assert (result.reason, result.retried) == ("passed on attempt 2 of 3", True)


def test_waiting_is_no_retry():
    result = concluded(PASS, "ffp", within=60)
    assert (result.reason, result.retried, result.waited_seconds) == ("", False, 12)


def test_a_breach_that_was_tolerated_is_told():
    result = concluded(PASS, "fpppfep", within=60, hold=60, tolerate=20)
    assert (result.reason, result.retried, result.waited_seconds) == (
        "2 of 6 attempts did not pass, which is tolerated",
        False,
        32,
    )
    assert concluded(PASS, "ppp", hold=60).reason == ""


@pytest.mark.parametrize(
    ("outcome", "letters", "reason"),
    [(FAIL, "fef", "f3"), (FAIL, "fe", "f1"), (ERROR, "ee", "e2"), (FAIL, "pfp", "f2")],
)
def test_a_failure_has_the_reason_of_the_attempt_that_decided(outcome, letters, reason):
    result = concluded(outcome, letters, attempts=3)
    assert (result.outcome, result.reason, result.retried) == (outcome, reason, False)


def test_a_failure_under_a_waiver_is_waived_and_says_both():
    result = concluded(FAIL, "f", WAIVER)
    assert (result.outcome, result.reason) == (
        Outcome.WAIVED,
        "waived by dana: renewal booked, OPS-12, until 2026-12-01; f1",
    )


@pytest.mark.parametrize(("outcome", "letters"), [(ERROR, "e"), (PASS, "p")])
def test_an_error_is_never_waived_and_a_pass_needs_no_waiver(outcome, letters):
    assert concluded(outcome, letters, WAIVER).outcome is outcome


BLOCKED = Result(address="a", outcome=Outcome.BLOCKED, reason="needs b, which failed", blocked_by=("b",))


@pytest.mark.parametrize("outcome", [PASS, Outcome.WAIVED])
def test_clean_up_comes_to_nothing_better_than_it_had_without(outcome):
    result = Result(address="a", outcome=outcome, attempts=attempts("fp"), retried=True)
    assert results.no_better(result, BLOCKED) == Result(
        address="a",
        outcome=Outcome.BLOCKED,
        reason="needs b, which failed; cleaned up all the same",
        attempts=attempts("fp"),
        blocked_by=("b",),
    )


@pytest.mark.parametrize("outcome", [FAIL, ERROR])
def test_but_to_something_worse(outcome):
    result = Result(address="a", outcome=outcome, reason="refused")
    assert results.no_better(result, BLOCKED) is result
