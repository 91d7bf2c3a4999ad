"""What is known so far of a visit."""

from __future__ import annotations

from agent.probe import Value
from probes.http.timing import Timing

__all__ = ["Seen"]


class Seen:
    """Metrics, as the visit goes on."""

    def __init__(self) -> None:
        self.timing = Timing()
        self.metrics: dict[str, Value] = {}
        self._spent = dict.fromkeys(("greeting", "hello", "login", "message"), 0.0)

    def spend(self, phase: str, seconds: float) -> None:
        """Add to a phase."""
        self._spent[phase] += seconds
        self.metrics[f"{phase}_seconds"] = self._spent[phase]

    def forget(self, *names: str) -> None:
        """Drop metrics that no longer hold."""
        for name in names:
            self.metrics.pop(name, None)

    def known(self) -> dict[str, Value]:
        """Give all metrics so far."""
        timing = self.timing
        return {
            **self.metrics,
            "address": timing.peer or None,
            "resolve_seconds": timing.resolve,
            "connect_seconds": timing.connect,
            "tls_seconds": timing.tls,
            "latency_seconds": timing.total + sum(self._spent.values()),
        }
