"""Streams: what their consumer groups have still to be given, and were given and have not acknowledged.

https://redis.io/docs/latest/develop/data-types/streams/: an entry's id begins with the milliseconds at which it
was added, unless its publisher chose another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from agent.probe import Unknown, Unreachable, Value
from probes.redis.failures import said
from probes.redis.link import STRANGER
from probes.redis.session import Session, number

__all__ = ["Stream"]

_LIKELY = 10**11
"""Milliseconds that a time has at least (1973)."""


class _Group(msgspec.Struct, frozen=True, rename="kebab"):
    """What XINFO GROUPS tells of one."""

    raw_name: bytes = msgspec.field(name="name")
    consumers: int
    pending: int
    last_delivered_id: bytes
    lag: int | None = None

    @property
    def name(self) -> str:
        return self.raw_name.decode(errors="replace")


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """What XRANGE gives for one."""

    id: bytes
    fields: Any


class _Taken(msgspec.Struct, frozen=True, array_like=True):
    """What XPENDING gives for one."""

    id: bytes
    consumer: bytes
    idle_milliseconds: int
    deliveries: int


class Stream(msgspec.Struct, frozen=True):
    """One stream, and one of its groups or all."""

    key: str
    group: str = ""

    async def look(self, session: Session) -> dict[str, Value]:
        """See how far the groups are behind; of several the worst counts.  Raises Unreachable."""
        kind = await session.ask(bytes, "TYPE", self.key)
        if kind == b"none":
            return {"exists": False, "depth": 0}
        if kind != b"stream":
            raise Unreachable(f"{self.key!r} is a {said(kind.decode(errors='replace'))}, expected a stream")
        depth = await session.ask(int, "XLEN", self.key)
        told = await session.ask(list[list[Any]], "XINFO", "GROUPS", self.key)
        groups = self._chosen([_group(one) for one in told])
        known: dict[str, Value] = {"exists": True, "depth": depth, "groups": sorted(one.name for one in groups)}
        looks = [await self._behind(session, one) for one in groups]
        return known | {name: _worst([look[name] for look in looks]) for name in (looks[0] if looks else ())}

    def _chosen(self, groups: Sequence[_Group]) -> Sequence[_Group]:
        if not self.group:
            return groups
        chosen = [one for one in groups if one.name == self.group]
        if not chosen:
            others = ", ".join(sorted(one.name for one in groups)) or "none"
            raise Unreachable(f"{self.key!r} has no group {self.group!r}, its groups: {others}")
        return chosen

    async def _behind(self, session: Session, group: _Group) -> dict[str, Value]:
        waiting = await session.ask(list[_Entry], "XRANGE", self.key, _after(group.last_delivered_id), "+", "COUNT", 1)
        taken = []
        if group.pending:
            taken = await session.ask(list[_Taken], "XPENDING", self.key, group.raw_name, "-", "+", 1)
        return {
            "lag": _lag(group, waiting),
            "age_seconds": await _age(session, waiting),
            "pending": group.pending,
            "pending_age_seconds": await _age(session, taken),
            "pending_idle_seconds": taken[0].idle_milliseconds / 1000 if taken else 0.0,
            "consumers": group.consumers,
        }


def _group(flat: Sequence[Any]) -> _Group:
    """Read names and values in turn.  Raises Unreachable."""
    pairs = zip(flat[::2], flat[1::2], strict=False)
    told = {name.decode(errors="replace"): value for name, value in pairs if isinstance(name, bytes)}
    try:
        return msgspec.convert(told, _Group)
    except msgspec.ValidationError as error:
        raise Unreachable(STRANGER) from error


def _id(entry: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry.partition(b"-")
    return int(number(milliseconds)), int(number(sequence or b"0"))


def _after(entry: bytes) -> str:
    """Give the next id, because before Redis 6.2 a range always includes its ends."""
    milliseconds, sequence = _id(entry)
    return f"{milliseconds}-{sequence + 1}"


def _lag(group: _Group, waiting: Sequence[_Entry]) -> int | Unknown:
    """Give what a group was not given yet; before Redis 7, and after some deletions, no server counts it."""
    if not waiting:
        return 0
    return Unknown("the server does not count how many entries wait") if group.lag is None else group.lag


async def _age(session: Session, entries: Sequence[_Entry | _Taken]) -> float | Unknown:
    """Tell the time since the first of these was added; 0 when there is none."""
    if not entries:
        return 0.0
    milliseconds, _ = _id(entries[0].id)
    if milliseconds < _LIKELY:
        return Unknown(f"the id {milliseconds} of its oldest entry is no time")
    return max(0.0, await session.now() - milliseconds / 1000)


def _worst(values: Sequence[Value]) -> Value:
    unknown = [value for value in values if isinstance(value, Unknown)]
    return unknown[0] if unknown else max(values)
