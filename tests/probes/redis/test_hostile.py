"""Servers that are none, that say nothing, and that say too much."""

import socket
import struct

import anyio
import psutil
import pytest

from agent.probe import ProbeError, Unknown, Unreachable
from probes.redis.probe import RedisProbe
from probes.redis.queue import QueueProbe

from .server import PASSWORD, answering

STRANGER = "does not speak Redis' protocol"
PONG = b"+PONG\r\n"
DENIED = b"-NOAUTH Authentication required.\r\n"


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text)


async def trouble(kind, probe):
    with pytest.raises(kind) as caught:
        await probe.measure()
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def url(server):
    return f"redis://127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(b"", "connection closed", id="closes"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", STRANGER, id="speaks-http"),
        pytest.param(b"\xff\xfe\0\r\n", STRANGER, id="garbage"),
        pytest.param(b"+OK\r\n", STRANGER, id="another-answer"),
        pytest.param(b":1\r\n", STRANGER, id="a-number"),
        pytest.param(b":x\r\n", STRANGER, id="no-number"),
        pytest.param(b"$x\r\n", STRANGER, id="no-length"),
        pytest.param(b"*-7\r\n", STRANGER, id="fewer-than-none"),
        pytest.param(b"$10\r\nPON", "connection closed", id="cut-short"),
        pytest.param(b"x" * 200_000, STRANGER, id="a-line-without-end"),
        pytest.param(b"*1\r\n" * 100_000, STRANGER, id="nested-without-end"),
        pytest.param(b"$2000000000\r\nx", "sends more than 1048576 bytes", id="promises-too-much"),
        pytest.param(b"-LOADING Redis is loading the dataset in memory\r\n", "it loads its data still", id="loads"),
        pytest.param(
            b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
            "link with MASTER is down and replica-serve-stale-data is set to 'no'",
            id="master-down",
        ),
        pytest.param(b"-BUSY Redis is busy \x1b[2J running\r\n", "Redis is busy ?[2J running", id="busy"),
        pytest.param(b"-ERR max number of clients reached\r\n", "max number of clients reached", id="full"),
    ],
)
async def test_what_is_no_answer(impostor, answer, said):
    server = impostor(says_and_ends(answer))
    assert await trouble(Unreachable, RedisProbe(url=url(server))) == f"127.0.0.1:{server.port}: {said}"


def says_and_ends(answer):
    def behave(connection, _over):
        connection.recv(100)
        connection.sendall(answer)

    return behave


async def test_a_connection_that_is_reset(impostor):
    def resets(connection, _over):
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    server = impostor(resets)
    assert await trouble(Unreachable, RedisProbe(url=url(server))) == f"127.0.0.1:{server.port}: connection reset"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            b"-DENIED Redis is running in protected mode because it is. In this mode connections\r\n",
            "DENIED Redis is running in protected mode because it is",
            id="protected",
        ),
        pytest.param(b"-ERR unknown command 'PING'\r\n", "unknown command 'PING'", id="without-ping"),
        pytest.param(b"-MOVED 1 10.0.0.1:6379\r\n", "another node of the cluster keeps it: 10.0.0.1:6379", id="moved"),
    ],
)
async def test_what_does_not_let_us_look(impostor, answer, said):
    server = impostor(answering(answer))
    assert await trouble(ProbeError, RedisProbe(url=url(server))) == f"127.0.0.1:{server.port}: {said}"


async def test_a_server_of_old_knows_no_users(impostor):
    wrong = b"-ERR wrong number of arguments for 'auth' command\r\n"
    server = impostor(answering(DENIED, wrong, b"+OK\r\n", PONG, bulk(b"redis_version:5.0.7\r\nrole:master\r\n")))
    reading = await RedisProbe(url=f"redis://me:{PASSWORD}@127.0.0.1:{server.port}").measure()
    assert (reading.version_number, reading.role, reading.authentication_required) == (50007, "master", True)
    server = impostor(answering(DENIED, wrong, b"-ERR invalid password\r\n"))
    said = await trouble(ProbeError, RedisProbe(url=f"redis://me:{PASSWORD}@127.0.0.1:{server.port}"))
    assert said == f"127.0.0.1:{server.port}: invalid password"


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([PONG, b":5\r\n"], id="info-is-a-number"),
        pytest.param([PONG, b"$-1\r\n"], id="info-is-nothing"),
        pytest.param(
            [PONG, bulk(b"connected_clients:1\r\n"), b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"], id="a-limit-that-is-none"
        ),
        pytest.param([PONG, bulk(b"rdb_last_save_time:1\r\n"), b"*1\r\n$1\r\nx\r\n"], id="a-clock-that-is-none"),
    ],
)
async def test_answers_of_another_type_are_no_answers(impostor, answers):
    server = impostor(answering(*answers))
    assert await trouble(Unreachable, RedisProbe(url=url(server))) == f"127.0.0.1:{server.port}: {STRANGER}"


async def test_a_server_that_tells_nothing_leaves_all_absent(impostor):
    lines = b"# Server\r\nnonsense\r\nuptime_in_seconds:soon\r\nmaxmemory:99999999999999999999999\r\ndb0:keys=x\r\n"
    server = impostor(answering(PONG, bulk(lines)))
    reading = await RedisProbe(url=url(server)).measure()
    assert (reading.server, reading.version, reading.version_number, reading.role) == (None, None, None, None)
    assert (reading.uptime_seconds, reading.maxmemory_bytes, reading.keys, reading.problems) == (None, None, None, [])


async def test_a_limit_of_clients_that_may_not_be_asked_for_is_unknown(impostor):
    answers = [PONG, bulk(b"connected_clients:3\r\n"), b"-NOPERM this user has no permissions\r\n"]
    reading = await RedisProbe(url=url(impostor(answering(*answers)))).measure()
    hidden = Unknown('user "default" may not run CONFIG: this user has no permissions')
    assert (reading.clients, reading.clients_allowed, reading.clients_ratio) == (3, hidden, hidden)


async def test_a_clock_that_may_not_be_asked_for_leaves_the_age_absent(impostor):
    answers = [PONG, bulk(b"rdb_last_save_time:1\r\n"), b"-NOPERM this user has no permissions\r\n"]
    assert (await RedisProbe(url=url(impostor(answering(*answers)))).measure()).rdb_age_seconds is None


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        (b"loading:1\r\n", ["it loads its data still"]),
        (
            b"aof_enabled:1\r\naof_last_write_status:ok\r\naof_last_bgrewrite_status:err\r\n",
            ["the last write or rewrite of the append-only file (AOF) failed"],
        ),
        (b"aof_enabled:0\r\naof_last_bgrewrite_status:err\r\n", []),
    ],
)
async def test_what_a_server_says_is_wrong_with_it(impostor, lines, problems):
    server = impostor(answering(PONG, bulk(lines)))
    assert (await RedisProbe(url=url(server)).measure()).problems == problems


async def test_a_replica_that_never_had_a_master_tells_no_lag(impostor):
    lines = b"role:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:-1\r\nconnected_slaves:0\r\n"
    reading = await RedisProbe(url=url(impostor(answering(PONG, bulk(lines))))).measure()
    assert (reading.replication_link_up, reading.replication_lag_seconds) == (False, None)


async def test_a_replica_that_tells_no_offset_leaves_the_distance_absent(impostor):
    lines = b"role:master\r\nconnected_slaves:2\r\nmaster_repl_offset:9\r\nslave0:state=online,offset=4,lag=1\r\nslave1:state=send_bulk\r\n"
    reading = await RedisProbe(url=url(impostor(answering(PONG, bulk(lines))))).measure()
    assert (reading.replicas, reading.replica_states) == (2, ["online", "send_bulk"])
    assert (reading.replication_lag_seconds, reading.replication_lag_bytes) == (None, None)


async def test_a_sentinel_whose_master_is_down(impostor):
    lines = b"redis_mode:sentinel\r\nsentinel_masters:1\r\nmaster0:name=mine,status=odown,slaves=0,sentinels=3\r\n"
    server = impostor(answering(PONG, bulk(lines), b"-NOQUORUM 1 usable Sentinels\r\n"))
    reading = await RedisProbe(url=url(server)).measure()
    assert (reading.sentinel_masters_down, reading.sentinel_quorum) == (["mine"], False)
    assert reading.problems == ["the master mine is down", "the sentinels are too few to fail a master over"]


async def test_a_sentinel_that_may_not_be_asked_leaves_the_quorum_unknown(impostor):
    lines = b"sentinel_masters:1\r\nmaster0:name=mine,status=ok\r\n"
    server = impostor(answering(PONG, bulk(lines), b"-NOPERM no\r\n"))
    reading = await RedisProbe(url=url(server)).measure()
    assert reading.sentinel_quorum == Unknown('user "default" may not run SENTINEL: no')


def hangs(_connection, over):
    over.wait()


def drips(connection, over):
    connection.recv(100)
    for byte in b"$100000\r\n" + b"x" * 100_000:
        connection.sendall(bytes([byte]))
        if over.wait(0.02):
            return


def hangs_after(*answers):
    def behave(connection, over):
        answering(*answers)(connection, over)
        over.wait()

    return behave


@pytest.mark.parametrize(
    ("behave", "scheme"),
    [
        pytest.param(hangs, "redis", id="before-anything"),
        pytest.param(hangs, "rediss", id="before-tls"),
        pytest.param(drips, "redis", id="a-byte-at-a-time"),
        pytest.param(hangs_after(PONG), "redis", id="before-the-second-answer"),
    ],
)
async def test_a_server_that_hangs_is_left_at_once_and_nothing_stays_open(impostor, behave, scheme):
    server = impostor(behave)
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await RedisProbe(url=f"{scheme}://127.0.0.1:{server.port}").measure()
        assert scope.cancelled_caught
        while connections(server.port):  # the event loop closes a socket in its next turn
            await anyio.lowlevel.checkpoint()


def connections(port):
    """How many connections of this process lead to a port."""
    return sum(1 for one in psutil.Process().net_connections("tcp") if one.raddr and one.raddr.port == port)


async def test_a_flood_is_cut_off(impostor):
    def flood(over):
        yield b"*1000000000\r\n"
        while not over.is_set():
            yield b"$5\r\nxxxxx\r\n" * 1000

    server = impostor(answering(flood))
    assert await trouble(Unreachable, RedisProbe(url=url(server))) == (
        f"127.0.0.1:{server.port}: sends more than 1048576 bytes"
    )


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([PONG, b":5\r\n"], id="a-type-that-is-a-number"),
        pytest.param([PONG, b"+list\r\n", b"+many\r\n"], id="a-length-that-is-text"),
        pytest.param([PONG, b"+stream\r\n", b":1\r\n", b"*1\r\n:1\r\n"], id="groups-that-are-numbers"),
        pytest.param(
            [PONG, b"+stream\r\n", b":1\r\n", b"*1\r\n*2\r\n$4\r\nname\r\n:1\r\n"], id="a-name-that-is-a-number"
        ),
    ],
)
async def test_answers_about_a_queue_that_are_no_answers(impostor, answers):
    server = impostor(answering(*answers))
    probe = QueueProbe(url=url(server), **({"stream": "a"} if b"+stream\r\n" in answers else {"list": "a"}))
    assert await trouble(Unreachable, probe) == f"127.0.0.1:{server.port}: {STRANGER}"


async def test_a_message_that_was_taken_meanwhile_is_not_waiting(impostor):
    server = impostor(answering(PONG, b"+list\r\n", b":1\r\n", b"$-1\r\n"))
    reading = await QueueProbe(url=url(server), list="a", timestamp="at").measure()
    assert (reading.depth, reading.age_seconds) == (1, 0)


async def test_a_key_that_another_node_keeps(impostor):
    server = impostor(answering(PONG, b"-MOVED 15495 10.0.0.7:6379\r\n"))
    assert await trouble(ProbeError, QueueProbe(url=url(server), list="a")) == (
        f"127.0.0.1:{server.port}: another node of the cluster keeps it: 10.0.0.7:6379"
    )
