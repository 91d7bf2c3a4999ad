"""The kind `kubernetes.events`: what a cluster complained of lately."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from agent.probe import Reading, Seconds
from probes.kubernetes import lists
from probes.kubernetes.lists import Listed, Wanted
from probes.kubernetes.rbac import Right
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.settings import ListingProbe, Name
from probes.kubernetes.wire import Page, Time, Wire

__all__ = ["EventsProbe", "EventsReading"]

_EVENTS = KNOWN["Event"]
_LISTED = 20
"""Events that are told one by one."""
_LONGEST = 366 * 86400.0
_SHOWN = 200
"""Characters of a message that are told."""


class _Series(Wire, frozen=True):
    count: int = 0
    last_observed_time: Time | None = None


class _Object(Wire, frozen=True):
    kind: str = ""
    name: str = ""


class _Metadata(Wire, frozen=True):
    name: str
    creation_timestamp: Time | None = None


class _Event(Wire, frozen=True):
    metadata: _Metadata
    involved_object: _Object
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int = 0
    last_timestamp: Time | None = None
    event_time: Time | None = None
    series: _Series | None = None

    @property
    def last(self) -> datetime | None:
        """When it happened last, as far as anybody told."""
        told = (self.series.last_observed_time if self.series else None, self.last_timestamp, self.event_time)
        return max(filter(None, told), default=self.metadata.creation_timestamp)

    @property
    def times(self) -> int:
        """How often it happened."""
        return max(self.count, self.series.count if self.series else 0, 1)


_DECODER = msgspec.json.Decoder(Page[_Event])


class EventsReading(Reading, frozen=True):
    """What happened within the window."""

    count: int
    """Events; the API keeps one for what happens to one object again and again.  By default 0."""
    occurrences: int
    """How often they happened, before the window too: the API keeps no more than a number."""
    reasons: list[str]
    """Their reasons: `BackOff`, `FailedScheduling`, `FailedMount` …"""
    objects: list[str]
    """What they are about, as `Pod/shop-7d4b9c`; at most twenty of them, those of the latest events."""
    kinds: list[str]
    """Kinds of what they are about: `Pod`, `Node` …"""
    messages: list[str]
    """The latest of them in words: object, reason, message, how often; at most twenty."""
    newest_age_seconds: float | None = None
    """Since the last of them happened, by the server's clock; absent when there is none."""


class EventsProbe(ListingProbe, frozen=True, kw_only=True):
    """Look for events that happened lately, warnings unless told otherwise.

    By default there must be none.  Events about nodes stand in the namespace `default`.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"count": "0"}

    window: Seconds = 900.0
    """How far back to look; default 15 minutes."""
    kept: Seconds = 3600.0
    """How long the API server keeps events (its `--event-ttl`), which it tells nobody; default 1 hour.  A longer
    `window` would find nothing where there was something, and is refused."""
    type: Literal["Warning", "Normal", "all"] = "Warning"
    """Which events."""
    only: list[str] = msgspec.field(default_factory=list)
    """Reasons that count (`[FailedMount, BackOff]`); default: all."""
    ignore: list[str] = msgspec.field(default_factory=list)
    """Reasons that do not count."""
    kind: Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9]*$")] | None = None
    """Kind of what they are about, as in `Pod`; default: any."""
    name: Name | None = None
    """Name of what they are about."""

    def __post_init__(self) -> None:
        """Refuse a window that finds nothing, or less than there was."""
        super().__post_init__()
        if not 0 < self.window <= _LONGEST:
            raise ValueError("window is not between 0 and a year")
        if self.window > self.kept:
            raise ValueError("window is longer than events are kept: say `kept` if this cluster keeps them longer")
        if both := sorted({*self.only} & {*self.ignore}):
            raise ValueError(f"{both[0]} stands in only and in ignore")

    async def measure(self) -> EventsReading:
        """Read all pages.  Raises Unreachable and ProbeError."""
        api = await self.open()
        wanted = Wanted(_EVENTS, _DECODER, self.where(api), field_selector=self._fields())
        return _reading(await lists.read(api, wanted, lambda now: _Events(self, now)))

    def rights(self) -> tuple[Right, ...]:
        """List events."""
        return self.listing(_EVENTS)

    def _fields(self) -> str:
        """Have the server choose as far as it can."""
        about = {
            "type": "" if self.type == "all" else self.type,
            "involvedObject.kind": self.kind or "",
            "involvedObject.name": self.name or "",
        }
        return ",".join(f"{field}={value}" for field, value in about.items() if value)


class _Events:
    """Counts, and keeps the latest."""

    def __init__(self, probe: EventsProbe, now: datetime) -> None:
        self._probe = probe
        self._since = now - timedelta(seconds=probe.window)
        self.count = self.occurrences = 0
        self.reasons: set[str] = set()
        self.kinds: set[str] = set()
        self.newest: datetime | None = None
        self._latest: list[tuple[datetime, int, _Event]] = []

    def add(self, item: _Event) -> None:
        """Take one if it counts; one without any time may be of now."""
        last = item.last or datetime.max.replace(tzinfo=UTC)
        if last < self._since or not self._counts(item):
            return
        self.count += 1
        self.occurrences += item.times
        self.reasons.add(item.reason)
        self.kinds.add(item.involved_object.kind)
        self.newest = max(filter(None, (self.newest, item.last)), default=None)
        heapq.heappush(self._latest, (last, -self.count, item))
        if len(self._latest) > _LISTED:
            heapq.heappop(self._latest)

    def _counts(self, item: _Event) -> bool:
        """Choose, what the server was asked to choose as well: it may not have."""
        probe = self._probe
        about = item.involved_object
        return (
            (probe.type in ("all", item.type))
            and (not probe.only or item.reason in probe.only)
            and item.reason not in probe.ignore
            and probe.kind in (None, about.kind)
            and probe.name in (None, about.name)
        )

    @property
    def latest(self) -> list[_Event]:
        """The latest first."""
        return [item for _, _, item in sorted(self._latest, key=lambda one: one[:2], reverse=True)]


def _about(event: _Event) -> str:
    return f"{event.involved_object.kind}/{event.involved_object.name}"


def _told(event: _Event) -> str:
    message = " ".join(event.message.split())
    message = message if len(message) <= _SHOWN else message[:_SHOWN] + "…"
    times = f" ({event.times} times)" if event.times > 1 else ""
    return f"{_about(event)}: {event.reason}: {message}{times}"


def _reading(listed: Listed[_Events]) -> EventsReading:
    found, latest = listed.fold, listed.fold.latest
    return EventsReading(
        count=found.count,
        occurrences=found.occurrences,
        reasons=sorted(found.reasons),
        objects=list(dict.fromkeys(map(_about, latest))),
        kinds=sorted(found.kinds),
        messages=list(map(_told, latest)),
        newest_age_seconds=max(0.0, (listed.now - found.newest).total_seconds()) if found.newest else None,
    )
