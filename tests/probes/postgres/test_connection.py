"""postgres.connection against a real server: right, wrong, full, refused, unauthorised."""

import pytest
import trustme

from agent.probe import Need, ProbeError, Unreachable
from probes.postgres.connection import ConnectionProbe

from .server import PASSWORD, until

PLAIN = "sslmode=disable"


async def look(dsn):
    return await ConnectionProbe(dsn=dsn).measure()


async def trouble(kind, dsn):
    """What the look says instead of a reading, after where it looked; the password is never in it."""
    with pytest.raises(kind) as caught:
        await look(dsn)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("127.0.0.1", "127.0.0.1:{port}", id="ipv4"),
        pytest.param("::1", "[::1]:{port}", id="ipv6"),
        pytest.param("{folder}", "{folder}/.s.PGSQL.{port}", id="socket"),
    ],
)
async def test_a_server_that_is_well(server, host, address):
    def fill(text):
        return text.format(port=server.port, folder=server.folder)

    until(server, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'few')")
    reading = await look(server.dsn("few", host=fill(host), more=PLAIN))
    assert reading.address == fill(address)
    assert (reading.connected, reading.version_number // 10000, reading.tls) == (True, 18, False)
    assert reading.version.split(".")[0] == "18"
    assert 0 < reading.query_latency_seconds < reading.latency_seconds + 60
    assert (reading.in_recovery, reading.read_only) == (False, False)
    assert (reading.replicas, reading.replica_states, reading.replication_lag_seconds) == (0, [], None)
    assert (reading.replication_lag_bytes, reading.inactive_slots) == (None, [])
    assert (reading.connections_allowed, reading.connections_ratio) == (37, 0.25)
    assert reading.connections >= 1
    assert 0 < reading.uptime_seconds < 600
    assert (reading.tls_version, reading.cipher) == (None, None)


async def test_a_url_is_a_connection_string_too(server):
    reading = await look(f"postgresql://shop:{PASSWORD}@127.0.0.1:{server.port}/postgres?sslmode=disable")
    assert reading.connected


def with_tls(server, port, host="localhost", more=""):
    return f"host={host} port={port} user=shop dbname=postgres password={PASSWORD} {more}"


async def test_a_certificate_that_is_trusted(server, tls, ca):
    reading = await look(with_tls(server, tls, "127.0.0.1", f"sslmode=verify-ca sslrootcert={ca}"))
    assert reading.tls
    assert (reading.tls_version, reading.cipher) == (None, None)  # the server sees a connection without


async def test_a_certificate_of_another_authority_is_a_failure(server, tls, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    more = f"sslmode=verify-ca sslrootcert={tmp_path / 'ca.pem'}"
    said = await trouble(Unreachable, with_tls(server, tls, "127.0.0.1", more))
    assert said == f"127.0.0.1:{tls}: SSL error: certificate verify failed"


async def test_a_certificate_for_another_name_is_a_failure(server, tls, ca):
    more = f"sslmode=verify-full sslrootcert={ca}"
    said = await trouble(Unreachable, with_tls(server, tls, "127.0.0.1", more))
    assert said == f'127.0.0.1:{tls}: server certificate for "localhost" does not match host name "127.0.0.1"'


async def test_an_authority_that_is_not_on_this_machine_is_an_error(server, tls):
    more = "sslmode=verify-full sslrootcert=/nowhere/ca.pem"
    said = await trouble(ProbeError, with_tls(server, tls, "127.0.0.1", more))
    assert said == f'127.0.0.1:{tls}: root certificate file "/nowhere/ca.pem" does not exist'


async def test_a_server_without_tls_where_it_is_wanted_is_a_failure(server):
    said = await trouble(Unreachable, server.dsn(more="sslmode=require"))
    assert said == f"127.0.0.1:{server.port}: server does not support SSL, but SSL was required"


@pytest.mark.parametrize(
    ("dsn", "kind", "said"),
    [
        pytest.param(
            {"role": "shop", "password": "wrong"},
            ProbeError,
            'password authentication failed for user "shop"',
            id="wrong-password",
        ),
        pytest.param(
            {"role": "nobody"}, ProbeError, 'password authentication failed for user "nobody"', id="no-such-role"
        ),
        pytest.param(
            {"role": "shop", "password": "''"},
            ProbeError,
            'role "shop" is asked for a password, and dsn has none',
            id="no-password",
        ),
        pytest.param(
            {"role": "shut"},
            ProbeError,
            'pg_hba.conf rejects connection for host "127.0.0.1", user "shut", database "postgres", no encryption',
            id="not-let-in",
        ),
        pytest.param(
            {"role": "shop", "database": "other"},
            ProbeError,
            'role "shop" lacks CONNECT on database "other"',
            id="no-privilege",
        ),
        pytest.param({"database": "gone"}, Unreachable, 'database "gone" does not exist', id="no-such-database"),
        pytest.param({"role": "barred"}, Unreachable, 'too many connections for role "barred"', id="full"),
        pytest.param(
            {"more": "sslmode=disable target_session_attrs=standby"},
            Unreachable,
            "server is not in hot standby mode",
            id="not-the-one-wanted",
        ),
        pytest.param(
            {"more": "sslmode=disable require_auth=md5"},
            Unreachable,
            'authentication method requirement "md5" failed: server requested SASL authentication',
            id="asks-otherwise",
        ),
    ],
)
async def test_a_server_that_does_not_let_in(server, clean_environment, dsn, kind, said):
    assert await trouble(kind, server.dsn(**{"more": PLAIN, **dsn})) == f"127.0.0.1:{server.port}: {said}"


async def test_a_parameter_that_libpq_refuses_is_an_error(server):
    assert await trouble(ProbeError, server.dsn(more="sslmode=perhaps")) == 'invalid sslmode value: "perhaps"'


async def test_nothing_listens(closed_port):
    said = await trouble(Unreachable, f"host=127.0.0.1 port={closed_port} user=shop")
    assert said == f"127.0.0.1:{closed_port}: connection refused"


async def test_there_is_no_socket(tmp_path):
    said = await trouble(Unreachable, f"host={tmp_path} user=shop")
    assert said == f"{tmp_path}/.s.PGSQL.5432: no such file or directory"


async def test_a_name_that_does_not_exist():
    assert await trouble(Unreachable, "host=nowhere.invalid user=shop") == "the name nowhere.invalid does not exist"


async def test_of_several_hosts_the_first_that_answers_is_taken(server, closed_port):
    dsn = f"host=nowhere.invalid,127.0.0.1,::1 port=1,{closed_port},{server.port} user=shop dbname=postgres"
    reading = await look(f"{dsn} password={PASSWORD}")
    assert reading.address == f"[::1]:{server.port}"


async def test_when_no_host_answers_each_is_named(closed_port):
    dsn = f"host=127.0.0.1,127.0.0.2 port={closed_port},{closed_port} user=shop"
    assert await trouble(Unreachable, dsn) == (
        f"127.0.0.1:{closed_port}: connection refused; 127.0.0.2:{closed_port}: connection refused"
    )


async def test_when_one_host_does_not_let_us_in_nobody_knows(server, closed_port):
    dsn = f"host=127.0.0.1,::1 port={closed_port},{server.port} user=shop password=wrong dbname=postgres {PLAIN}"
    assert await trouble(ProbeError, dsn) == (
        f"127.0.0.1:{closed_port}: connection refused; "
        f'[::1]:{server.port}: password authentication failed for user "shop"'
    )


async def test_the_environment_says_who_we_are_and_never_where_to_look(server, closed_port, monkeypatch):
    for name, value in {
        "PGHOSTADDR": "127.0.0.9",
        "PGPORT": str(closed_port),
        "PGDATABASE": "gone",
        "PGSSLMODE": "verify-full",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGTARGETSESSIONATTRS": "standby",
        "PGUSER": "shop",
        "PGPASSWORD": PASSWORD,
    }.items():
        monkeypatch.setenv(name, value)
    reading = await look(f"host=127.0.0.1 port={server.port} dbname=postgres")
    assert (reading.address, reading.read_only) == (f"127.0.0.1:{server.port}", False)


async def test_options_of_the_dsn_hold(server):
    reading = await look(server.dsn(more="options='-c default_transaction_read_only=on'"))
    assert reading.read_only


async def test_where_to_look_and_what_it_takes(server):
    probe = ConnectionProbe(dsn=server.dsn("shop", "orders"))
    assert probe.target() == "127.0.0.1"
    assert probe.permissions() == (
        Need("network", "connect", f"127.0.0.1:{server.port}"),
        Need("postgres", "CONNECT", "database orders"),
    )


def test_a_socket_puts_load_on_no_host():
    assert ConnectionProbe(dsn="host=/run/postgresql dbname=shop").target() == ""
