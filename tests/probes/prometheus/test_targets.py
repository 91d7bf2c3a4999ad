"""Targets that are up, down, not scraped yet, overdue, dropped or missing."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.probe import ProbeError, Unknown, Unreachable
from probes.prometheus.targets import TargetsProbe
from tests.probes.http.server import says

from .answers import success


@pytest.fixture
def seen(live, look):
    """Look at the targets of a real server."""

    async def take(**settings):
        return await look(TargetsProbe, url=live.url, **settings)

    return take


async def test_a_job_that_is_up(seen):
    reading = await seen(job="shop")
    assert (reading.active, reading.up, reading.down, reading.pending, reading.up_ratio) == (1, 1, 0, 0, 1.0)
    assert (reading.jobs, reading.missing, reading.down_jobs, reading.problems) == (["shop"], [], [], [])
    assert 0 <= reading.scrape_age_seconds <= 3
    assert 0 < reading.scrape_seconds < 5
    assert (reading.overdue, reading.dropped) == (0, None)


async def test_all_jobs_with_one_down_and_one_that_was_never_scraped(live, seen):
    reading = await seen()
    assert (reading.active, reading.up, reading.down, reading.pending) == (3, 1, 1, 1)
    assert reading.up_ratio == pytest.approx(1 / 3)
    assert (reading.jobs, reading.down_jobs) == (["dead", "never", "shop"], ["dead", "never"])
    assert reading.problems == [
        f'dead {live.dead}: Get "http://{live.dead}/metrics…": dial tcp {live.dead}: connect: connection refused',
        f"never {live.exporter.address}: not scraped yet",
    ]


async def test_of_a_target_that_was_not_scraped_nobody_knows_whether_it_is_down(seen):
    reading = await seen(job="never")
    assert reading.down == Unknown("none is down, but 1 of 1 targets have not been scraped yet")
    assert (reading.pending, reading.up, reading.scrape_age_seconds, reading.overdue) == (1, 0, None, 0)


async def test_a_job_without_targets_is_missing(seen):
    reading = await seen(job=["shop", "cart", "till"])
    assert (reading.active, reading.missing) == (1, ["cart", "till"])
    nobody = await seen(job="cart")
    assert (nobody.active, nobody.missing, nobody.up_ratio, nobody.scrape_seconds) == (0, ["cart"], None, None)


async def test_labels_and_matchers_choose(seen):
    assert (await seen(labels={"team": "payments"})).jobs == ["shop"]
    assert (await seen(matchers=['job=~"sh.*|dead"', 'team=""'])).jobs == ["dead"]
    assert (await seen(labels={"team": "nobody"})).active == 0


async def test_dropped_targets_are_counted_when_they_are_asked_for(seen):
    assert (await seen(dropped=True)).dropped == 1


# ---- a server that only pretends

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


def target(job="shop", health="up", age=5.0, **more):
    scraped = (
        (NOW - timedelta(seconds=age)).isoformat(timespec="microseconds").replace("+00:00", "123Z")
        if age is not None
        else NEVER
    )
    return {"labels": {"job": job, "instance": "h:1"}, "health": health, "lastScrape": scraped, **more}


NEVER = "0001-01-01T00:00:00Z"


@pytest.fixture
def told(serve, look):
    """Look at targets that a server only pretends to have."""

    async def take(*targets, date=DATE, more=None, **settings):
        data = {"activeTargets": list(targets), "droppedTargets": None, **(more or {})}
        page = success(data).replace(b"\r\n", f"\r\ndate: {date}\r\n".encode(), 1) if date else success(data)
        return await look(TargetsProbe, url=serve(says(page)).url, **settings)

    return take


async def test_a_scrape_is_overdue_after_two_intervals(told):
    reading = await told(
        target(age=30, scrapeInterval="15s"),
        target(age=31.5, scrapeInterval="15s", lastScrapeDuration=0.5),
        target(age=31.5, scrapeInterval="1m"),
        target(age=130, scrapeInterval="?"),
        target(age=100),
    )
    assert (reading.overdue, reading.up, reading.scrape_age_seconds, reading.scrape_seconds) == (2, 5, 130.0, 0.5)
    assert reading.problems == ["shop h:1: last scraped 32s ago", "shop h:1: last scraped 2m10s ago"]


async def test_a_scrape_in_the_future_tells_nothing(told):
    reading = await told(target(age=-10), target(age=5))
    future = Unknown("a time is 10 s in the future by the server's own clock")
    assert (reading.scrape_age_seconds, reading.overdue) == (future, future)
    assert (await told(target(age=-1.5))).scrape_age_seconds == 0.0


@pytest.mark.parametrize("date", ["", "soon", "Sat, 99 Nov 2026 12:00:00 GMT"])
async def test_without_the_servers_clock_ours_must_do(told, date):
    reading = await told(target(age=None, health="unknown"), date=date)
    assert (reading.scrape_age_seconds, reading.pending) == (None, 1)


async def test_whatever_is_not_up_is_down(told):
    reading = await told(target(health="sick"), target(health="UP"), target(health="unknown", age=None))
    assert (reading.up, reading.down, reading.pending) == (0, 2, 1)
    assert reading.problems == ["shop h:1: sick", "shop h:1: UP", "shop h:1: not scraped yet"]


async def test_secrets_in_urls_are_not_told(told):
    error = 'Get "https://dana:very-secret@h/metrics?token=very-secret&x": dial tcp\n h: refused'
    reading = await told(target(health="down", lastError=error))
    assert reading.problems == ['shop h:1: Get "https://…h/metrics…": dial tcp h: refused']


async def test_only_the_first_problems_are_told(told):
    reading = await told(*(target(job=str(number), health="down", lastError="x") for number in range(30)))
    assert (reading.down, len(reading.problems)) == (30, 20)


async def test_newer_servers_count_what_they_dropped(told):
    reading = await told(target(), more={"droppedTargetCounts": {"a": 2, "b": 3}})
    assert reading.dropped == 5


async def test_a_target_without_labels(told):
    reading = await told({**target(), "labels": {}}, {**target(health="down"), "labels": {}})
    assert (reading.jobs, reading.problems) == ([""], ["no job without instance: down"])


async def test_a_pattern_that_takes_too_long_is_an_error(told):
    slow = {**target(), "labels": {"job": "a" * 60 + "b"}}
    with pytest.raises(ProbeError) as caught:
        await told(slow, matchers=['job=~"(a|aa)+"'])
    assert str(caught.value) == 'job=~"(a|aa)+" cannot be held against labels: the match took more than 1 s'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param({}, "object missing required field `activeTargets`", id="nothing"),
        pytest.param(
            {"activeTargets": [{}]}, "object missing required field `labels` - at `$.activeTargets[0]`", id="one"
        ),
        pytest.param(
            {"activeTargets": [{**target(), "lastScrape": "yesterday"}]},
            "invalid RFC3339 encoded datetime - at `$.activeTargets[0].lastScrape`",
            id="no time",
        ),
    ],
)
async def test_what_is_no_list_of_targets_is_no_answer(serve, look, data, said):
    server = serve(says(success(data)))
    with pytest.raises(Unreachable) as caught:
        await look(TargetsProbe, url=server.url)
    assert str(caught.value) == f"127.0.0.1:{server.port}: answers with what is no answer to that: {said}"


async def test_very_many_targets_do_not_hold_others_up(told):
    reading = await told(*(target(job=f"job{number}", discoveredLabels={"x": "y" * 100}) for number in range(3000)))
    assert (reading.active, len(reading.jobs)) == (3000, 3000)
