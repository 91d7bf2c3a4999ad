"""What one look came to: an answer that is judged, silence, or trouble."""

from __future__ import annotations

import msgspec

from agent.engine.guard import Guard
from agent.engine.judge import Judge, Observation
from agent.engine.look import Look
from agent.engine.reading import possible, read
from agent.engine.stop import duration
from agent.model import Outcome


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy allows one attempt."""

    timeout: float
    cut: bool = False
    """Less than a whole timeout was left: silence for so short a time tells nothing."""
    since: float | None = None
    """A pass ends the check, which has been waiting since then; None: it goes on, or does not wait."""


def observe(look: Look, turn: Turn, judge: Judge, *, witness: bool) -> Observation:
    """Give what a look came to, whatever the probe gave or raised."""
    with Guard() as guard:  # a stranger's error can fail again when it is asked what it is
        return _observe(look, turn, judge, witness=witness)
    return Observation(outcome=Outcome.ERROR, reason=guard.trouble().reason)


def _observe(look: Look, turn: Turn, judge: Judge, *, witness: bool) -> Observation:
    if not look.over:
        return Observation(outcome=Outcome.ERROR, reason="did not stop when cancelled", final=True)
    if look.late:
        return _silence(turn, witness=witness)
    if look.guard.error is not None:
        return _trouble(look.guard, witness=witness)
    waited = None if turn.since is None else look.ended - turn.since
    return judge(read(look.reading), waited)


def _silence(turn: Turn, *, witness: bool) -> Observation:
    if turn.cut:
        reason = f"no answer in the {duration(turn.timeout)} that were left"
        return Observation(outcome=Outcome.ERROR, reason=reason)
    outcome = Outcome.ERROR if witness else Outcome.FAIL
    return Observation(outcome=outcome, reason=f"no answer within {duration(turn.timeout)}")


def _trouble(guard: Guard, *, witness: bool) -> Observation:
    told = guard.trouble(witness=witness)
    for metric, value in told.partial.items():
        possible(metric, value)
    return Observation(outcome=told.outcome, reason=told.reason, values=told.partial)
