"""Measure how much waits in a queue that Redis holds, and for how long."""

from __future__ import annotations

from typing import Literal

from agent.probe import Need, Probe, Reading, Unknown
from probes.extract import JmesPath
from probes.redis.messages import Celery, Plain
from probes.redis.probe import Url, trust_of
from probes.redis.session import opened
from probes.redis.streams import Stream
from probes.redis.url import parse_url

__all__ = ["QueueProbe", "QueueReading"]

_ENDS = {"left": 0, "right": -1}
_COMMANDS = {
    "list": ("TYPE", "LLEN", "LINDEX", "TIME"),
    "stream": ("TYPE", "XLEN", "XINFO", "XRANGE", "XPENDING", "TIME"),
    "celery": ("TYPE", "LLEN", "LINDEX", "EXISTS", "HLEN", "ZRANGE", "TIME"),
}


class QueueReading(Reading, frozen=True):
    """What waits.  Ages are by the server's clock, and 0 when nothing waits."""

    depth: int
    """Messages that wait in the list, or in all of Celery's queues named.  Of a stream its entries, also those
    that are long done: how many wait there is `lag`.  0 for a key that is not there."""
    exists: bool
    """Whether the key is there.  An empty list never is; a queue of Celery is when something waits in it or somebody
    declared it (with an exchange of its name, as by default), so that false may be a misspelt name."""
    age_seconds: float | Unknown | None = None
    """How long the oldest message waits: by `timestamp`, by the entry's id in a stream, by a header that a publisher
    or its library set in Celery.  Unknown where the message tells no time; absent for a list without `timestamp`."""
    depths: dict[str, int] | None = None
    """Celery: what waits, by queue."""
    unacked: int | None = None
    """Celery: messages that workers took and have not acknowledged, of all queues in this database."""
    unacked_age_seconds: float | None = None
    """Celery: how long ago a worker took the first of these."""
    groups: list[str] | None = None
    """Stream: names of its consumer groups, or the one looked at; of several the worst counts below."""
    lag: int | Unknown | None = None
    """Stream: entries that a group was not given yet; unknown where the server does not count (before Redis 7)."""
    pending: int | None = None
    """Stream: entries that a group was given and has not acknowledged."""
    pending_age_seconds: float | Unknown | None = None
    """Stream: time since the oldest of these was added."""
    pending_idle_seconds: float | None = None
    """Stream: time since the oldest of these was given to a consumer last."""
    consumers: int | None = None
    """Stream: consumers of the group; of several groups the most."""


class QueueProbe(Probe, frozen=True):
    """Look into a list, a stream or Celery's queues; nothing is taken.

    A key that holds something else, and a group that is not there, are failures.
    """

    url: Url
    """As for `redis`."""
    list: str = ""
    """Key of a list."""
    stream: str = ""
    """Key of a stream."""
    celery: str | tuple[str, ...] = ()
    """Name of a queue of Celery, or several."""
    group: str = ""
    """Consumer group of the stream; default: all."""
    oldest: Literal["left", "right"] = "right"
    """End of the list at which the oldest message waits: `right` where LPUSH adds, `left` where RPUSH does."""
    timestamp: JmesPath = ""
    """Where a message of a list or of Celery says when it was published, if it is JSON: a JMESPath to an RFC 3339
    time or a Unix time.  Default for Celery: one of `timestamp`, `published_at`, `enqueued_at`, `sent_at` and
    `sentry-task-enqueued-time` in its headers or properties."""
    prefix: str = ""
    """Celery's `global_keyprefix`."""
    verify: bool = True
    """Whether the certificate must be trusted and carry the host's name."""
    ca: str | None = None
    """File with the authorities (PEM) to trust, instead of the system's."""
    cert: str | None = None
    """File with the client's certificate (PEM)."""
    key: str | None = None
    """File with its key (PEM, not encrypted); by default it is in `cert`."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        if sum(map(bool, (self.list, self.stream, self.celery))) != 1:
            raise ValueError("give one of list, stream and celery")
        if self.group and not self.stream:
            raise ValueError("group is for a stream")
        if self.timestamp and self.stream:
            raise ValueError("timestamp is not for a stream, whose ids are times")
        if self.prefix and not self.celery:
            raise ValueError("prefix is for celery")
        if self.oldest == "left" and not self.list:
            raise ValueError("oldest is for a list")

    async def measure(self) -> QueueReading:
        """Connect and look."""
        place = parse_url(self.url)
        async with opened(place, trust_of(place, self.verify, self.ca, self.cert, self.key)) as session:
            return QueueReading(**await self._queue().look(session))

    def target(self) -> str:
        """Host that is connected to."""
        return parse_url(self.url).host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection and the commands."""
        place = str(parse_url(self.url))
        kind = next(name for name in _COMMANDS if getattr(self, name))
        return (Need("network", "connect", place), *(Need("redis", command, place) for command in _COMMANDS[kind]))

    def _queue(self) -> Plain | Stream | Celery:
        if self.list:
            return Plain((self.list,), self.timestamp, _ENDS[self.oldest])
        if self.stream:
            return Stream(self.stream, self.group)
        names = (self.celery,) if isinstance(self.celery, str) else self.celery
        return Celery(names, self.prefix, self.timestamp)
