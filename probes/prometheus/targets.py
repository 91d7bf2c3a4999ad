"""See what Prometheus scrapes: what is up, what is down and why, and when it was last looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, field

from agent.probe import Reading, Unknown, Unreadable
from probes.http.readings import apart
from probes.http.visit import Visit
from probes.prometheus.matchers import MatcherText, given, matching
from probes.prometheus.server import Server
from probes.prometheus.times import duration, server_time, since
from probes.prometheus.words import line, span

__all__ = ["TargetsProbe", "TargetsReading"]

_PATH = "/api/v1/targets"
_USUAL_INTERVAL = 60.0
_LATE = 2
"""Intervals after which a scrape is overdue."""
_ROUNDED = 1.0
"""The server's clock is told in whole seconds."""
_TOLD = 20
"""Problems that are told."""
_IN_URL = re.compile(r"(?<=://)[^/\s\"@]*@|\?[^\s\"]*")
"""What may be secret in a URL: user and password, parameters."""


class _Target(msgspec.Struct, frozen=True):
    labels: dict[str, str]
    health: str
    lastScrape: datetime  # noqa: N815  the API's own names
    lastError: str = ""  # noqa: N815
    lastScrapeDuration: float = 0.0  # noqa: N815
    scrapeInterval: str = ""  # noqa: N815

    @property
    def job(self) -> str:
        return self.labels.get("job", "")

    def __str__(self) -> str:
        return f"{self.job or 'no job'} {self.labels.get('instance', 'without instance')}"


class _Targets(msgspec.Struct, frozen=True):
    activeTargets: list[_Target]  # noqa: N815  the API's own names
    droppedTargets: list[msgspec.Raw] | None = None  # noqa: N815
    droppedTargetCounts: dict[str, int] | None = None  # noqa: N815


class TargetsReading(Reading, frozen=True, kw_only=True):
    """The targets that match, as they were when each was last scraped."""

    active: int
    """Targets."""
    up: int
    """Targets whose last scrape succeeded."""
    down: int | Unreadable
    """Targets whose last scrape failed.  Nobody knows it while none is down and one has not been scraped yet."""
    pending: int
    """Targets that have not been scraped yet."""
    up_ratio: float | None
    """Share that is up; absent without targets."""
    jobs: list[str]
    """Jobs that have targets."""
    missing: list[str]
    """Jobs that `job` names and that have no target."""
    down_jobs: list[str]
    """Jobs with a target that is not up."""
    problems: list[str]
    """Targets that are not up or overdue, and why: the first 20."""
    scrape_age_seconds: float | Unreadable | None
    """Since the last scrape, of the target that waits longest; absent when none has been scraped."""
    overdue: int | Unreadable
    """Targets whose last scrape is longer ago than two intervals (a minute each where the server does not tell)."""
    scrape_seconds: float | None
    """How long the slowest of the last scrapes took."""
    dropped: int | None
    """Targets that relabelling dropped, of all jobs; absent when the server does not count them and `dropped` is
    false."""


class TargetsProbe(Server, frozen=True, kw_only=True):
    """Ask Prometheus for its targets.  Those that relabelling dropped are only counted."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "active": {"min": "1"},
        "down": "0",
        "missing": {"equals": []},
        "overdue": "0",
    }
    paths: ClassVar[tuple[str, ...]] = (_PATH,)

    job: str | Annotated[list[str], Meta(min_length=1)] | None = None
    """A job, or a list of jobs, each of which must have targets; by default all jobs that there are."""

    labels: dict[str, str] = field(default_factory=dict)
    """Labels that the targets have: `{namespace: shop}`."""

    matchers: list[MatcherText] = field(default_factory=list)
    """Further conditions on labels, as in PromQL: `['instance=~"10[.].*"']`."""

    dropped: bool = False
    """Whether dropped targets are counted by servers that do not count them themselves (before 2.48), which
    makes their answers long."""

    async def measure(self) -> TargetsReading:
        """Look at all of them once.  Raises Unreachable and ProbeError."""
        visit = await self.visit(_PATH, {"state": "any" if self.dropped else "active"})
        return await apart(len(visit.answer.content), self._reading, visit)

    def _reading(self, visit: Visit) -> TargetsReading:
        told = self.told(visit, _Targets)
        matchers = given(self.labels, self.matchers)
        targets = [
            target for target in told.activeTargets if self._wanted(target) and matching(matchers, target.labels)
        ]
        found = _Found(targets, server_time(visit))
        jobs = sorted({target.job for target in targets})
        return TargetsReading(
            jobs=jobs,
            missing=[job for job in self._jobs() if job not in jobs],
            dropped=self._dropped(told),
            **found.health(),
            **found.scrapes(),
            problems=found.problems(),
        )

    def _jobs(self) -> list[str]:
        return [self.job] if isinstance(self.job, str) else self.job or []

    def _wanted(self, target: _Target) -> bool:
        return self.job is None or target.job in self._jobs()

    def _dropped(self, told: _Targets) -> int | None:
        if told.droppedTargetCounts is not None:
            return sum(told.droppedTargetCounts.values())
        return len(told.droppedTargets or ()) if self.dropped else None


class _Found:
    """Targets at a time."""

    def __init__(self, targets: Sequence[_Target], now: float) -> None:
        self._targets = targets
        self._ages = {id(target): since(target.lastScrape, now) for target in targets}

    def health(self) -> dict[str, Any]:
        """Count them by health."""
        states = [target.health for target in self._targets]
        up, pending = states.count("up"), states.count("unknown")
        down: int | Unknown = len(states) - up - pending
        if pending and not down:
            down = Unknown(f"none is down, but {pending} of {len(states)} targets have not been scraped yet")
        return {
            "active": len(states),
            "up": up,
            "down": down,
            "pending": pending,
            "up_ratio": up / len(states) if states else None,
            "down_jobs": sorted({target.job for target in self._targets if target.health != "up"}),
        }

    def scrapes(self) -> dict[str, Any]:
        """Tell when they were scraped."""
        scraped = [age for age in self._ages.values() if age is not None]
        unknown = next((age for age in scraped if isinstance(age, Unknown)), None)
        ages = [age for age in scraped if isinstance(age, float)]
        return {
            "scrape_age_seconds": unknown or max(ages, default=None),
            "overdue": unknown or sum(map(self._late, self._targets)),
            "scrape_seconds": max((target.lastScrapeDuration for target in self._targets), default=None),
        }

    def _late(self, target: _Target) -> bool:
        age = self._ages[id(target)]
        interval = duration(target.scrapeInterval) or _USUAL_INTERVAL
        return isinstance(age, float) and age > _LATE * interval + _ROUNDED

    def problems(self) -> list[str]:
        """Say of each that is not up, or overdue, why."""
        wrong = [target for target in self._targets if target.health != "up" or self._late(target)]
        return [self._problem(target) for target in wrong[:_TOLD]]

    def _problem(self, target: _Target) -> str:
        if target.health == "unknown":
            return f"{target}: not scraped yet"
        if target.health != "up":
            return f"{target}: {line(_IN_URL.sub('…', target.lastError)) or target.health}"
        age = self._ages[id(target)]
        return f"{target}: last scraped {span(age)} ago" if isinstance(age, float) else f"{target}: overdue"
