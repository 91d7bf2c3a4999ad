"""Messages in lists: plain ones, and the queues that Celery keeps in Redis (kombu's transport of that name).

Kombu pushes on the left and takes from the right, so the oldest waits at the right end.  A queue with priorities
is several lists: its name, and its name with each step behind a separator.  What a worker took and has not
acknowledged is in the hash `unacked`, and since when in the sorted set `unacked_index`
(kombu/transport/redis.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agent.probe import Unknown, Unreachable, Unreadable, Value
from probes import dates
from probes.extract import parse_json, select
from probes.redis.failures import said
from probes.redis.session import Session, number

__all__ = ["Celery", "Plain"]

_STEPS = ("", "\x06\x163", "\x06\x166", "\x06\x169")
_TIMES = ("timestamp", "published_at", "enqueued_at", "sent_at", "sentry-task-enqueued-time")
"""Where a time is looked for that a publisher or its library put beside a message; Celery itself puts none."""
_BEGIN, _END = 0, -1


class Plain(msgspec.Struct, frozen=True):
    """Lists, each taken from at one end."""

    keys: Sequence[str]
    timestamp: str
    """JMESPath of the time in a message, or nothing."""
    oldest: int = _END

    async def look(self, session: Session) -> dict[str, Value]:
        """Count, and see how old the oldest is.  Raises Unreachable for a key that is no list."""
        lengths = await _lengths(session, self.keys)
        known = {"exists": all(lengths.values()), "depth": sum(lengths.values())}
        if not self.timestamp:
            return known
        return known | {"age_seconds": await _age(session, _filled(lengths), self.oldest, self.timestamp)}


class Celery(msgspec.Struct, frozen=True):
    """Celery's queues of one application."""

    names: Sequence[str]
    prefix: str
    """What the application sets before every key (`global_keyprefix`)."""
    timestamp: str

    async def look(self, session: Session) -> dict[str, Value]:
        """Count what waits and what was taken, and see how old the oldest is.  Raises Unreachable."""
        keys = {name: [f"{self.prefix}{name}{step}" for step in _STEPS] for name in self.names}
        lengths = await _lengths(session, [key for each in keys.values() for key in each])
        depths = {name: sum(lengths[key] for key in each) for name, each in keys.items()}
        bound = await session.ask_all(int, [("EXISTS", f"{self.prefix}_kombu.binding.{name}") for name in self.names])
        return {
            "exists": all(there or depth for there, depth in zip(bound, depths.values(), strict=True)),
            "depth": sum(depths.values()),
            "depths": depths,
            "age_seconds": await _age(session, _filled(lengths), _END, self.timestamp),
            **await self._taken(session),
        }

    async def _taken(self, session: Session) -> dict[str, Value]:
        """See what workers took and have not acknowledged; they may be at work on it, or be gone."""
        count = await session.ask(int, "HLEN", f"{self.prefix}unacked")
        first = await session.ask(list[bytes], "ZRANGE", f"{self.prefix}unacked_index", 0, 0, "WITHSCORES")
        if len(first) < 2:
            return {"unacked": count, "unacked_age_seconds": None if count else 0.0}
        return {"unacked": count, "unacked_age_seconds": max(0.0, await session.now() - number(first[1]))}


def _filled(lengths: dict[str, int]) -> list[str]:
    return [key for key, length in lengths.items() if length]


async def _lengths(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """Count each list; one that is not there is empty.  Raises Unreachable for a key that is something else."""
    kinds = await session.ask_all(bytes, [("TYPE", key) for key in keys])
    for key, kind in zip(keys, kinds, strict=True):
        if kind not in (b"list", b"none"):
            raise Unreachable(f"{key!r} is a {said(kind.decode(errors='replace'))}, expected a list")
    return dict(zip(keys, await session.ask_all(int, [("LLEN", key) for key in keys]), strict=True))


async def _age(session: Session, keys: Iterable[str], end: int, path: str) -> Value:
    """Tell how long the oldest message of all lists waits; 0 when none does."""
    oldest = 0.0
    for key in keys:
        message = await session.ask(bytes | None, "LINDEX", key, end)  # type: ignore[arg-type]  # a form of type
        if message is None:  # taken in between
            continue
        age = dates.age(_time(message, path), await session.now(), where=path or "its headers")
        if isinstance(age, Unreadable):
            return Unknown(f"the oldest message of {key!r} tells no time: {age.reason}")
        oldest = max(oldest, age)
    return oldest


def _time(message: bytes, path: str) -> Value:
    try:
        document = parse_json(message)
    except ValueError as error:
        return Unreadable(f"it is no JSON: {error}")
    if path:
        return select(document, {"": path})[""]
    parts = [document.get(part) for part in ("headers", "properties")] if isinstance(document, dict) else []
    found = (part[name] for part in parts if isinstance(part, dict) for name in _TIMES if part.get(name) is not None)
    return next(found, None)
