"""What a server tells of itself, in one statement that any role may run on PostgreSQL 10 and later.

Where a role sees less than all, the figures that rest on the rest are `Unknown` and not smaller.
"""

from __future__ import annotations

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
  extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_postmaster_start_time())::float8 AS uptime_seconds,
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
  extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8 AS replayed_ago,
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


class _Tls(msgspec.Struct, frozen=True):
    version: str | None = None
    cipher: str | None = None


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer."""

    in_recovery: bool
    read_only: bool
    uptime_seconds: float
    connections: int
    allowed: int
    of_database: int
    database_allowed: int | None
    of_role: int
    role_allowed: int | None
    tls: _Tls | None
    sees_all: bool
    caught_up: bool | None
    replayed_ago: float | None
    receives: bool
    inactive_slots: list[str]
    replicas: list[_Replica]


async def facts(link: Link) -> dict[str, Value]:
    """Ask the server.  What is no PostgreSQL, or would not tell, gives Unknown everywhere.

    Raises Unreachable when the connection breaks.
    """
    try:
        async with link.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_SQL)
            return _read(msgspec.convert(await cursor.fetchone(), _Row), link.role)
    except psycopg.Error as error:
        if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
            raise Unreachable(said(str(error))) from error
        return dict.fromkeys(FACTS, Unknown(f"the server does not tell: {said(str(error))}"))
    except msgspec.ValidationError:
        return dict.fromkeys(FACTS, Unknown("the server answers something else than it was asked"))


def _read(row: _Row, role: str) -> dict[str, Value]:
    tls = row.tls or _Tls()
    return {
        "in_recovery": row.in_recovery,
        "read_only": row.read_only,
        "uptime_seconds": row.uptime_seconds,
        "connections": row.connections,
        "connections_allowed": row.allowed,
        "connections_ratio": _fullest(row),
        "inactive_slots": row.inactive_slots,
        "tls_version": tls.version,
        "cipher": tls.cipher,
        **_replication(row, role),
    }


def _fullest(row: _Row) -> float:
    """Give the share of the limit that is nearest to being reached: the server's, the database's, the role's."""
    pairs = [
        (row.connections, row.allowed),
        (row.of_database, row.database_allowed),
        (row.of_role, row.role_allowed),
    ]
    return max(used / limit if limit else 1.0 for used, limit in pairs if limit is not None and limit >= 0)


def _replication(row: _Row, role: str) -> dict[str, Value]:
    known: dict[str, Value] = {
        "replicas": len(row.replicas),
        "replica_states": sorted(one.state or "" for one in row.replicas),
    }
    if row.in_recovery:
        known |= {"replication_lag_seconds": _behind(row), "replication_lag_bytes": None}
    else:
        known |= {
            "replication_lag_seconds": _slowest(row.replicas),
            "replication_lag_bytes": max((int(one.bytes or 0) for one in row.replicas), default=None),
        }
    if row.replicas and not row.sees_all:
        blind = Unknown(f'role "{role}" lacks pg_monitor, without which the server tells little of replication')
        hidden = {"replica_states"} if row.in_recovery else known.keys() - {"replicas"}
        known |= dict.fromkeys(hidden, blind)
    return known


def _behind(row: _Row) -> float | None:
    """How old a standby's data is.

    It has all there is only while it is connected to its source and has applied what came; else what it applied
    last is as old as the source's commit of it, whether or not there was one since.
    """
    if row.receives and row.caught_up:
        return 0.0
    return None if row.replayed_ago is None else max(0.0, row.replayed_ago)


def _slowest(replicas: list[_Replica]) -> float | Unknown | None:
    """How far the slowest standby is behind; for one that has caught up a primary tells an old time, or none."""
    lags: list[float] = []
    for one in replicas:
        if one.bytes == 0:
            lags.append(0.0)
        elif one.seconds is None:
            return Unknown(f"the standby {one.name or 'without a name'} is behind, and the server tells no time")
        else:
            lags.append(one.seconds)
    return max(lags, default=None)
