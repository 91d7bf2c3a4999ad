"""What one check came to: which attempt decided, and how a breach reads."""

import msgspec
import pytest

from agent.model import UNDECIDED, Attempt, Breach, Outcome, Result


def attempt(number: int, outcome: Outcome, *warnings: Breach) -> Attempt:
    return Attempt(number=number, started_seconds=number, duration_seconds=0.5, outcome=outcome, warnings=warnings)


SLOW = Breach("latency_seconds", "300ms", "at most 200ms")


def test_a_breach_reads_as_a_sentence():
    assert str(SLOW) == "latency_seconds is 300ms, expected at most 200ms"


@pytest.mark.parametrize(
    ("outcome", "attempts", "decided"),
    [
        pytest.param(Outcome.PASS, "FEP", 3, id="the-pass-after-a-retry"),
        pytest.param(Outcome.FAIL, "FFE", 2, id="the-newest-failure-not-the-error-after-it"),
        pytest.param(Outcome.WAIVED, "FE", 1, id="a-waiver-is-about-the-failure"),
        pytest.param(Outcome.ERROR, "EE", 2, id="the-newest-error"),
        pytest.param(Outcome.ERROR, "PF", 2, id="cut-short-the-newest-of-any-kind"),
        pytest.param(Outcome.PENDING, "F", 1, id="a-sign-off-not-given"),
    ],
)
def test_the_deciding_attempt_is_the_newest_of_the_outcome_s_kind(outcome, attempts, decided):
    letters = {"P": Outcome.PASS, "F": Outcome.FAIL, "E": Outcome.ERROR}
    looks = tuple(attempt(number, letters[letter]) for number, letter in enumerate(attempts, start=1))
    last = Result(address="a", outcome=outcome, attempts=looks).last
    assert last is looks[decided - 1]


def test_a_check_that_never_started_has_no_deciding_attempt_and_no_warnings():
    result = Result(address="a", outcome=Outcome.BLOCKED, blocked_by=("login",))
    assert (result.last, result.warnings) == (None, ())


def test_warnings_are_those_of_the_deciding_attempt():
    early, late = attempt(1, Outcome.FAIL, SLOW), attempt(2, Outcome.PASS)
    assert Result(address="a", outcome=Outcome.PASS, attempts=(early, late)).warnings == ()
    assert Result(address="a", outcome=Outcome.FAIL, attempts=(early, late)).warnings == (SLOW,)


def test_only_four_outcomes_say_that_nobody_knows():
    assert {"error", "blocked", "pending", "inconclusive"} == UNDECIDED


def test_a_result_encodes_to_json_as_it_stands_and_back():
    result = Result(address="a", outcome=Outcome.PASS, attempts=(attempt(1, Outcome.PASS, SLOW),))
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result
