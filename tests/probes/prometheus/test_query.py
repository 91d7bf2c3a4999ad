"""Queries of one number, of several, over a range; and nothing, which is never a number by itself."""

import math
import re

import pytest

from agent.probe import ProbeError, Unknown, Unreachable
from probes.prometheus.query import QueryProbe
from tests.probes.http.server import routes

from .answers import failure, instant, success


@pytest.fixture
def ask(past, look):
    """Evaluate on a real server."""

    async def take(query, **settings):
        return await look(QueryProbe, url=past, query=query, **settings)

    return take


async def test_one_series_is_a_number(ask):
    reading = await ask('queue_length{queue="mail"}')
    assert (reading.value, reading.samples, reading.series, reading.named) == (7.0, 1, 1, {})
    assert 0 <= reading.age_seconds <= 16


async def test_a_scalar_is_a_number_and_reads_nothing(ask):
    reading = await ask("6 * 7")
    assert (reading.value, reading.samples, reading.series, reading.age_seconds) == (42.0, 1, 1, None)


async def test_several_series_are_a_list(ask):
    reading = await ask("0 * orders_total + 1")
    assert (reading.value, reading.samples, reading.series) == ([1.0, 1.0, 1.0], 3, 3)


async def test_a_mapping_names_its_readings(ask):
    reading = await ask({"length": "max(queue_length)", "apps": "count by (app) (orders_total)"})
    assert (reading.value, reading.named) == (None, {"length": 7.0, "apps": reading.named["apps"]})
    assert sorted(reading.named["apps"]) == [1.0, 2.0]
    assert (reading.samples, reading.series) == ([1, 2], [1, 2])
    assert len(reading.age_seconds) == 2


async def test_a_list_gives_lists(ask):
    reading = await ask(["max(queue_length)", "count by (app) (orders_total) > 1"])
    assert (reading.value, reading.samples, reading.series) == ([7.0, 2.0], [1, 1], [1, 1])


async def test_raw_samples_are_a_list(ask):
    reading = await ask("queue_length[1m]")
    assert (reading.value, reading.series) == ([7.0] * 4, 1)


async def test_an_infinity_is_one(ask):
    assert (await ask("1 / 0")).value == math.inf
    assert (await ask("-1 / 0")).value == -math.inf


async def test_the_age_is_that_of_the_samples_behind_the_query(ask):
    old = await ask("sum(lazy) + sum(queue_length)")
    assert old.value == 12.0
    assert 1800 <= old.age_seconds < 2400
    assert (await ask("sum(orders_total) or sum(nothing)")).age_seconds <= 16


async def test_the_age_comes_with_the_value_whatever_the_query_is(ask):
    scalar = await ask("scalar(queue_length)")
    assert (scalar.value, scalar.series) == (7.0, 1)
    assert 0 <= scalar.age_seconds <= 16
    samples = await ask("queue_length[1m]")
    assert 0 <= samples.age_seconds <= 16
    comment = await ask("queue_length # of mails")
    assert (comment.value, comment.samples) == (7.0, 1)
    same = await ask(
        'label_replace(queue_length, "gonogo", "0", "", "") or label_replace(vector(8), "gonogo", "1", "", "")'
    )
    assert (sorted(same.value), same.series) == ([7.0, 8.0], 2)
    nothing = await ask("queue_length > 100 or nothing", empty=0, unseen=True)
    assert (nothing.value, nothing.series, nothing.samples) == (0, 0, 0)
    assert 0 <= nothing.age_seconds <= 16
    absent = await ask('absent(orders_total{app="cart"})')
    assert (absent.value, absent.age_seconds) == (1.0, None)


# ---- nothing


NOTHING = {
    "no series": ("nothing", "nothing gives nothing: nothing has no series now"),
    "no series with these labels": (
        'sum(orders_total{code="500"}) / sum(orders_total)',
        'sum(orders_total{code="500"}) / sum(orders_total) gives nothing: orders_total{code="500"} has no series now',
    ),
    "nothing in common": ("orders_total / queue_length", "orders_total / queue_length gives nothing"),
    "NaN": ("sum(queue_length) * 0 / 0", "sum(queue_length) * 0 / 0 gives NaN"),
    "NaN among numbers": (
        'orders_total * 0 / (orders_total{code="404"} or orders_total * 0)',
        'orders_total * 0 / (orders_total{code="404"} or orders_total * 0) gives NaN for 2 of 3 series',
    ),
    "a filter that nothing passes": ("queue_length > 100", "queue_length > 100 gives nothing"),
}


@pytest.mark.parametrize("name", NOTHING)
async def test_nothing_is_nobodys_knowledge(ask, name):
    query, reason = NOTHING[name]
    assert (await ask(query)).value == Unknown(reason)
    assert (await ask({"it": query})).named == {"it": Unknown(reason)}


async def test_what_is_not_known_of_one_is_not_known_of_a_list(ask):
    reading = await ask(["nothing", "sum(queue_length)", "queue_length > 100"])
    assert reading.value == Unknown(
        "nothing gives nothing: nothing has no series now; queue_length > 100 gives nothing"
    )
    assert (reading.samples, reading.series) == ([0, 1, 0], [0, 1, 0])
    named = await ask({"known": "sum(queue_length)", "unknown": "queue_length > 100"})
    assert named.named == {"known": 7.0, "unknown": Unknown("queue_length > 100 gives nothing")}


async def test_empty_says_what_nothing_means(ask):
    none = await ask('sum(rate(orders_total{code="500"}[5m])) / sum(rate(orders_total[5m]))', empty=0)
    assert (none.value, none.samples, none.series) == (0, 0, 0)
    assert (await ask("queue_length > 100", empty=-1)).value == -1
    assert (await ask("sum(queue_length) * 0 / 0", empty=3)).value == 3
    assert sorted((await ask("orders_total * 0 / 0 or queue_length", empty=5)).value) == [5, 5, 5, 7.0]


async def test_empty_does_not_speak_for_a_metric_that_was_never_seen(ask):
    reading = await ask("sum(rate(odrers_total[5m])) / sum(rate(orders_total[5m]))", empty=0)
    assert reading.value == Unknown(
        "sum(rate(odrers_total[5m])) / sum(rate(orders_total[5m])) gives nothing,"
        " and odrers_total was never seen there: is the name right (`unseen` allows it)"
    )
    assert (await ask("odrers_total", empty=0, unseen=True)).value == 0
    assert (await ask("odrers_total or vector(0)")).value == 0


async def test_empty_speaks_for_a_metric_that_was_seen_long_ago_and_for_absence(ask):
    assert (await ask("ancient", empty=0)).value == 0
    assert (await ask('absent(orders_total{app="shop"})', empty=0)).value == 0
    assert (await ask("vector(1) > 2", empty=0)).value == 0


# ---- ranges


async def test_a_range_is_the_list_of_all_values_at_all_steps(ask):
    reading = await ask("sum(queue_length)", range=600.0, step=60.0)
    assert (reading.value, reading.samples, reading.series) == ([7.0] * 11, 11, 1)
    several = await ask("orders_total * 0", range=120.0, step=60.0)
    assert (several.value, several.samples, several.series) == ([0.0] * 9, 9, 3)


async def test_the_step_of_a_range_is_a_60th(ask):
    assert (await ask("queue_length", range=600.0)).samples == 61
    assert (await ask("queue_length", range=30.0)).samples == 31
    assert (await ask("time()", range=30.0)).samples == 31


async def test_values_of_a_range_are_in_the_order_of_time_by_the_servers_clock(ask):
    reading = await ask("time()", range=60.0, step=20.0)
    now = (await ask("time()")).value
    assert [second - first for first, second in zip(reading.value, reading.value[1:], strict=False)] == [20.0] * 3
    assert 0 <= now - reading.value[-1] < 30


async def test_a_hole_in_a_range_is_nobodys_knowledge(ask):
    reading = await ask("young", range=1200.0, step=60.0)
    assert reading.value == Unknown(reading.value.reason)
    assert reading.value.reason.startswith("young gives nothing at 1")
    assert reading.value.reason.endswith(" of 21 steps, the first 20m ago")
    filled = await ask("young", range=1200.0, step=60.0, empty=0)
    assert (len(filled.value), filled.value[0], filled.value[-1]) == (21, 0, 1.0)
    assert 5 <= filled.samples < 15


async def test_a_range_without_anything(ask):
    assert (await ask("nothing", range=60.0)).value == Unknown("nothing gives nothing: nothing has no series now")
    assert (await ask("ancient", range=60.0, step=30.0, empty=0)).value == [0, 0, 0]
    never = await ask("nothing", range=60.0, empty=0)
    assert isinstance(never.value, Unknown)


async def test_nan_in_a_range(ask):
    reading = await ask("sum(queue_length) * 0 / 0", range=60.0, step=20.0)
    assert reading.value == Unknown("sum(queue_length) * 0 / 0 gives NaN at 4 of 4 steps, the first 1m ago")
    assert (await ask("sum(queue_length) * 0 / 0", range=60.0, step=20.0, empty=1)).value == [1, 1, 1, 1]


# ---- what the server refuses


REFUSED = {
    "a function that is none": ("foo(up)", '1:1: parse error: unknown function with name "foo"'),
    "a vector for a range": (
        "rate(up)",
        '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ),
    "two values side by side": ("1 2", '1:3: parse error: unexpected number "2"'),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_wrong_query_is_told_in_the_servers_words(past, ask, name):
    query, said = REFUSED[name]
    with pytest.raises(ProbeError) as caught:
        await ask(query)
    place = past.removeprefix("http://")
    assert str(caught.value) == f'{place}: refuses the question: invalid parameter "query": {said}'


async def test_the_first_wrong_query_of_several_is_told(ask):
    with pytest.raises(ProbeError, match="foo"):
        await ask(["queue_length", "foo(up)", "bar(up)"])


async def test_many_to_many_is_an_error(ask):
    with pytest.raises(ProbeError, match=r": cannot answer \(execution\): found duplicate series"):
        await ask("queue_length + on () group_left () orders_total")


async def test_a_text_is_no_number(past, ask):
    with pytest.raises(ProbeError) as caught:
        await ask('"hello"')
    assert str(caught.value) == f"{past.removeprefix('http://')}: the query gives a text, expected numbers"


async def test_a_long_query_goes_in_a_body(ask):
    query = " or ".join(f'queue_length{{queue="mail",x{"y" * 50}{number}=""}}' for number in range(200))
    assert (await ask(query)).value == 7.0


# ---- answers that a server only pretends


@pytest.fixture
def told(serve, look):
    """Ask a server that answers every query with this."""

    async def take(*answers, query="up", **settings):
        answers = list(answers)
        server = serve(routes({path: lambda _: answers.pop(0) if len(answers) > 1 else answers[0] for path in PATHS}))
        take.place = f"127.0.0.1:{server.port}"
        return await look(QueryProbe, url=server.url, query=query, **settings)

    return take


PATHS = ("/api/v1/query", "/api/v1/query_range")


async def test_a_warning_is_an_error_unless_it_is_allowed(told):
    partial = success(instant(({}, 5)), warnings=["store 10.0.0.1:10901 did not answer"])
    with pytest.raises(ProbeError) as caught:
        await told(partial)
    assert str(caught.value) == (
        f"{told.place}: answers with a warning, so that nobody knows what is missing:"
        " store 10.0.0.1:10901 did not answer"
    )
    assert (await told(partial, allow_warnings=True)).value == 5.0


async def test_a_note_is_no_warning(told):
    info = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (1:6)'
    assert (await told(success(instant(({}, 5)), infos=[info]))).value == 5.0
    assert (await told(success(instant(({}, 5)), warnings=[info]))).value == 5.0


HISTOGRAM = {"count": "2", "sum": "3", "buckets": [[0, "1", "2", "2"]]}


async def test_native_histograms_are_no_numbers(told):
    native = {"resultType": "vector", "result": [{"metric": {}, "histogram": [1, HISTOGRAM]}]}
    with pytest.raises(ProbeError) as caught:
        await told(success(native))
    assert str(caught.value) == (
        f"{told.place}: the query gives native histograms, expected numbers (histogram_quantile, histogram_count …)"
    )


def vector(*values):
    return {"resultType": "vector", "result": [{"metric": {"n": str(n)}, "value": v} for n, v in enumerate(values)]}


STRANGE = {
    "no result": ({}, "object missing required field `resultType`"),
    "a new type": ({"resultType": "tensor", "result": []}, "invalid enum value 'tensor' - at `$.resultType`"),
    "no list": ({"resultType": "vector", "result": {}}, "expected `array`, got `object`"),
    "a number that is a number": (vector([1, 5]), "expected `str`, got `int` - at `$[0].value[1]`"),
    "three parts": (vector([1, "5", "6"]), "expected `array` of at most length 2"),
    "no time": (vector([None, "5"]), "expected `float`, got `null` - at `$[0].value[0]`"),
    "labels that are no texts": (
        {"resultType": "vector", "result": [{"metric": {"a": 1}, "value": [1, "1"]}]},
        "expected `str`, got `int` - at `$[0].metric[...]`",
    ),
    "null": (None, "expected `object`, got `null`"),
}


@pytest.mark.parametrize("name", STRANGE)
async def test_an_answer_of_another_form_is_no_answer(told, name):
    data, said = STRANGE[name]
    with pytest.raises(Unreachable) as caught:
        await told(success(data))
    assert str(caught.value) == f"{told.place}: answers with what is no answer to that: {said}"


VALUES = {
    "words": (vector([1, "oops"]), "answers with a value that is 'oops', expected a number"),
    "underscores": (vector([1, "1_000"]), "answers with a value that is '1_000', expected a number"),
    "Python's own infinity": (vector([1, "infinity"]), "answers with a value that is 'infinity', expected a number"),
    "nothing": (vector([1, ""]), "answers with a value that is '', expected a number"),
    "no value": ({"resultType": "vector", "result": [{"metric": {}}]}, "answers with a series that has no value"),
    "no values": (
        {"resultType": "matrix", "result": [{"metric": {}, "values": []}]},
        "answers with a series that has no value",
    ),
    "disorder": (
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[2, "1"], [1, "1"]]}]},
        "answers with a series whose values are not in the order of time",
    ),
}


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_that_is_no_number_is_no_answer(told, name):
    data, said = VALUES[name]
    with pytest.raises(Unreachable) as caught:
        await told(success(data))
    assert str(caught.value) == f"{told.place}: {said}"


async def test_numbers_as_prometheus_writes_them(told):
    texts = ["1e-07", "+Inf", "-Inf", "0", "-1.5", "1.7976931348623157e+308", ".5"]
    reading = await told(success(vector(*([1, text] for text in texts))))
    assert reading.value == [1e-7, math.inf, -math.inf, 0.0, -1.5, 1.7976931348623157e308, 0.5]


async def test_values_outside_of_the_range_that_was_asked_for_do_not_fill_its_holes(told):
    time = success({"resultType": "vector", "result": [{"metric": {"gonogo": "now"}, "value": [1000, "1000"]}]})
    far = success({"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "1"], [990, "1"], [5000, "1"]]}]})
    reading = await told(time, far, query="vector(1)", range=20.0, step=10.0)
    assert reading.value == Unknown("vector(1) gives nothing at 2 of 3 steps, the first 20s ago")


async def test_ages_that_are_refused_leave_the_value(serve, look):
    def answer(asked):
        if "timestamp" in asked.target:
            return failure(422, "execution", "too many samples")
        return success(instant(({"gonogo": "now"}, 1000)))

    server = serve(routes({"/api/v1/query": answer}))
    reading = await look(QueryProbe, url=server.url, query="up")
    assert reading.value == 1000.0
    assert reading.age_seconds == Unknown(f"127.0.0.1:{server.port}: cannot answer (execution): too many samples")


async def test_ages_of_very_many_selectors_are_not_asked_for(serve, look):
    server = serve(routes({"/api/v1/query": success(instant(({"gonogo": "now"}, 1000)))}))
    query = " + ".join(f"m{number}" for number in range(201))
    reading = await look(QueryProbe, url=server.url, query=query)
    assert reading.age_seconds == Unknown("the queries read more than 200 selectors")


async def test_why_it_gave_nothing_may_stay_open(serve, look):
    def answer(asked):
        return failure(503, "timeout", "query timed out") if "count" in asked.target else success(instant())

    server = serve(routes({"/api/v1/query": answer}))
    reading = await look(QueryProbe, url=server.url, query="up")
    assert reading.value == Unknown("up gives nothing")


# ---- settings


WRONG = {
    "an empty mapping": ({"query": {}}, "`query` is empty"),
    "unseen alone": ({"query": "up", "unseen": True}, "`unseen` has no meaning without `empty`"),
    "step alone": ({"query": "up", "step": 5.0}, "`step` has no meaning without `range`"),
    "half a second": ({"query": "up", "range": 60.0, "step": 0.5}, "`step` is 0.5 s, expected whole seconds"),
    "a long step": (
        {"query": "up", "range": 60.0, "step": 61.0},
        "`step` is 61 s, longer than the `range` of 60 s",
    ),
    "too many steps": (
        {"query": "up", "range": 86400.0, "step": 1.0},
        "`range` has 86400 steps, at most 11000 can be asked for",
    ),
    "a range of nothing": ({"query": "up", "range": 0.0}, "`step` is 1 s, longer than the `range` of 0 s"),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_that_do_not_fit(name):
    settings, message = WRONG[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        QueryProbe(url="http://h", **settings)
