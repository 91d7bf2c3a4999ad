"""The rules that a server has loaded, and the alerts that they make.

https://prometheus.io/docs/prometheus/latest/querying/api/#rules
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from agent.probe import Unknown
from probes.prometheus.times import since

__all__ = ["PATH", "Alert", "Group", "Groups", "Loaded", "Rule"]

PATH = "/api/v1/rules"

_LATE = 2
"""Intervals after which an evaluation is overdue."""
_USUAL_INTERVAL = 60.0
"""Where the server does not tell it."""
_ROUNDED = 1.0
"""The server's clock is told in whole seconds."""


class Alert(msgspec.Struct, frozen=True):
    """An alert that is pending or firing."""

    labels: dict[str, str]
    state: str
    activeAt: datetime | None = None  # noqa: N815  the API's own name
    annotations: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What its rule is called."""
        return self.labels.get("alertname", "")


class Rule(msgspec.Struct, frozen=True):
    """A rule, as it is loaded."""

    name: str
    type: Literal["alerting", "recording"]
    query: str
    health: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    duration: float = 0.0
    """Seconds that the expression must hold before the alert fires."""
    keepFiringFor: float = 0.0  # noqa: N815  the API's own names
    lastError: str = ""  # noqa: N815
    lastEvaluation: datetime | None = None  # noqa: N815
    alerts: list[Alert] = []

    @property
    def kind(self) -> str:
        """The key under which a rule file has its name."""
        return "alert" if self.type == "alerting" else "record"


class Group(msgspec.Struct, frozen=True):
    """Rules that are evaluated together."""

    name: str
    rules: list[Rule]
    interval: float = 0.0
    file: str = ""


class Groups(msgspec.Struct, frozen=True):
    """All of them."""

    groups: list[Group]


class Loaded(NamedTuple):
    """A rule in its group."""

    group: str
    rule: Rule
    interval: float
    """Seconds between two evaluations."""

    def age(self, now: float) -> float | Unknown | None:
        """Tell the seconds since it was evaluated; None when it never was."""
        return since(self.rule.lastEvaluation, now) if self.rule.lastEvaluation is not None else None

    def overdue(self, now: float) -> bool:
        """Whether it has not been evaluated for two intervals."""
        age = self.age(now)
        return isinstance(age, float) and age > _LATE * (self.interval or _USUAL_INTERVAL) + _ROUNDED
