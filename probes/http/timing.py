"""The phases of one request, in seconds, without the time for which this process was late."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["PHASES", "Timing", "added"]

PHASES = ("resolve", "connect", "tls", "first_byte", "transfer")
"""In the order in which they happen."""


class Timing(msgspec.Struct):
    """What is known so far of one request; None is a phase that did not happen, or not yet.

    It is filled in while the request goes on, so that a failure leaves what came before it.
    """

    resolve: float | None = None
    connect: float | None = None
    tls: float | None = None
    send: float | None = None
    """Handing the request to the kernel: no metric, as it is next to nothing, but part of the total."""
    first_byte: float | None = None
    transfer: float | None = None
    peer: str = ""
    """The address that was connected to."""

    @property
    def total(self) -> float:
        """From the beginning to the last byte's arrival."""
        phases = (self.resolve, self.connect, self.tls, self.send, self.first_byte, self.transfer)
        return sum(seconds for seconds in phases if seconds is not None)

    def metrics(self) -> dict[str, float | None]:
        """Put the phases under the names of their metrics."""
        return {f"{name}_seconds": getattr(self, name) for name in PHASES}


def added(timings: Iterable[Timing]) -> Timing:
    """Sum each phase over several requests; a phase that none of them had stays None."""
    total = Timing()
    for timing in timings:
        for name in ("send", *PHASES):
            if (value := getattr(timing, name)) is not None:
                setattr(total, name, (getattr(total, name) or 0.0) + value)
    return total
