"""Primary and standby, and what is seen of how far they are apart."""

import anyio
import pytest

from agent.probe import Unknown
from probes.postgres.connection import ConnectionProbe

from .server import until

LACKS = 'role "shop" lacks pg_monitor, without which the server tells little of replication'


async def look(server, role="postgres"):
    return await ConnectionProbe(dsn=server.dsn(role, more="sslmode=disable")).measure()


async def test_a_primary_sees_its_standby(server, standby):
    while (reading := await look(server)).replication_lag_bytes != 0:
        await anyio.sleep(0.01)
    assert (reading.in_recovery, reading.replicas, reading.replica_states) == (False, 1, ["streaming"])
    assert reading.replication_lag_seconds == 0.0


async def test_a_role_that_sees_little_does_not_take_it_for_good(server, standby):
    reading = await look(server, "shop")
    assert reading.replicas == 1
    assert reading.replication_lag_seconds == reading.replica_states == reading.replication_lag_bytes == Unknown(LACKS)


@pytest.fixture
def cut_off(standby):
    """Cut the standby off its primary, until the test is over."""
    with standby.admin() as connection:
        (conninfo,) = connection.execute("SHOW primary_conninfo").fetchone()
        quoted = conninfo.replace("'", "''")
        yield lambda: standby.sql("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        connection.execute(f"ALTER SYSTEM SET primary_conninfo = '{quoted}'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SELECT pg_wal_replay_resume()")
    until(standby, "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')")


async def test_a_standby_follows_falls_behind_and_is_cut_off(server, standby, cut_off):
    reading = await look(standby, "shop")
    assert (reading.in_recovery, reading.read_only, reading.replication_lag_bytes) == (True, True, None)

    server.sql("CREATE TABLE IF NOT EXISTS marks (at timestamptz)", "INSERT INTO marks VALUES (now())")
    with server.admin() as connection:
        (written,) = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
    until(standby, f"SELECT pg_last_wal_replay_lsn() >= '{written}'")
    while (await look(standby)).replication_lag_seconds != 0.0:
        await anyio.sleep(0.01)

    standby.sql("SELECT pg_wal_replay_pause()")
    until(standby, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
    server.sql("INSERT INTO marks VALUES (now())")
    until(standby, "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()")
    assert 0 < (await look(standby)).replication_lag_seconds < 600
    assert (await look(server)).replication_lag_bytes > 0

    standby.sql("SELECT pg_wal_replay_resume()")
    cut_off()
    until(standby, "SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")
    until(standby, "SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()")
    assert 0 < (await look(standby)).replication_lag_seconds < 600  # it has applied all it got, and gets nothing
    until(server, "SELECT NOT EXISTS (SELECT FROM pg_stat_replication)")
    alone = await look(server)
    assert (alone.replicas, alone.replication_lag_seconds) == (0, None)


async def test_a_slot_that_nobody_reads_is_named(server):
    server.sql("SELECT pg_create_physical_replication_slot('forgotten')")
    try:
        assert (await look(server, "shop")).inactive_slots == ["forgotten"]
    finally:
        server.sql("SELECT pg_drop_replication_slot('forgotten')")
