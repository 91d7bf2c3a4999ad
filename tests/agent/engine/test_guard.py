"""The guard: whatever a stranger's code raises is kept, and told for an operator."""

from asyncio import CancelledError

import pytest

from agent.engine.guard import Guard, Trouble
from agent.model import Outcome
from agent.probe import ProbeError, Unreachable


def told(error, **settings):
    with Guard() as guard:
        raise error
    return guard.trouble(**settings)


def test_what_raises_nothing_leaves_no_error():
    with Guard() as guard:
        pass
    assert guard.error is None
    assert guard.said() == ""


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (Unreachable("h:1: refused"), Outcome.FAIL, "h:1: refused"),
        (Unreachable(""), Outcome.FAIL, "no answer"),
        (ProbeError("no permission"), Outcome.ERROR, "no permission"),
        (ProbeError(""), Outcome.ERROR, "could not look"),
        (ValueError("no digits"), Outcome.ERROR, "probe failed: ValueError: no digits (test_guard.py:14)"),
        (KeyError("k"), Outcome.ERROR, "probe failed: KeyError: 'k' (test_guard.py:14)"),
        (SystemExit(3), Outcome.ERROR, "probe failed: SystemExit: 3 (test_guard.py:14)"),
        (SyntaxError("bad"), Outcome.ERROR, "probe failed: SyntaxError: bad (test_guard.py:14)"),
    ],
)
def test_down_is_a_failure_and_blind_is_an_error(error, outcome, reason):
    assert told(error) == Trouble(outcome, reason)


def test_a_witness_that_does_not_answer_has_not_failed():
    assert told(Unreachable("refused", connect_seconds=1), witness=True) == Trouble(
        Outcome.ERROR, "refused", {"connect_seconds": 1}
    )


def test_what_was_measured_before_is_kept():
    assert told(Unreachable("reset", connect_seconds=0.1)).partial == {"connect_seconds": 0.1}


def test_an_error_in_the_probes_own_task_groups_is_told_as_itself():
    wrapped = BaseExceptionGroup("outer", [ExceptionGroup("inner", [Unreachable("refused")])])
    assert told(wrapped) == Trouble(Outcome.FAIL, "refused")
    two = ExceptionGroup("two", [Unreachable("a"), Unreachable("b")])
    assert told(two).reason == "probe failed: ExceptionGroup: two (2 sub-exceptions) (test_guard.py:14)"


def test_an_error_with_notes_and_one_that_cannot_be_printed():
    noted = ValueError("x")
    noted.add_note("a note")
    assert told(noted).reason == "probe failed: ValueError: x (test_guard.py:14)"

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert "Mute: <exception str() failed>" in told(Mute()).reason


def test_an_error_that_was_never_raised_has_no_place():
    guard = Guard()
    guard.error = ValueError("x")
    assert guard.trouble().reason == "probe failed: ValueError: x"


@pytest.mark.parametrize("error", [CancelledError(), KeyboardInterrupt(), GeneratorExit()])
def test_cancellation_goes_through(error):
    with pytest.raises(type(error)), Guard():
        raise error
