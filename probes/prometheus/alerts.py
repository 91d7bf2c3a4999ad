"""See what fires: alerts by name, label and severity, less those that somebody silenced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, field

from agent.probe import Need, ProbeError, Reading, Unknown, Unreachable, Unreadable, checked
from probes.http.readings import apart
from probes.http.visit import Visit
from probes.prometheus import ruleset
from probes.prometheus.connection import Connection, base_url
from probes.prometheus.delivery import Delivered, delivered
from probes.prometheus.matchers import MatcherText, given, quoted
from probes.prometheus.ruleset import Alert, Groups, Loaded
from probes.prometheus.server import Server
from probes.prometheus.times import server_time, since
from probes.prometheus.watch import Watch, blind
from probes.prometheus.words import line, listed, span

__all__ = ["AlertsProbe", "AlertsReading"]

_TOLD = 20
"""Alerts that are told."""


class AlertsReading(Reading, frozen=True, kw_only=True):
    """The alerts that match, as the rules made them at their last evaluation."""

    firing: int
    """Alerts that fire and are not silenced (without `alertmanager`: that fire)."""
    pending: int
    """Alerts whose expression holds, but not for long enough yet."""
    silenced: int | None
    """Alerts that fire and are silenced; absent without `alertmanager`."""
    inhibited: int | None
    """Alerts that fire and are muted because of another; they count as firing.  Absent without `alertmanager`."""
    undelivered: int | None
    """Alerts that fire and that Alertmanager does not have (yet); absent without `alertmanager`."""
    alerts: list[str]
    """What fires and is not silenced, for how long, and its summary: the first 20."""
    names: list[str]
    """Names of these alerts."""
    severities: list[str]
    """Their severities."""
    firing_seconds: float | Unreadable | None
    """How long the first of them has been pending and firing; absent when none fires."""
    rules: int
    """Loaded rules that could raise such alerts."""
    missing: list[str]
    """Names in `alert` that no loaded rule has."""
    evaluated: bool | Unreadable
    """Whether all these rules were evaluated lately and without error: otherwise nobody knows what would fire."""


class AlertsProbe(Server, frozen=True, kw_only=True):
    """Ask Prometheus for its alerts, and Alertmanager which of them are silenced.

    That nothing fires proves something only where rules are loaded and evaluated: see `rules` and `evaluated`.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "firing": "0",
        "rules": {"min": "1"},
        "missing": {"equals": []},
        "evaluated": "true",
    }
    paths: ClassVar[tuple[str, ...]] = (ruleset.PATH,)

    alert: str | Annotated[list[str], Meta(min_length=1)] | None = None
    """Name of an alert, or a list of names; by default all."""

    severity: str | Annotated[list[str], Meta(min_length=1)] | None = None
    """Value of the label `severity`, or a list of them; by default all."""

    labels: dict[str, str] = field(default_factory=dict)
    """Labels that an alert has: `{team: payments}`."""

    matchers: list[MatcherText] = field(default_factory=list)
    """Further conditions on labels, as in PromQL: `['namespace=~"shop|pay"']`."""

    ignore: list[str] = field(default_factory=lambda: ["Watchdog", "InfoInhibitor", "DeadMansSwitch"])
    """Names of alerts that are meant to fire, and do not count."""

    alertmanager: Annotated[str, checked(base_url)] | Connection | None = None
    """Alertmanager that knows the silences: its address, or a mapping with `url`, `token` and the like.  Without it
    silenced alerts count as well; and so do those whose labels are changed on the way there, which are not found."""

    async def measure(self) -> AlertsReading:
        """Look at the rules once, and at what became of their alerts.  Raises Unreachable and ProbeError."""
        visit = await self.visit(ruleset.PATH, {"type": "alert"})
        seen = await apart(len(visit.answer.content), self._seen, visit)
        told = await self._delivered(seen.firing)
        ages = [since(alert.activeAt, seen.now) for alert in told.loud if alert.activeAt is not None]
        unknown = next((age for age in ages if isinstance(age, Unknown)), None)
        return AlertsReading(
            firing=len(told.loud),
            pending=seen.pending,
            silenced=told.silenced,
            inhibited=told.inhibited,
            undelivered=told.undelivered,
            alerts=[_told(alert, seen.now) for alert in told.loud[:_TOLD]],
            names=sorted({alert.name for alert in told.loud}),
            severities=sorted({alert.labels.get("severity", "") for alert in told.loud}),
            firing_seconds=unknown or max((age for age in ages if isinstance(age, float)), default=None),
            rules=seen.rules,
            missing=seen.missing,
            evaluated=seen.evaluated,
        )

    def _seen(self, visit: Visit) -> _Seen:
        watch = Watch(
            _several(self.alert), _several(self.severity), given(self.labels, self.matchers), frozenset(self.ignore)
        )
        groups = self.told(visit, Groups).groups
        rules = [Loaded(group.name, rule, group.interval) for group in groups for rule in group.rules]
        guards = [one for one in rules if watch.guards(one.rule)]
        alerts = [alert for one in rules for alert in one.rule.alerts if watch.sees(alert)]
        now = server_time(visit)
        unevaluated = list(blind(guards, now))
        known = {one.rule.name for one in rules if one.rule.type == "alerting"}
        return _Seen(
            firing=[alert for alert in alerts if alert.state == "firing"],
            pending=sum(alert.state == "pending" for alert in alerts),
            rules=len(guards),
            missing=[name for name in watch.names if name not in known],
            evaluated=Unknown(listed(unevaluated, 3)) if unevaluated else True,
            now=now,
        )

    async def _delivered(self, firing: list[Alert]) -> Delivered:
        """Part the silenced ones; who does not tell what is silenced leaves everything open."""
        server = self._alertmanager()
        if server is None:
            return Delivered(firing)
        try:
            return await delivered(server, firing)
        except (Unreachable, ProbeError) as error:
            raise ProbeError(f"nobody knows what is silenced: {error}", **error.partial) from error

    def _alertmanager(self) -> Connection | None:
        return Connection(url=self.alertmanager) if isinstance(self.alertmanager, str) else self.alertmanager

    def prepare(self) -> None:
        """Load certificates.  Raises ProbeError for a file that is no good."""
        super().prepare()
        if (server := self._alertmanager()) is not None:
            server.prepare()

    def permissions(self) -> tuple[Need, ...]:
        """List what is asked of both."""
        server = self._alertmanager()
        theirs = (*server.permissions(), Need("alertmanager", "GET /api/v2/alerts", server.place)) if server else ()
        return (*super().permissions(), *theirs)


class _Seen(msgspec.Struct, frozen=True):
    """What Prometheus told."""

    firing: list[Alert]
    pending: int
    rules: int
    missing: list[str]
    evaluated: bool | Unknown
    now: float


def _several(names: str | list[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _told(alert: Alert, now: float) -> str:
    labels = ",".join(
        f"{label}={quoted(value)}" for label, value in sorted(alert.labels.items()) if label != "alertname"
    )
    age = since(alert.activeAt, now) if alert.activeAt is not None else None
    lasting = f" for {span(age)}" if isinstance(age, float) else ""
    summary = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    return line(f"{alert.name}{{{labels}}}{lasting}" + (f": {summary}" if summary else ""))
