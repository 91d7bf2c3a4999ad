"""redis against real servers: right, wrong, full, replicas, clusters, sentinels, TLS, passwords."""

import socket
import ssl

import anyio
import pytest

from agent.probe import Need, ProbeError, Unknown, Unreachable
from probes.redis.probe import RedisProbe
from probes.redis.state import FACTS

from .server import PASSWORD, free_port, tls_before


async def look(url, **settings):
    return await RedisProbe(url=url, **settings).measure()


async def trouble(kind, url, **settings):
    with pytest.raises(kind) as caught:
        await look(url, **settings)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "socket"])
async def test_a_server_that_is_well(server, host):
    server.run("SET", "a", "1")
    url = f"unix://{server.socket}?db=1" if host == "socket" else server.url(host=host, database="1")
    reading = await look(url)
    assert reading.connected
    assert 0 < reading.latency_seconds < 60
    assert 0 < reading.connect_seconds < 60
    assert (reading.authentication_required, reading.tls, reading.tls_version, reading.cipher) == (
        False,
        False,
        None,
        None,
    )
    assert (reading.server, reading.version_number // 10000, reading.mode, reading.role) == (
        "valkey",
        8,
        "standalone",
        "master",
    )
    assert reading.version.startswith("8.")
    assert (reading.problems, reading.loading, reading.keys) == ([], False, 1)
    assert (reading.maxmemory_bytes, reading.memory_ratio, reading.maxmemory_policy) == (0, None, "noeviction")
    assert (reading.evicted_keys, reading.clients_allowed, reading.clients_rejected) == (0, 10000, 0)
    assert reading.clients_ratio == reading.clients / 10000
    assert reading.memory_used_bytes > 100_000
    assert (reading.rdb_ok, reading.aof_enabled, reading.aof_ok) == (True, False, None)
    assert 0 <= reading.rdb_age_seconds < 600
    assert 0 <= reading.uptime_seconds < 600
    assert (reading.replicas, reading.replica_states, reading.replication_link_up) == (0, [], None)
    assert (reading.replication_lag_seconds, reading.replication_lag_bytes) == (None, None)
    assert (reading.cluster_enabled, reading.cluster_state, reading.sentinel_masters) == (False, None, None)


async def test_an_older_server_that_tells_less(old):
    reading = await look(old.url())
    assert (reading.server, reading.version_number // 100, reading.role) == ("redis", 602, "master")
    assert (reading.problems, reading.clients_allowed) == ([], 10000)
    assert 0 <= reading.rdb_age_seconds < 600


async def test_memory_and_clients_against_their_limits(start):
    server = start("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru", "--maxclients", "8")
    reading = await look(server.url())
    assert (reading.maxmemory_bytes, reading.maxmemory_policy) == (64 * 2**20, "allkeys-lru")
    assert reading.memory_ratio == reading.memory_used_bytes / (64 * 2**20)
    assert (reading.clients_allowed, reading.clients_ratio) == (8, reading.clients / 8)


async def test_keys_that_were_given_up_for_want_of_memory(start):
    server = start("--maxmemory", "4mb", "--maxmemory-policy", "allkeys-random")
    for number in range(8):
        server.run("SET", str(number), "x" * 2**20)
    assert (await look(server.url())).evicted_keys > 0


async def test_a_password_is_demanded(start):
    server = start("--requirepass", PASSWORD)
    reading = await look(server.url(f":{PASSWORD}@"))
    assert (reading.connected, reading.authentication_required) == (True, True)
    assert (await look(server.url(f"default:{PASSWORD}@"))).connected
    place = f"127.0.0.1:{server.port}"
    with pytest.raises(ProbeError) as caught:
        await look(server.url())
    assert str(caught.value) == f"{place}: it demands authentication, and url has no password"
    assert caught.value.partial == {"authentication_required": True}


@pytest.mark.parametrize(
    ("who", "user"), [(":wrong@", "default"), ("default:wrong@", "default"), ("nobody:x@", "nobody")]
)
async def test_a_password_is_wrong(start, who, user):
    server = start("--requirepass", PASSWORD)
    assert await trouble(ProbeError, server.url(who)) == (
        f'127.0.0.1:{server.port}: user "{user}": invalid username-password pair or user is disabled'
    )


async def test_a_password_where_none_is_wanted_is_an_error(server):
    with pytest.raises(ProbeError) as caught:
        await look(server.url(f":{PASSWORD}@"))
    assert str(caught.value) == (
        f'127.0.0.1:{server.port}: user "default": AUTH <password> called without any password configured for the '
        "default user"
    )
    assert caught.value.partial == {"authentication_required": False}


async def test_a_user_who_may_not_ask_knows_nothing(server):
    server.run("ACL", "SETUSER", "meek", "on", f">{PASSWORD}", "+ping")
    reading = await look(server.url(f"meek:{PASSWORD}@"))
    assert (reading.connected, reading.authentication_required) == (True, False)
    denied = Unknown("user \"meek\" may not run INFO: user meek has no permissions to run the 'info' command")
    assert {name: getattr(reading, name) for name in FACTS} == dict.fromkeys(FACTS, denied)


async def test_an_anonymous_user_who_may_do_nothing_is_a_demand_for_a_password(start):
    server = start()
    server.run("ACL", "SETUSER", "known", "on", f">{PASSWORD}", "+@all")
    server.run("ACL", "SETUSER", "default", "-@all", "+acl", "+info")
    assert (await look(server.url(f"known:{PASSWORD}@"))).authentication_required


async def test_a_database_that_is_not_there(server):
    assert await trouble(Unreachable, server.url(database="99")) == f"127.0.0.1:{server.port}: it has no database 99"


async def test_nothing_listens(closed_port, tmp_path):
    assert (
        await trouble(Unreachable, f"redis://127.0.0.1:{closed_port}") == f"127.0.0.1:{closed_port}: connection refused"
    )
    assert await trouble(Unreachable, f"unix://{tmp_path}/gone") == f"{tmp_path}/gone: no such socket"
    assert await trouble(Unreachable, "redis://nowhere.invalid") == (
        "nowhere.invalid:6379: the name nowhere.invalid does not exist"
    )


async def test_a_server_that_is_full(start):
    server = start("--maxclients", "1")
    with only_seat(server.port):
        assert await trouble(Unreachable, server.url()) == f"127.0.0.1:{server.port}: max number of clients reached"


def only_seat(port):
    """Take it, once whoever saw that the server is up has left."""
    while True:
        seat = socket.create_connection(("127.0.0.1", port))
        seat.sendall(b"PING\r\n")
        if seat.recv(100) == b"+PONG\r\n":
            return seat
        seat.close()


@pytest.fixture
def broken_disk(start):
    """A server that cannot write its snapshot."""
    server = start("--enable-protected-configs", "yes")
    gone = server.folder / "gone"
    gone.mkdir()
    server.run("CONFIG", "SET", "dir", str(gone))
    gone.rmdir()
    server.run("CONFIG", "SET", "save", "3600 1")
    server.run("SET", "a", "1")
    server.run("BGSAVE")
    server.until(lambda info: info["rdb_last_bgsave_status"] == "err")
    return server


async def test_a_snapshot_that_failed_is_a_problem(broken_disk):
    broken_disk.run("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
    reading = await look(broken_disk.url())
    assert (reading.rdb_ok, reading.problems, reading.rdb_changes) == (False, ["the last snapshot (RDB) failed"], 1)


async def test_a_server_that_takes_no_writes_has_failed(broken_disk):
    said = await trouble(Unreachable, broken_disk.url())
    assert said == (
        f"127.0.0.1:{broken_disk.port}: Valkey is configured to save RDB snapshots, but it's currently unable "
        "to persist to disk"
    )


async def test_an_append_only_file(start):
    reading = await look(start("--appendonly", "yes").url())
    assert (reading.aof_enabled, reading.aof_ok) == (True, True)


async def test_a_master_and_its_replica(start):
    master = start("--repl-diskless-sync-delay", "0")
    replica = start("--replicaof", "127.0.0.1", str(master.port))
    replica.until(lambda info: info["master_link_status"] == "up")
    master.until(lambda info: info["connected_slaves"] == 1 and info["slave0"]["state"] == "online")

    above = await look(master.url())
    assert (above.role, above.replicas, above.replica_states, above.problems) == ("master", 1, ["online"], [])
    assert 0 <= above.replication_lag_seconds < 60
    assert above.replication_lag_bytes >= 0

    below = await look(replica.url())
    assert (below.role, below.replication_link_up, below.replicas, below.problems) == ("replica", True, 0, [])
    assert 0 <= below.replication_lag_seconds < 60
    assert below.replication_lag_bytes is None

    replica.run("REPLICAOF", "127.0.0.1", str(free_port()))
    cut_off = await look(replica.url())
    assert (cut_off.replication_link_up, cut_off.problems) == (
        False,
        ["it is a replica and not connected to its master"],
    )


async def test_a_cluster(start):
    server = start("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    reading = await look(server.url())
    assert (reading.mode, reading.cluster_enabled, reading.cluster_state) == ("cluster", True, "fail")
    assert (reading.cluster_nodes, reading.cluster_slots_ok) == (1, 0)
    assert reading.problems == ["its cluster's state is fail"]
    said = await trouble(ProbeError, server.url(database="1"))
    assert said == f"127.0.0.1:{server.port}: SELECT is not allowed in cluster mode"
    server.run("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    while (well := await look(server.url())).cluster_state != "ok":
        await anyio.sleep(0.01)
    assert (well.cluster_slots_ok, well.problems) == (16384, [])


async def test_what_a_user_may_not_ask_of_a_cluster_is_unknown(start):
    server = start("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    server.run("ACL", "SETUSER", "meek", "on", f">{PASSWORD}", "+ping", "+info")
    reading = await look(server.url(f"meek:{PASSWORD}@"))
    assert reading.cluster_enabled
    assert reading.cluster_state == Unknown(
        "user \"meek\" may not run CLUSTER: user meek has no permissions to run the 'cluster|info' command"
    )


@pytest.mark.parametrize(("quorum", "problems"), [(1, []), (2, ["the sentinels are too few to fail a master over"])])
async def test_a_sentinel(start, server, quorum, problems):
    config = f"sentinel monitor mine 127.0.0.1 {server.port} {quorum}\n"
    sentinel = start("--sentinel", config=config)
    sentinel.until(lambda info: info["master0"]["status"] == "ok")
    reading = await look(sentinel.url())
    assert (reading.mode, reading.role) == ("sentinel", "sentinel")
    assert (reading.sentinel_masters, reading.sentinel_masters_down) == (["mine"], [])
    assert (reading.sentinel_quorum, reading.problems) == (quorum == 1, problems)
    assert (reading.maxmemory_bytes, reading.replicas) == (None, None)


@pytest.fixture
def tls(server, authority, impostor):
    """Speak TLS before the server, with a certificate for `localhost`; gives the port."""

    def tls(clients=ssl.CERT_NONE):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = clients
        return impostor(tls_before(server.port, context)).port

    return tls


def shown(certificate, folder):
    """Write a certificate and its key to files."""
    folder.mkdir()
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    return str(folder / "cert.pem"), str(folder / "key.pem")


async def test_a_certificate_that_is_trusted(tls, ca):
    port = tls()
    reading = await look(f"rediss://localhost:{port}", ca=ca)
    assert (reading.tls, reading.tls_version, reading.cipher[:4]) == (True, "TLSv1.3", "TLS_")
    assert (await look(f"rediss://localhost:{port}?ssl_ca_certs={ca}")).tls


async def test_a_certificate_that_is_not_verified(tls):
    port = tls()
    assert (await look(f"rediss://127.0.0.1:{port}", verify=False)).tls
    assert (await look(f"rediss://127.0.0.1:{port}?ssl_cert_reqs=none")).tls


async def test_a_certificate_that_is_not_trusted_is_a_failure(tls, ca):
    port = tls()
    said = await trouble(Unreachable, f"rediss://localhost:{port}")
    assert said.startswith(f"localhost:{port}: certificate is not trusted: ")
    said = await trouble(Unreachable, f"rediss://127.0.0.1:{port}", ca=ca)
    assert said == (
        f"127.0.0.1:{port}: certificate is not trusted: IP address mismatch, certificate is not valid for '127.0.0.1'"
    )


async def test_a_client_certificate(tls, ca, authority, tmp_path):
    port = tls(ssl.CERT_REQUIRED)
    cert, key = shown(authority.issue_cert("client"), tmp_path / "client")
    assert (await look(f"rediss://localhost:{port}", ca=ca, cert=cert, key=key)).tls
    said = await trouble(Unreachable, f"rediss://localhost:{port}", ca=ca)
    assert said == f"localhost:{port}: asks for a client certificate"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ca": "/nowhere/ca.pem"}, "/nowhere/ca.pem: no such file or directory"),
        ({"ca": "README.md"}, "README.md: holds no certificate, expected authorities in PEM"),
        ({"cert": "README.md"}, "README.md: no certificate and key in PEM can be read from it"),
    ],
)
async def test_files_that_are_no_good_are_errors(closed_port, settings, said):
    assert (
        await trouble(ProbeError, f"rediss://127.0.0.1:{closed_port}", **settings) == f"127.0.0.1:{closed_port}: {said}"
    )


def test_what_it_takes():
    probe = RedisProbe(url=f"redis://:{PASSWORD}@db/0")
    assert probe.target() == "db"
    assert probe.permissions() == (
        Need("network", "connect", "db:6379"),
        Need("redis", "PING", "db:6379"),
        Need("redis", "INFO", "db:6379"),
    )
    assert RedisProbe(url="unix:///run/redis").target() == ""
