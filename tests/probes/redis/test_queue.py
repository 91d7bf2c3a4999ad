"""redis.queue against real servers: lists, streams and Celery's queues."""

import json
import time

import pytest

from agent.probe import Need, ProbeError, Unknown, Unreachable
from probes.redis.queue import QueueProbe, QueueReading

from .server import PASSWORD, whole


async def look(server, **settings):
    return await QueueProbe(url=server.url(), **settings).measure()


async def trouble(kind, server, **settings):
    with pytest.raises(kind) as caught:
        await look(server, **settings)
    return str(caught.value)


class TestList:
    async def test_what_waits(self, server):
        server.run("LPUSH", "mails", "a", "b", "c")
        assert await look(server, list="mails") == QueueReading(depth=3, exists=True)

    async def test_a_list_that_is_not_there_holds_nothing(self, server):
        assert await look(server, list="mails") == QueueReading(depth=0, exists=False)
        assert (await look(server, list="mails", timestamp="at")).age_seconds == 0

    async def test_how_long_the_oldest_waits(self, server):
        server.run("LPUSH", "mails", json.dumps({"at": time.time() - 100}), json.dumps({"at": time.time()}))
        assert 100 <= (await look(server, list="mails", timestamp="at")).age_seconds < 160
        assert 0 <= (await look(server, list="mails", timestamp="at", oldest="left")).age_seconds < 60

    @pytest.mark.parametrize(
        ("message", "why"),
        [
            ("hello", "it is no JSON: expecting value at line 1 column 1"),
            ("{}", "no date at at"),
            ('{"at": "yesterday"}', "the date at at is 'yesterday', expected one such as 2026-12-01T10:30:00Z"),
        ],
    )
    async def test_a_message_that_tells_no_time(self, server, message, why):
        server.run("LPUSH", "mails", message)
        reading = await look(server, list="mails", timestamp="at")
        assert reading.age_seconds == Unknown(f"the oldest message of 'mails' tells no time: {why}")

    async def test_a_key_that_is_something_else(self, server):
        server.run("SET", "mails", "1")
        assert await trouble(Unreachable, server, list="mails") == (
            f"127.0.0.1:{server.port}: 'mails' is a string, expected a list"
        )


def task(**headers):
    """A message as Celery's publisher writes it."""
    return json.dumps(
        {
            "body": "W1sxXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbH1d",
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": "shop.mail", "id": "1", "eta": None, "retries": 0, **headers},
            "properties": {
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": "mail"},
                "priority": 0,
                "delivery_tag": "2",
            },
        }
    )


class TestCelery:
    async def test_queues_with_priorities(self, server):
        server.run("SADD", "_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
        server.run("LPUSH", "celery", task(), task())
        server.run("LPUSH", "celery\x06\x163", task())
        server.run("LPUSH", "mail\x06\x169", task())
        reading = await look(server, celery=["celery", "mail"])
        assert (reading.depth, reading.exists, reading.depths) == (4, True, {"celery": 3, "mail": 1})
        assert (reading.unacked, reading.unacked_age_seconds) == (0, 0)
        assert reading.age_seconds == Unknown("the oldest message of 'celery' tells no time: no date at its headers")

    async def test_a_queue_that_nobody_declared(self, server):
        server.run("SADD", "_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
        reading = await look(server, celery="celery")
        assert (reading.depth, reading.exists, reading.age_seconds) == (0, True, 0)
        assert not (await look(server, celery=["celery", "mial"])).exists

    @pytest.mark.parametrize(
        ("headers", "settings"),
        [
            (lambda at: {"published_at": at}, {}),
            (lambda at: {"sentry-task-enqueued-time": at}, {}),
            (lambda at: {"stamps": {"at": at}}, {"timestamp": "headers.stamps.at"}),
        ],
    )
    async def test_how_long_the_oldest_waits(self, server, headers, settings):
        server.run("LPUSH", "celery", task(**headers(time.time() - 100)), task(published_at=time.time()))
        assert 90 < (await look(server, celery="celery", **settings)).age_seconds < 400

    async def test_what_workers_took(self, server):
        server.run("HSET", "app:unacked", "2", "[]")
        server.run("ZADD", "app:unacked_index", time.time() - 100, "2", time.time(), "3")
        reading = await look(server, celery="celery", prefix="app:")
        assert reading.unacked == 1
        assert 100 <= reading.unacked_age_seconds < 160
        server.run("DEL", "app:unacked_index")
        assert (await look(server, celery="celery", prefix="app:")).unacked_age_seconds is None

    async def test_a_message_that_is_none(self, server):
        server.run("LPUSH", "celery", "[1]")
        reading = await look(server, celery="celery")
        assert reading.age_seconds == Unknown("the oldest message of 'celery' tells no time: no date at its headers")

    async def test_a_key_that_is_something_else(self, server):
        server.run("SET", "celery\x06\x163", "1")
        assert await trouble(Unreachable, server, celery="celery") == (
            f"127.0.0.1:{server.port}: 'celery\\x06\\x163' is a string, expected a list"
        )


@pytest.fixture
def stream(server):
    """Five entries, the first 100 s old: two done, one taken, two waiting."""
    return fill(server)


def fill(server):
    start = int(time.time() * 1000) - 100_000
    for number in range(5):
        server.run("XADD", "orders", f"{start + number * 1000}-0", "n", number)
    server.run("XGROUP", "CREATE", "orders", "billing", "0")
    server.run("XREADGROUP", "GROUP", "billing", "one", "COUNT", "3", "STREAMS", "orders", ">")
    server.run("XACK", "orders", "billing", f"{start}-0", f"{start + 1000}-0")
    return server


class TestStream:
    async def test_a_group_that_is_behind(self, stream):
        reading = await look(stream, stream="orders", group="billing")
        assert (reading.depth, reading.exists, reading.groups, reading.consumers) == (5, True, ["billing"], 1)
        assert (reading.lag, reading.pending) == (2, 1)
        assert 97 <= reading.age_seconds < 160
        assert 98 <= reading.pending_age_seconds < 160
        assert 0 <= reading.pending_idle_seconds < 60

    async def test_a_server_that_does_not_count_how_many_wait(self, old):
        reading = await look(fill(old), stream="orders", group="billing")
        assert reading.lag == Unknown("the server does not count how many entries wait")
        assert (reading.pending, reading.age_seconds > 97) == (1, True)

    async def test_a_group_that_is_up_to_date(self, stream):
        stream.run("XGROUP", "SETID", "orders", "billing", "$")
        reading = await look(stream, stream="orders", group="billing")
        assert (reading.lag, reading.age_seconds, reading.pending) == (0, 0, 1)

    async def test_of_several_groups_the_worst_counts(self, stream):
        stream.run("XGROUP", "CREATE", "orders", "audit", "0")
        reading = await look(stream, stream="orders")
        assert (reading.groups, reading.lag, reading.pending, reading.consumers) == (["audit", "billing"], 5, 1, 1)
        assert 100 <= reading.age_seconds < 160
        only = await look(stream, stream="orders", group="audit")
        assert (only.pending, only.pending_age_seconds, only.pending_idle_seconds) == (0, 0, 0)

    async def test_ids_that_are_no_times(self, server):
        server.run("XADD", "orders", "7-1", "n", "1")
        server.run("XGROUP", "CREATE", "orders", "billing", "0")
        reading = await look(server, stream="orders")
        assert (reading.lag, reading.age_seconds) == (1, Unknown("the id 7 of its oldest entry is no time"))

    async def test_a_stream_without_groups_has_no_lag(self, server):
        server.run("XADD", "orders", "*", "n", "1")
        assert await look(server, stream="orders") == QueueReading(depth=1, exists=True, groups=[])

    async def test_a_stream_that_is_not_there(self, server):
        assert await look(server, stream="orders", group="billing") == QueueReading(depth=0, exists=False)

    async def test_a_group_that_is_not_there_is_a_failure(self, stream):
        place = f"127.0.0.1:{stream.port}"
        assert await trouble(Unreachable, stream, stream="orders", group="biling") == (
            f"{place}: 'orders' has no group 'biling', its groups: billing"
        )
        stream.run("XGROUP", "DESTROY", "orders", "billing")
        assert await trouble(Unreachable, stream, stream="orders", group="billing") == (
            f"{place}: 'orders' has no group 'billing', its groups: none"
        )

    async def test_a_key_that_is_something_else(self, server):
        server.run("SET", "orders", "1")
        assert await trouble(Unreachable, server, stream="orders") == (
            f"127.0.0.1:{server.port}: 'orders' is a string, expected a stream"
        )


async def test_a_user_who_may_not_look(server):
    server.run("ACL", "SETUSER", "meek", "on", f">{PASSWORD}", "+ping", "+type", "~open:*")
    probe = QueueProbe(url=server.url(f"meek:{PASSWORD}@"), list="open:mails")
    with pytest.raises(ProbeError) as caught:
        await probe.measure()
    assert str(caught.value) == (
        f"127.0.0.1:{server.port}: user \"meek\" may not run LLEN: user meek has no permissions to run the 'llen' command"
    )
    with pytest.raises(ProbeError, match='user "meek" may not run TYPE: no permissions to access a key'):
        await QueueProbe(url=server.url(f"meek:{PASSWORD}@"), list="mails").measure()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "give one of list, stream and celery"),
        ({"list": "a", "stream": "b"}, "give one of list, stream and celery"),
        ({"list": "a", "group": "b"}, "group is for a stream"),
        ({"stream": "a", "timestamp": "b"}, "timestamp is not for a stream, whose ids are times"),
        ({"list": "a", "prefix": "b"}, "prefix is for celery"),
        ({"stream": "a", "oldest": "left"}, "oldest is for a list"),
    ],
)
def test_settings_that_do_not_fit(settings, said):
    with pytest.raises(ValueError, match=whole(said)):
        QueueProbe(url="redis://db", **settings)


def test_what_it_takes():
    probe = QueueProbe(url="redis://db", list="mails")
    assert probe.target() == "db"
    assert probe.permissions() == (
        Need("network", "connect", "db:6379"),
        *(Need("redis", command, "db:6379") for command in ("TYPE", "LLEN", "LINDEX", "TIME")),
    )
