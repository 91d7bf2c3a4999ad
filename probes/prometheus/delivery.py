"""What Alertmanager made of the alerts that Prometheus fires."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from probes.alertmanager import api
from probes.prometheus.connection import Connection
from probes.prometheus.ruleset import Alert

__all__ = ["Delivered", "delivered"]

_PATH = "/api/v2/alerts"


class Delivered(msgspec.Struct, frozen=True):
    """Alerts, by what became of them."""

    loud: list[Alert]
    """Those that nobody silenced."""
    silenced: int | None = None
    inhibited: int | None = None
    undelivered: int | None = None


async def delivered(server: Connection, alerts: Sequence[Alert]) -> Delivered:
    """Ask it for its alerts, and find ours among them.  Raises Unreachable and ProbeError.

    There an alert has the labels that it has here, and those that Prometheus adds to all that it sends.  When
    several could be ours (of other Prometheus servers), all of them must be silenced for ours to be so.
    """
    theirs, _ = await api.ask(server, _PATH, list[api.Alert])
    by_name: dict[str, list[api.Alert]] = {}
    for one in theirs:
        by_name.setdefault(one.labels.get("alertname", ""), []).append(one)
    pairs = [(alert, [one for one in by_name.get(alert.name, ()) if _is(alert, one)]) for alert in alerts]
    loud = [alert for alert, same in pairs if not same or not all(one.silenced for one in same)]
    return Delivered(
        loud,
        silenced=len(pairs) - len(loud),
        inhibited=sum(bool(same) and all(one.inhibited for one in same) for _, same in pairs),
        undelivered=sum(not same for _, same in pairs),
    )


def _is(ours: Alert, theirs: api.Alert) -> bool:
    return ours.labels.items() <= theirs.labels.items()
