"""What Alertmanager's API tells.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from agent.probe import Unreachable
from probes.http.patience import refuse_busy
from probes.http.readings import apart
from probes.http.visit import Visit
from probes.prometheus.connection import Connection, Query
from probes.prometheus.envelope import decode, media_type
from probes.prometheus.refusal import refuse
from probes.prometheus.words import line

__all__ = ["Alert", "Cluster", "Receiver", "Silence", "SilenceMatcher", "Status", "ask"]

_Data = TypeVar("_Data")


class _AlertStatus(msgspec.Struct, frozen=True):
    silencedBy: list[str]  # noqa: N815  the API's own names
    inhibitedBy: list[str]  # noqa: N815


class Alert(msgspec.Struct, frozen=True):
    """An alert that it was sent."""

    labels: dict[str, str]
    status: _AlertStatus

    @property
    def silenced(self) -> bool:
        """Whether a silence mutes it."""
        return bool(self.status.silencedBy)

    @property
    def inhibited(self) -> bool:
        """Whether another alert mutes it."""
        return bool(self.status.inhibitedBy)


class SilenceMatcher(msgspec.Struct, frozen=True):
    """One condition of a silence."""

    name: str
    value: str
    isRegex: bool  # noqa: N815  the API's own names
    isEqual: bool = True  # noqa: N815


class _SilenceStatus(msgspec.Struct, frozen=True):
    state: Literal["active", "pending", "expired"]


class Silence(msgspec.Struct, frozen=True):
    """A silence, whether it holds now or not."""

    matchers: list[SilenceMatcher]
    status: _SilenceStatus
    startsAt: datetime  # noqa: N815  the API's own names
    endsAt: datetime  # noqa: N815
    createdBy: str = ""  # noqa: N815
    comment: str = ""


class Cluster(msgspec.Struct, frozen=True):
    """The other instances that it knows."""

    status: Literal["ready", "settling", "disabled"]
    peers: list[msgspec.Raw] | None = None


class _Config(msgspec.Struct, frozen=True):
    original: str


class _Version(msgspec.Struct, frozen=True):
    version: str = ""


class Status(msgspec.Struct, frozen=True):
    """How it is."""

    cluster: Cluster
    config: _Config
    uptime: datetime
    """When it was started."""
    versionInfo: _Version = _Version()  # noqa: N815  the API's own name


class Receiver(msgspec.Struct, frozen=True):
    """Whom it may notify."""

    name: str


async def ask(server: Connection, path: str, form: type[_Data], query: Query | None = None) -> tuple[_Data, Visit]:
    """Ask the API.  Raises Unreachable, and ProbeError where we may not look."""
    visit = await server.visit(path, query)
    return await apart(len(visit.answer.content), _read, server, visit, form), visit


def _read(server: Connection, visit: Visit, form: type[_Data]) -> _Data:
    refuse_busy(visit)
    refuse(visit, server.place)
    if (kind := media_type(visit)) != "application/json":
        raise Unreachable(
            f"{server.place}: sends {line(kind) or 'no content type'}, expected JSON: this is not its API"
        )
    return decode(visit.answer.content, form, server.place)
