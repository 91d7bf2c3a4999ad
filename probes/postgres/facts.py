"""What a server tells of itself, in one statement that any role may run on PostgreSQL 10 and later.

Where a role sees less than all, the figures that rest on the rest are `Unknown` and not smaller.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from agent.probe import Unknown, Unreachable, Value
from probes.postgres.failures import said
from probes.postgres.link import Link

__all__ = ["FACTS", "facts"]

_SQL = """
WITH clients AS (
  SELECT datname, usename FROM pg_catalog.pg_stat_activity
  WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL
)
SELECT
  pg_catalog.pg_is_in_recovery() AS in_recovery,
  pg_catalog.current_setting('transaction_read_only') = 'on' AS read_only,
  extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_postmaster_start_time()) AS uptime_seconds,
  (SELECT count(*) FROM clients) AS connections,
  pg_catalog.current_setting('max_connections')::int
    - pg_catalog.current_setting('superuser_reserved_connections')::int
    - coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS allowed,
  (SELECT count(*) FROM clients WHERE datname = current_database()) AS of_database,
  (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()) AS database_allowed,
  (SELECT count(*) FROM clients WHERE usename = current_user) AS of_role,
  (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role_allowed,
  (SELECT row_to_json(t) FROM (SELECT version, cipher FROM pg_catalog.pg_stat_ssl
    WHERE pid = pg_catalog.pg_backend_pid() AND ssl) t) AS tls,
  pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
  pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() AS caught_up,
  extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) AS replayed_ago,
  EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE pid IS NOT NULL) AS receives,
  (SELECT coalesce(json_agg(slot_name::text ORDER BY slot_name), '[]') FROM pg_catalog.pg_replication_slots
    WHERE NOT active) AS inactive_slots,
  (SELECT coalesce(json_agg(t), '[]') FROM (
    SELECT application_name AS name, state, extract(epoch FROM replay_lag) AS seconds,
      CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
        ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn) END AS bytes
    FROM pg_catalog.pg_stat_replication WHERE coalesce(state, '') <> 'backup') t) AS replicas
"""

FACTS = (
    "in_recovery",
    "read_only",
    "uptime_seconds",
    "connections",
    "connections_allowed",
    "connections_ratio",
    "replication_lag_seconds",
    "replication_lag_bytes",
    "replicas",
    "replica_states",
    "inactive_slots",
    "tls_version",
    "cipher",
)
"""The metrics that this gives, each absent, known, or `Unknown`."""


class _Replica(msgspec.Struct, frozen=True):
    name: str | None = None
    state: str | None = None
    seconds: float | None = None
    bytes: float | None = None


async def facts(link: Link) -> dict[str, Value]:
    """Ask the server.  What is no PostgreSQL, or would not tell, gives Unknown everywhere.

    Raises Unreachable when the connection breaks.
    """
    try:
        async with link.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_SQL)
            row = await cursor.fetchone()
    except psycopg.Error as error:
        if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
            raise Unreachable(said(str(error))) from error
        return dict.fromkeys(FACTS, Unknown(f"the server does not tell: {said(str(error))}"))
    return _read(row or {}, link.role)


def _read(row: dict[str, Any], role: str) -> dict[str, Value]:
    tls = row["tls"] or {}
    return {
        "in_recovery": row["in_recovery"],
        "read_only": row["read_only"],
        "uptime_seconds": float(row["uptime_seconds"]),
        "connections": row["connections"],
        "connections_allowed": row["allowed"],
        "connections_ratio": _fullest(row),
        "inactive_slots": row["inactive_slots"],
        "tls_version": tls.get("version"),
        "cipher": tls.get("cipher"),
        **_replication(row, role),
    }


def _fullest(row: dict[str, Any]) -> float:
    """Give the share of the limit that is nearest to being reached: the server's, the database's, the role's."""
    pairs = [
        (row["connections"], row["allowed"]),
        (row["of_database"], row["database_allowed"]),
        (row["of_role"], row["role_allowed"]),
    ]
    return max(used / limit if limit else 1.0 for used, limit in pairs if limit is not None and limit >= 0)


def _replication(row: dict[str, Any], role: str) -> dict[str, Value]:
    replicas = msgspec.convert(row["replicas"], list[_Replica])
    known = {"replicas": len(replicas), "replica_states": sorted(one.state or "" for one in replicas)}
    if row["in_recovery"]:
        return known | {"replication_lag_seconds": _behind(row), "replication_lag_bytes": None} | _cascaded(row, role)
    if replicas and not row["sees_all"]:
        blind = Unknown(f'role "{role}" lacks pg_monitor, without which the server shows no lag')
        return known | {"replica_states": blind, "replication_lag_seconds": blind, "replication_lag_bytes": blind}
    return known | {
        "replication_lag_seconds": _slowest(replicas),
        "replication_lag_bytes": max((int(one.bytes or 0) for one in replicas), default=None),
    }


def _cascaded(row: dict[str, Any], role: str) -> dict[str, Value]:
    """Hide what few are shown: the states of a standby's own standbys."""
    if row["sees_all"] or not row["replicas"]:
        return {}
    return {"replica_states": Unknown(f'role "{role}" lacks pg_monitor, without which the server shows no state')}


def _behind(row: dict[str, Any]) -> float | None:
    """How old a standby's data is.

    It has all there is only while it is connected to its source and has applied what came; else what it applied
    last is as old as the source's commit of it, whether or not there was one since.
    """
    if row["receives"] and row["caught_up"]:
        return 0.0
    ago: Decimal | None = row["replayed_ago"]
    return None if ago is None else max(0.0, float(ago))


def _slowest(replicas: list[_Replica]) -> float | Unknown | None:
    """How far the slowest standby is behind; a primary tells no time for one that has caught up."""
    lags: list[float] = []
    for one in replicas:
        if one.seconds is None and one.bytes != 0:
            return Unknown(f"the standby {one.name or 'without a name'} is behind, and the server tells no time")
        lags.append(one.seconds or 0.0)
    return max(lags, default=None)
