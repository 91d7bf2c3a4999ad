"""Around every call into a stranger's code: what it raises is kept and told, and never reaches the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from traceback import format_exception_only
from types import TracebackType
from typing import Self

import msgspec

from agent.model import Outcome
from agent.probe import ProbeError, Unreachable, Value


class Trouble(msgspec.Struct, frozen=True):
    """An error as it counts: the outcome, the reason, and the metrics that were read before it."""

    outcome: Outcome
    reason: str
    partial: Mapping[str, Value] = {}


class Guard:
    """Keeps the error of the call under it.  A broken probe must neither stop the run nor pass.

    Even a call of `sys.exit` ends here; only cancellation goes through.
    """

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> bool:
        if not isinstance(error, Exception | SystemExit | BaseExceptionGroup):
            return False
        self.error = _alone(error)
        return True

    def trouble(self, *, witness: bool = False) -> Trouble:
        """Tell "it is down" from "I am blind": only a target that does not answer has failed."""
        error = self.error
        if isinstance(error, Unreachable) and not witness:
            return Trouble(Outcome.FAIL, str(error) or "no answer", error.partial)
        if isinstance(error, Unreachable | ProbeError):
            return Trouble(Outcome.ERROR, str(error) or "could not look", error.partial)
        return Trouble(Outcome.ERROR, f"probe failed: {self.said()}")

    def said(self) -> str:
        """Name the error, what it says and where: there is no log to look into."""
        return f"{_named(self.error)}{_place(self.error)}" if self.error else ""


def _alone(error: BaseException) -> BaseException:
    """Unwrap what the probe's own task groups wrapped around a single error."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _named(error: BaseException) -> str:
    """Name an error and what it says, even when asking it fails: `ValueError: no digits`."""
    return next(line for line in format_exception_only(error) if not line.startswith(" ")).strip()


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
