"""Connect to a PostgreSQL server and measure how it is."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from agent.probe import Need, Probe, Reading, Unknown, Unreachable, Value, checked
from probes.postgres.dsn import Dsn, parse_dsn
from probes.postgres.facts import facts
from probes.postgres.link import Link, Overflow, opened

__all__ = ["ConnectionProbe", "ConnectionReading"]

Text = Annotated[str, checked(parse_dsn)]


class ConnectionReading(Reading, frozen=True):
    """What a server lets one see who connects.

    A figure that the server does not tell (because it is a pooler or another database that speaks PostgreSQL's
    protocol, or because the role sees too little) is unknown, and a limit on it is an error.
    """

    connected: bool
    """Whether there was a session that answered a query."""
    latency_seconds: float
    """From the start of connecting until the session could be used: TCP, TLS, authentication."""
    query_latency_seconds: float
    """From sending `SELECT 1` until its answer."""
    version: str
    """Version of the server, without what a packager added: `16.4`."""
    version_number: int
    """The same as a number that limits can compare: 160004 is 16.4."""
    tls: bool
    """Whether this connection is encrypted, which `sslmode=prefer` leaves to chance."""
    tls_version: str | Unknown | None = None
    """Version of TLS (`TLSv1.3`) by the server's view, which behind a pooler is the pooler's connection."""
    cipher: str | Unknown | None = None
    """Cipher suite, likewise."""
    in_recovery: bool | Unknown | None = None
    """Whether it is a standby (or recovers from a backup)."""
    read_only: bool | Unknown | None = None
    """Whether transactions are read-only unless they say otherwise; those of a standby always are."""
    replication_lag_seconds: float | Unknown | None = None
    """On a standby: how old its data may be, 0 when it is connected to its source and has applied what came.  On
    a primary: how far the slowest standby is behind; absent when it has none."""
    replication_lag_bytes: int | Unknown | None = None
    """On a primary: how much the slowest standby has still to apply; absent when it has none."""
    replicas: int | Unknown | None = None
    """Standbys and other receivers of replication that are connected now."""
    replica_states: list[str] | Unknown | None = None
    """Their states: `streaming`, `catchup`, `startup`, `stopping`."""
    inactive_slots: list[str] | Unknown | None = None
    """Replication slots that nobody reads: the server keeps everything for them until its disk is full."""
    connections: int | Unknown | None = None
    """Connections of clients."""
    connections_allowed: int | Unknown | None = None
    """How many the server takes, without those that it reserves for superusers."""
    connections_ratio: float | Unknown | None = None
    """Connections used over allowed, where it is fullest: the server, this database or this role, the last two
    where they have a limit of their own."""
    uptime_seconds: float | Unknown | None = None
    """Time since the server started."""
    address: str | None = None
    """Address and port, or socket, that answered."""


class ConnectionProbe(Probe, frozen=True):
    """Connect once, ask `SELECT 1`, and ask the server how it is.

    A server that refuses, is silent, starts up, is full, has no such database or shows a certificate that
    `sslmode` does not accept has failed.  One that lets this role not in is an error, with its words.
    """

    defaults = {"connected": "true"}

    dsn: Text
    """Connection string: `postgresql://user:password@host:port/database?sslmode=verify-full`, or `host=… dbname=…`
    with any of libpq's parameters but `service`; the host of a Unix socket is its directory.  Several hosts are
    tried in order.  Of the environment only PGUSER, PGPASSWORD and PGPASSFILE count."""

    async def measure(self) -> ConnectionReading:
        """Connect and ask."""
        dsn = parse_dsn(self.dsn)
        async with opened(dsn) as link:
            try:
                return await _look(link)
            except Overflow as error:
                raise Unreachable(f"sends {error} in answer to simple questions") from error

    def target(self) -> str:
        """Host that is connected to."""
        return parse_dsn(self.dsn).host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection."""
        return needs(parse_dsn(self.dsn))


def needs(dsn: Dsn) -> tuple[Need, ...]:
    """List what a session takes: the network, and a role that may connect."""
    return (Need("network", "connect", str(dsn)), Need("postgres", "CONNECT", f"database {dsn.database}"))


async def _look(link: Link) -> ConnectionReading:
    started = perf_counter()
    await link.execute("SELECT 1")
    elapsed = perf_counter() - started
    told: dict[str, Value] = await facts(link)
    return ConnectionReading(
        connected=True,
        latency_seconds=link.seconds,
        query_latency_seconds=elapsed,
        version=_version(link),
        version_number=link.pgconn.server_version,
        tls=link.pgconn.ssl_in_use,
        address=link.address,
        **told,
    )


def _version(link: Link) -> str:
    """Give what stands before a packager's words: `15.5` of `15.5 (Debian 15.5-1)`."""
    told = link.pgconn.parameter_status(b"server_version") or b""
    return told.decode(errors="replace").partition(" ")[0]
