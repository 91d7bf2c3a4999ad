"""Connect to a Redis (or Valkey) server, ping it and ask it how it is."""

from __future__ import annotations

from typing import Annotated, Literal

from agent.probe import Need, Probe, Reading, Unknown, checked
from probes.redis.session import Session, opened
from probes.redis.state import state
from probes.redis.trust import Trust
from probes.redis.url import Place, parse_url

__all__ = ["RedisProbe", "RedisReading", "Url", "trust_of"]

_LIMIT = 1 << 20
"""Bytes that answers may have; INFO has some thousands."""
Url = Annotated[str, checked(parse_url)]


class RedisReading(Reading, frozen=True):
    """What a server tells.  What the user may not ask for is unknown, and a limit on it is an error."""

    connected: bool
    """Whether it answered a PING."""
    latency_seconds: float
    """From sending PING until the answer."""
    connect_seconds: float
    """From the start of connecting until the connection could be used: TCP and TLS."""
    authentication_required: bool
    """Whether who gives no password is refused: a PING is sent before the password is."""
    tls: bool
    """Whether this connection is encrypted."""
    tls_version: str | None = None
    """Version of TLS: `TLSv1.3`."""
    cipher: str | None = None
    """Cipher suite."""
    problems: list[str] | Unknown | None = None
    """What the server itself says is wrong: it loads its data, its last snapshot or append-only file failed, its
    link to the master is down, its cluster's state is not ok, a master that a sentinel watches is down, or the
    sentinels are no quorum."""
    server: str | Unknown | None = None
    """`redis`, `valkey` or what else it calls itself."""
    version: str | Unknown | None = None
    """Its version."""
    version_number: int | Unknown | None = None
    """The same as a number that limits can compare: 70204 is 7.2.4."""
    mode: str | Unknown | None = None
    """`standalone`, `cluster` or `sentinel`."""
    role: Literal["master", "replica", "sentinel"] | Unknown | None = None
    """What it is to others (a replica is what INFO calls a slave)."""
    uptime_seconds: int | Unknown | None = None
    """Time since it started."""
    loading: bool | Unknown | None = None
    """Whether it loads its data still."""
    keys: int | Unknown | None = None
    """Keys in all databases."""
    memory_used_bytes: int | Unknown | None = None
    """Memory that it has in use."""
    maxmemory_bytes: int | Unknown | None = None
    """Memory that it may use; 0 is no limit."""
    memory_ratio: float | Unknown | None = None
    """Memory used over allowed; absent where there is no limit."""
    maxmemory_policy: str | Unknown | None = None
    """What it does when memory is full: `noeviction`, `allkeys-lru` …"""
    evicted_keys: int | Unknown | None = None
    """Keys that it gave up for want of memory, since it started."""
    clients: int | Unknown | None = None
    """Clients connected, this one among them."""
    clients_allowed: int | Unknown | None = None
    """How many it takes."""
    clients_ratio: float | Unknown | None = None
    """Clients connected over allowed."""
    clients_rejected: int | Unknown | None = None
    """Clients that it turned away for that limit, since it started."""
    rdb_ok: bool | Unknown | None = None
    """Whether the last snapshot (RDB) went well."""
    rdb_age_seconds: float | Unknown | None = None
    """Time since the last snapshot, or since the start when there was none."""
    rdb_changes: int | Unknown | None = None
    """Changes since the last snapshot."""
    aof_enabled: bool | Unknown | None = None
    """Whether it writes an append-only file (AOF)."""
    aof_ok: bool | Unknown | None = None
    """Whether the last write and the last rewrite of that file went well; absent without one."""
    replicas: int | Unknown | None = None
    """Replicas that are connected."""
    replica_states: list[str] | Unknown | None = None
    """Their states: `online`, `wait_bgsave`, `send_bulk`."""
    replication_link_up: bool | Unknown | None = None
    """On a replica: whether it is connected to its master."""
    replication_lag_seconds: int | Unknown | None = None
    """On a master: time since the quietest replica reported; absent without one.  On a replica: time since its
    master sent something (at least every 10 s), or since the link went down."""
    replication_lag_bytes: int | Unknown | None = None
    """On a master: how much the slowest replica has still to take; absent without one."""
    cluster_enabled: bool | Unknown | None = None
    """Whether it is a node of a cluster."""
    cluster_state: str | Unknown | None = None
    """`ok` or `fail`, as this node sees it; absent without a cluster, as those below are."""
    cluster_nodes: int | Unknown | None = None
    """Nodes that this one knows."""
    cluster_slots_ok: int | Unknown | None = None
    """Slots that are served, of 16384."""
    sentinel_masters: list[str] | Unknown | None = None
    """Names of the masters that a sentinel watches."""
    sentinel_masters_down: list[str] | Unknown | None = None
    """Those of them that it holds for down."""
    sentinel_quorum: bool | Unknown | None = None
    """Whether the sentinels that it knows are enough to fail each of them over."""


class RedisProbe(Probe, frozen=True):
    """Connect once, PING without a password and with it, and ask INFO (of a cluster or a sentinel also its own state).

    By default it must answer and see no problem of its own.  A server that refuses, is silent, loads, is full or
    cannot write has failed; one that does not take the password, or does not let the user ask, is an error.
    """

    defaults = {"connected": "true", "problems": {"equals": []}}

    url: Url
    """`redis://user:password@host:port/database`, `rediss://…` for TLS, or `unix:///path?db=0`.  Of a host with
    several addresses the one that this machine prefers is taken."""
    verify: bool = True
    """Whether the certificate must be trusted and carry the host's name; also `ssl_cert_reqs=none` in `url`."""
    ca: str | None = None
    """File with the authorities (PEM) to trust, instead of the system's; also `ssl_ca_certs` in `url`."""
    cert: str | None = None
    """File with the client's certificate (PEM)."""
    key: str | None = None
    """File with its key (PEM, not encrypted); by default it is in `cert`."""

    async def measure(self) -> RedisReading:
        """Connect, ping and ask."""
        place = parse_url(self.url)
        async with opened(place, trust_of(place, self.verify, self.ca, self.cert, self.key), _LIMIT) as session:
            return await _look(session)

    def target(self) -> str:
        """Host that is connected to."""
        return parse_url(self.url).host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection and the commands."""
        place = parse_url(self.url)
        commands = ("PING", "INFO")
        return (Need("network", "connect", str(place)), *(Need("redis", command, str(place)) for command in commands))


def trust_of(place: Place, verify: bool, ca: str | None, cert: str | None, key: str | None) -> Trust:
    """Put together what the settings and the URL say of TLS; the settings count first."""
    return Trust(verify=verify and place.verify, ca=ca or place.ca, cert=cert or place.cert, key=key or place.key)


async def _look(session: Session) -> RedisReading:
    tls = session.link.tls
    return RedisReading(
        connected=True,
        latency_seconds=session.ping_seconds,
        connect_seconds=session.connect_seconds,
        authentication_required=session.closed_to_strangers,
        tls=tls is not None,
        tls_version=tls.version() if tls else None,
        cipher=(tls.cipher() or ("",))[0] if tls else None,
        **await state(session),
    )
