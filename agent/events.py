"""What happens in a run, as it happens: the engine's only way out.

Whoever watches (live progress, ndjson, a server) gets these in order through one function, `Emit`,
which must return at once.  Everything in an event may be shown: it is cut and masked already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from agent.model import Attempt, Decision, Result


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all events have."""

    at_seconds: float
    """Since the start of the run."""


class RunStarted(_Event, frozen=True, kw_only=True, tag="run_started"):
    """The first event; times are counted from here."""

    name: str
    started_at: str
    """RFC 3339, UTC."""
    checks: int
    """How many checks the run has, those that do not apply among them."""


class CheckStarted(_Event, frozen=True, kw_only=True, tag="check_started"):
    """A check has its turn; its first attempt begins."""

    address: str
    name: str
    kind: str


class AttemptFinished(_Event, frozen=True, kw_only=True, tag="attempt_finished"):
    """One look is over; there may be more."""

    address: str
    attempt: Attempt


class CheckFinished(_Event, frozen=True, kw_only=True, tag="check_finished"):
    """A check has its one result."""

    name: str
    result: Result


class RunFinished(_Event, frozen=True, kw_only=True, tag="run_finished"):
    """The last event."""

    interrupted: str = ""
    """The signal that ended the run early."""
    decision: Decision | None = None


Event: TypeAlias = RunStarted | CheckStarted | AttemptFinished | CheckFinished | RunFinished
Emit: TypeAlias = Callable[[Event], None]
