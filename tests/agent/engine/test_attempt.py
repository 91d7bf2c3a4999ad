"""What a look came to: an answer, silence, trouble, or something unheard of."""

import pytest

from agent.engine.attempt import Turn, observe
from agent.engine.judge import Judge, Observation
from agent.engine.look import Look
from agent.engine.ready import Ready
from agent.model import Outcome
from agent.probe import ProbeError, Unreachable
from tests.agent.engine.kit import FAIL, OK, PASS, Script, check

TURN = Turn(timeout=10)


def observed(reading=None, *, error=None, late=False, over=True, turn=TURN, witness=False):
    look = Look(Script(), 10, 5)
    look.started, look.ended = 100.0, 107.0
    look.reading, look.guard.error, look.late = reading, error, late
    if over:
        look._over.set()
    probe = Script()
    return observe(look, turn, Judge(Ready(check("a"), probe, "", (OK,), ()), None), witness=witness)


async def test_an_answer_is_judged():
    assert observed(PASS) == Observation(outcome=Outcome.PASS, values={"ok": True, "value": None})
    assert observed(FAIL).outcome is Outcome.FAIL


async def test_how_long_it_waited_is_known_to_the_judge():
    assert observed(PASS, turn=Turn(timeout=10, since=90)).values["waited_seconds"] == 17


@pytest.mark.parametrize(("witness", "outcome"), [(False, Outcome.FAIL), (True, Outcome.ERROR)])
async def test_silence_is_the_targets_failure_and_a_witness_that_is_not_there(witness, outcome):
    assert observed(late=True, witness=witness) == Observation(outcome=outcome, reason="no answer within 10s")


async def test_silence_that_was_too_short_tells_nothing():
    turn = Turn(timeout=0.25, cut=True)
    expected = Observation(outcome=Outcome.ERROR, reason="no answer in the 250ms that were left")
    assert observed(late=True, turn=turn) == expected


async def test_an_answer_after_time_was_up_does_not_count():
    assert observed(PASS, late=True).reason == "no answer within 10s"


@pytest.mark.parametrize(("witness", "outcome"), [(False, Outcome.FAIL), (True, Outcome.ERROR)])
async def test_trouble_keeps_what_was_measured(witness, outcome):
    error = Unreachable("reset", connect_seconds=0.1)
    assert observed(error=error, witness=witness) == Observation(
        outcome=outcome, reason="reset", values={"connect_seconds": 0.1}
    )


async def test_a_probe_that_does_not_stop_is_an_error_for_good():
    assert observed(over=False) == Observation(outcome=Outcome.ERROR, reason="did not stop when cancelled", final=True)


async def test_an_answer_that_is_no_reading_is_an_error():
    expected = Observation(outcome=Outcome.ERROR, reason="probe failed: it gave int, expected a Reading")
    assert observed(5) == expected


async def test_a_part_of_a_measurement_that_is_impossible_is_an_error():
    error = ProbeError("x", raw=b"x")
    assert observed(error=error).reason == "probe failed: raw is of type bytes, which no metric can be"


async def test_an_error_that_fails_when_it_is_asked_is_an_error():
    class Bare(Unreachable):
        def __init__(self):
            pass

    seen = observed(error=Bare())
    assert seen.outcome is Outcome.ERROR
    assert seen.reason.startswith("probe failed: AttributeError: 'Bare' object has no attribute 'partial' (guard.py:")
