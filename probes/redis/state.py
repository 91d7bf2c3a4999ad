"""How a server is: what it tells of itself, its cluster or the masters that it watches, and what of that is bad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.probe import Unknown, Value
from probes.redis.info import Info
from probes.redis.session import Session, number

__all__ = ["FACTS", "state"]

_MASTERS = 100
"""Masters of a sentinel whose quorum is asked for."""

FACTS = (
    *("server", "version", "version_number", "mode", "role", "uptime_seconds", "loading", "keys"),
    *("memory_used_bytes", "maxmemory_bytes", "memory_ratio", "maxmemory_policy", "evicted_keys"),
    *("clients", "clients_allowed", "clients_ratio", "clients_rejected"),
    *("rdb_ok", "rdb_age_seconds", "rdb_changes", "aof_enabled", "aof_ok"),
    *("replicas", "replica_states", "replication_link_up", "replication_lag_seconds", "replication_lag_bytes"),
    *("cluster_enabled", "cluster_state", "cluster_nodes", "cluster_slots_ok"),
    *("sentinel_masters", "sentinel_masters_down", "sentinel_quorum", "problems"),
)
"""The metrics that this gives, each absent, known, or `Unknown`."""


async def state(session: Session) -> dict[str, Value]:
    """Ask the server; where our user may not ask, everything is Unknown.  Raises Unreachable."""
    text = await session.try_to_ask(bytes, "INFO")
    if isinstance(text, Unknown):
        return dict.fromkeys(FACTS, text)
    info = Info(text)
    most = await _most_clients(session, info)
    facts = {
        **dict.fromkeys(FACTS),
        **info.server(),
        **info.memory(),
        **info.clients(None if isinstance(most, Unknown) else most),
        **info.persistence(await _now(session, info)),
        **info.replication(),
        **await _cluster(session, info),
        **await _sentinel(session, info),
    }
    if isinstance(most, Unknown):
        facts |= {"clients_allowed": most, "clients_ratio": most}
    return facts | {"problems": _problems(facts)}


async def _most_clients(session: Session, info: Info) -> int | Unknown | None:
    """Find the limit of clients, which INFO tells since Redis 6.2."""
    if (told := info.number("maxclients")) is not None or info.number("connected_clients") is None:
        return told
    answer = await session.try_to_ask(list[bytes], "CONFIG", "GET", "maxclients")
    if isinstance(answer, Unknown):
        return answer
    return int(number(answer[1])) if len(answer) == 2 else None


async def _now(session: Session, info: Info) -> float | None:
    """Give the server's clock, which INFO tells since Redis 7."""
    if (told := info.number("server_time_usec")) is not None:
        return told / 1e6
    if info.number("rdb_last_save_time") is None:
        return None
    answer = await session.try_to_ask(list[bytes], "TIME")
    return None if isinstance(answer, Unknown) or not answer else number(answer[0])


async def _cluster(session: Session, info: Info) -> dict[str, Value]:
    enabled = info.flag("cluster_enabled")
    if not enabled:
        return {"cluster_enabled": enabled}
    text = await session.try_to_ask(bytes, "CLUSTER", "INFO")
    names = ("cluster_state", "cluster_nodes", "cluster_slots_ok")
    if isinstance(text, Unknown):
        return {"cluster_enabled": True, **dict.fromkeys(names, text)}
    told = Info(text)
    return {
        "cluster_enabled": True,
        "cluster_state": told.text("cluster_state"),
        "cluster_nodes": told.number("cluster_known_nodes"),
        "cluster_slots_ok": told.number("cluster_slots_ok"),
    }


async def _sentinel(session: Session, info: Info) -> dict[str, Value]:
    """See which masters a sentinel watches, which it holds for down, and whether it could fail each over."""
    if info.number("sentinel_masters") is None:
        return {}
    rows = info.rows("master")
    names = sorted(row.get("name", "") for row in rows)
    quorums = [await session.try_to_ask(bytes, "SENTINEL", "CKQUORUM", name) for name in names[:_MASTERS]]
    return {
        "sentinel_masters": names,
        "sentinel_masters_down": sorted(row.get("name", "") for row in rows if row.get("status") != "ok"),
        "sentinel_quorum": _quorum(quorums),
    }


def _quorum(answers: Sequence[object]) -> bool | Unknown | None:
    """Tell whether all are OK; NOQUORUM comes as an error."""
    refused = [answer for answer in answers if isinstance(answer, Unknown)]
    for answer in refused:
        if not answer.reason.startswith("NOQUORUM"):
            return answer
    return not refused if answers else None


def _problems(facts: dict[str, Value]) -> list[str]:
    return list(_told(facts))


def _told(facts: dict[str, Value]) -> Iterator[str]:
    if facts["loading"]:
        yield "it loads its data still"
    if facts["rdb_ok"] is False:
        yield "the last snapshot (RDB) failed"
    if facts["aof_ok"] is False:
        yield "the last write or rewrite of the append-only file (AOF) failed"
    if facts["replication_link_up"] is False:
        yield "it is a replica and not connected to its master"
    if isinstance(facts["cluster_state"], str) and facts["cluster_state"] != "ok":
        yield f"its cluster's state is {facts['cluster_state']}"
    for name in facts["sentinel_masters_down"] or ():
        yield f"the master {name} is down"
    if facts["sentinel_quorum"] is False:
        yield "the sentinels are too few to fail a master over"
