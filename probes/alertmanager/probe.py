"""Look at Alertmanager: is it ready, what is silenced, and whom would an alert reach."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal

from anyio import to_thread
from msgspec import field

from agent.probe import Need, Reading, Value
from probes.alertmanager import api, config, routing, silences
from probes.alertmanager.api import Silence, Status
from probes.alertmanager.config import Config
from probes.extract import JmesPaths
from probes.http.visit import Visit
from probes.prometheus.connection import Connection
from probes.prometheus.refusal import refuse_denied
from probes.prometheus.times import server_time
from probes.prometheus.together import together

__all__ = ["AlertmanagerProbe", "AlertmanagerReading"]

_READY, _STATUS, _SILENCES = "/-/ready", "/api/v2/status", "/api/v2/silences"


class AlertmanagerReading(Reading, frozen=True, kw_only=True):
    """How it is and what it would do."""

    ready: bool
    """Whether it says that it is ready (`/-/ready`)."""
    cluster: Literal["ready", "settling", "disabled"]
    """Whether it has found the others of its cluster; `disabled` when it has none."""
    peers: int
    """Instances in its cluster, itself among them; 0 when it has none."""
    version: str
    """Its version."""
    uptime_seconds: float
    """Since it was started."""
    receivers: list[str]
    """Names of all receivers that are configured."""
    reached: list[str] | None
    """With `labels`: receivers that such an alert would be sent to, by the tree of routes."""
    timed: list[str] | None
    """Those of them that are notified at some times only (mute and active time intervals, which are not looked at)."""
    integrations: list[str]
    """Ways in which these receivers notify (without `labels`: all receivers): `email`, `slack`, `pagerduty` …"""
    silences: int
    """Silences that hold now; with `labels` those that would mute such an alert."""
    blanket_silences: int
    """Those of them that would mute an alert that nobody knows: they are not about anything in particular."""
    pending_silences: int
    """Silences that begin later."""
    silenced: bool | None
    """With `labels`: whether such an alert would be muted now by a silence."""
    ends_in_seconds: float | None
    """Time until the next of `silences` ends; absent when there is none."""
    silenced_by: list[str]
    """What they mute, who made them, when they end: the first 20."""


class AlertmanagerProbe(Connection, frozen=True, kw_only=True):
    """Ask an Alertmanager for its state, its configuration and its silences.

    It is a target: one that does not answer, or is not ready, has failed, because then nobody is notified.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"ready": "true", "cluster": ["ready", "disabled"]}
    paths: ClassVar[tuple[str, ...]] = (_READY, _STATUS, _SILENCES)

    labels: dict[str, str] = field(default_factory=dict)
    """Labels of an alert that may come: `{alertname: HighErrorRate, severity: critical}`."""

    config: JmesPaths = field(default_factory=dict)
    """Readings from its configuration, each by a JMESPath: `{mail: "receivers[?name=='ops'].email_configs[].to"}`.
    It hides its secrets itself."""

    async def measure(self) -> AlertmanagerReading:
        """Look once.  Raises Unreachable and ProbeError."""
        found: dict[str, Value] = {}
        await together([partial(look, found) for look in (self._ready, self._status, self._silences)])
        return AlertmanagerReading(**found)

    async def _ready(self, found: dict[str, Value]) -> None:
        visit = await self.visit(_READY)
        refuse_denied(visit, self.place)
        found["ready"] = visit.answer.status_code == 200

    async def _status(self, found: dict[str, Value]) -> None:
        status, visit = await api.ask(self, _STATUS, Status)
        found |= await to_thread.run_sync(self._configured, status, abandon_on_cancel=True)
        found["uptime_seconds"] = max(0.0, server_time(visit) - status.uptime.timestamp())

    def _configured(self, status: Status) -> dict[str, Value]:
        configured = config.parse(status.config.original, self.place)
        return {
            "cluster": status.cluster.status,
            "peers": len(status.cluster.peers or ()),
            "version": status.versionInfo.version,
            "receivers": list(configured.receivers),
            "named": configured.select(self.config),
            **self._routed(configured),
        }

    def _routed(self, configured: Config) -> dict[str, Value]:
        if not self.labels:
            return {"reached": None, "timed": None, "integrations": configured.integrations(configured.receivers)}
        ends = routing.ends(configured.route, self.labels)
        reached = list(dict.fromkeys(end.receiver for end in ends))
        timed = list(dict.fromkeys(end.receiver for end in ends if end.timed))
        return {"reached": reached, "timed": timed, "integrations": configured.integrations(reached)}

    # Patterns of others are matched in threads: one may take a second before it is given up.

    async def _silences(self, found: dict[str, Value]) -> None:
        told, visit = await api.ask(self, _SILENCES, list[Silence])
        found |= await to_thread.run_sync(self._silenced, told, visit, abandon_on_cancel=True)

    def _silenced(self, told: list[Silence], visit: Visit) -> dict[str, Value]:
        return silences.measured(told, self.labels, server_time(visit))

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, and what of its API is asked."""
        return (*super().permissions(), *(Need("alertmanager", f"GET {path}", self.place) for path in self.paths))
