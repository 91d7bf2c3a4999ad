"""Metrics that are there, were there, are there with other labels, or were never there."""

import re

import pytest

from agent.probe import ProbeError, Unknown, Unreachable
from probes.prometheus.metric import MetricProbe, check_name
from tests.probes.http.server import routes

from .answers import failure, instant, success
from .servers import HOUR


@pytest.fixture
def found(past, look):
    """Look for metrics in the past of a real server."""

    async def take(name, **settings):
        return await look(MetricProbe, url=past, name=name, **settings)

    return take


async def test_a_metric_is_present(found):
    reading = await found("orders_total")
    assert (reading.state, reading.states, reading.missing, reading.problems) == ("present", ["present"], [], [])
    assert reading.series == 3
    assert 0 <= reading.age_seconds <= reading.oldest_age_seconds <= 16


async def test_labels_and_matchers_choose_series(found):
    reading = await found("orders_total", labels={"app": "shop"}, matchers=['code=~"4.."'])
    assert (reading.state, reading.series) == ("present", 1)


ABSENT = {
    "never there": ("nothing", {}, "never there", "nothing was not there within 7d"),
    "longer ago than the lookback": (
        "ancient",
        {},
        "never there",
        "ancient was not there within 7d, only before that",
    ),
    "misspelt": ("orders_totl", {}, "never there", "orders_totl was not there within 7d; there is orders_total"),
    "without its suffix": (
        "latency_seconds",
        {},
        "never there",
        "latency_seconds was not there within 7d; there is latency_seconds_bucket, latency_seconds_count",
    ),
    "a value that no series has": (
        "orders_total",
        {"labels": {"app": "shpo"}},
        "wrong labels",
        'orders_total is there, but no series is orders_total{app="shpo"}: none has app="shpo", app is "pay", "shop"',
    ),
    "a label that no series has": (
        "orders_total",
        {"labels": {"app": "shop", "env": "prod"}},
        "wrong labels",
        'orders_total is there, but no series is orders_total{app="shop",env="prod"}: none has the label env',
    ),
    "labels of different series": (
        "orders_total",
        {"labels": {"app": "pay", "code": "404"}},
        "wrong labels",
        'orders_total is there, but no series is orders_total{app="pay",code="404"}:'
        " each of these labels is there, but not all on one series",
    ),
}


@pytest.mark.parametrize("name", ABSENT)
async def test_a_metric_that_is_not_there_as_it_should_be(found, name):
    metric, settings, state, problem = ABSENT[name]
    reading = await found(metric, **settings)
    assert (reading.state, reading.missing, reading.problems) == (state, [metric], [problem])
    assert (reading.series, reading.age_seconds, reading.oldest_age_seconds) == (0, None, None)


async def test_a_metric_that_vanished_has_the_age_of_its_last_sample(found):
    reading = await found("gone", labels={"app": "shop"})
    assert (reading.state, reading.missing, reading.series) == ("vanished", ["gone"], 0)
    assert 3 * HOUR <= reading.age_seconds <= 3 * HOUR + 300 + 600
    (problem,) = reading.problems
    assert problem.startswith('gone{app="shop"} vanished 3h')


async def test_series_with_these_labels_vanished_while_others_are_there(found):
    reading = await found("moved", labels={"app": "shop"})
    assert reading.state == "vanished"
    assert reading.age_seconds >= 3 * HOUR


async def test_a_metric_that_vanished_and_never_had_these_labels(found):
    reading = await found("gone", labels={"app": "pay"})
    assert (reading.state, reading.age_seconds) == ("vanished", None)
    assert reading.problems == ['gone{app="pay"} vanished within 7d']


async def test_a_longer_lookback_finds_what_is_long_gone(found):
    assert (await found("ancient", lookback=30 * 24 * HOUR)).state == "vanished"


async def test_a_metric_is_stale_when_its_newest_sample_is_old(found):
    reading = await found("lazy")
    assert (reading.state, reading.missing, reading.series) == ("stale", ["lazy"], 1)
    assert HOUR / 2 <= reading.age_seconds < HOUR / 2 + 600
    (problem,) = reading.problems
    assert problem.startswith("lazy is stale: its newest sample is 3")
    assert (await found("lazy", stale_after=HOUR)).state == "present"


async def test_of_many_names_the_worst_state_and_a_list_of_the_rest(found):
    names = ["orders_total", "lazy", "nothing", "queue_length", "gone"]
    reading = await found(names)
    assert reading.state == "never there"
    assert reading.states == ["present", "stale", "never there", "present", "vanished"]
    assert reading.missing == ["lazy", "nothing", "gone"]
    assert len(reading.problems) == 3
    assert reading.series == [3, 1, 0, 1, 0]
    assert [age is None for age in reading.age_seconds] == [False, False, True, False, False]
    assert [age is None for age in reading.oldest_age_seconds] == [False, False, True, False, True]


async def test_one_name_in_a_list_gives_lists(found):
    assert (await found(["queue_length"])).series == [1]


async def test_a_name_that_only_quotes_can_carry(found):
    assert (await found("orders.total")).state == "never there"


async def test_only_the_first_are_looked_into(found):
    reading = await found([f"orders_totl{number}" for number in range(8)])
    assert [problem.endswith("there is orders_total") for problem in reading.problems] == [True] * 5 + [False] * 3


# ---- a server that has no time for all that


async def test_what_cannot_be_searched_is_unknown_and_the_state_is_told(serve, look):
    def answer(asked):
        if "max_over_time" in asked.target:
            return failure(422, "execution", "query processing would load too many samples into memory")
        return success(instant(({"gonogo": "now"}, 1000)))

    server = serve(routes({"/api/v1/query": answer, "/api/v1/label/__name__/values": success(["gone"])}))
    reading = await look(MetricProbe, url=server.url, name="gone")
    assert (reading.state, reading.problems) == ("vanished", ["gone vanished within 7d"])
    assert reading.age_seconds == Unknown(
        f"127.0.0.1:{server.port}: cannot answer (execution): query processing would load too many samples into memory"
    )
    several = await look(MetricProbe, url=server.url, name=["gone", "gone2"])
    assert several.age_seconds == reading.age_seconds


async def test_why_it_is_missing_may_stay_open(serve, look):
    def answer(asked):
        if "alone" in asked.target:
            return failure(503, "timeout", "query timed out")
        return success(instant(({"gonogo": "now"}, 1000), ({"gonogo": "0 any"}, 3)))

    server = serve(routes({"/api/v1/query": answer, "/api/v1/label/__name__/values": success([])}))
    reading = await look(MetricProbe, url=server.url, name="up", labels={"job": "x"})
    assert (reading.state, reading.problems) == ("wrong labels", ['up is there, but no series is up{job="x"}'])


async def test_an_answer_to_something_else_is_no_answer(serve, look):
    server = serve(routes({"/api/v1/query": success(instant(({"job": "x"}, 1)))}))
    with pytest.raises(Unreachable) as caught:
        await look(MetricProbe, url=server.url, name="up")
    assert str(caught.value) == f"127.0.0.1:{server.port}: answers with something else than it was asked for"


async def test_a_refused_index_is_an_error(serve, look):
    answers = {
        "/api/v1/query": success(instant(({"gonogo": "now"}, 1000))),
        "/api/v1/label/__name__/values": failure(422, "execution", "no"),
    }
    server = serve(routes(answers))
    with pytest.raises(ProbeError) as caught:
        await look(MetricProbe, url=server.url, name="up")
    assert str(caught.value) == f"127.0.0.1:{server.port}: cannot answer (execution): no"


# ---- settings


NAMES = {
    "": "is empty, expected the name of a metric",
    'up{job="a"}': "has labels, expected a name alone: labels stand in `labels` and `matchers`",
    "sum(up)": "has '(' in it, expected the name of a metric: expressions are for prometheus.query",
    "up == 0": "has ' ' in it, expected the name of a metric: expressions are for prometheus.query",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_name_of_a_metric(name):
    with pytest.raises(ValueError, match=f"^{re.escape(NAMES[name])}$"):
        check_name(name)


@pytest.mark.parametrize("name", ["up", "job:up:sum", "orders.total", "größe"])
def test_names_of_metrics(name):
    check_name(name)


WRONG = {
    "twice": ({"name": ["up", "up"]}, "`name` has a name twice"),
    "lookback": ({"name": "up", "lookback": 5.0}, "`lookback` is 5 s, expected at least a minute"),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_that_do_not_fit(name):
    settings, message = WRONG[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MetricProbe(url="http://h", **settings)
