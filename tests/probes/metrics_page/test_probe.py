"""A page of metrics: names, types and values that are expected; refused, kept waiting and lied to."""

import gzip
import math
import re
import threading
import tracemalloc

import anyio
import pytest

from agent.probe import Need, ProbeError, Unreachable
from probes.metrics_page.probe import MetricsPageProbe, check_selector
from tests.probes.http.server import response, says
from tests.probes.prometheus.servers import free_port, prometheus

from .conftest import OPEN, TEXT

PAGE = """\
# HELP orders_total Orders.
# TYPE orders_total counter
orders_total{app="shop",code="200"} 12
orders_total{app="shop",code="500"} 3
# TYPE refunds_total counter
# TYPE queue_length gauge
queue_length{queue="mail"} 7
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 3
latency_seconds_bucket{le="+Inf"} 4
latency_seconds_sum 0.5
latency_seconds_count 4
broken NaN
"""

OPENED = """\
# TYPE orders counter
# HELP orders Orders.
orders_total{app="shop"} 12 # {trace="a1"} 1
orders_created{app="shop"} 1.7e9
# TYPE build info
build_info{version="1.4.0"} 1
# EOF
"""


async def test_a_page_of_text(read):
    reading = await read(PAGE)
    assert (reading.format, reading.valid, reading.problems, reading.problem_count) == ("text", True, [], 0)
    assert reading.names == ["orders_total", "refunds_total", "queue_length", "latency_seconds", "broken"]
    assert (reading.families, reading.samples, reading.nan_samples) == (5, 8, 1)
    assert (reading.missing, reading.wrong_types, reading.named) == ([], [], {})
    assert reading.size_bytes == len(PAGE)
    assert reading.latency_seconds > 0


async def test_a_page_of_openmetrics(read):
    reading = await read(OPENED, OPEN, types={"orders": "counter", "orders_total": "counter", "build": "info"})
    assert (reading.format, reading.valid, reading.problems) == ("openmetrics", True, [])
    assert (reading.names, reading.samples, reading.missing, reading.wrong_types) == (["orders", "build"], 3, [], [])


async def test_names_that_must_be_there(read):
    names = ["orders_total", "latency_seconds", "latency_seconds_bucket", "carts_total", "latency_seconds_max"]
    assert (await read(PAGE, names=names)).missing == ["carts_total", "latency_seconds_max"]
    assert (await read(OPENED, OPEN, names=["orders_total", "orders", "orders_sum"])).missing == ["orders_sum"]


async def test_what_is_declared_has_no_value_yet(read):
    assert (await read(PAGE, names=["refunds_total"])).missing == ["refunds_total"]
    assert (await read(PAGE, names=["refunds_total", "carts_total"], declared=True)).missing == ["carts_total"]


async def test_types_that_must_be_theirs(read):
    types = {
        "orders_total": "counter",
        "queue_length": "counter",
        "latency_seconds_count": "summary",
        "broken": "unknown",
        "carts_total": "counter",
    }
    reading = await read(PAGE, types=types)
    assert reading.missing == ["carts_total"]
    assert reading.wrong_types == [
        "queue_length is gauge, expected counter",
        "latency_seconds_count is histogram, expected summary",
    ]


async def test_values_by_name_and_label(read):
    reading = await read(
        PAGE,
        values={
            "mail": 'queue_length{queue="mail"}',
            "errors": 'orders_total{code=~"5.."}',
            "all": "orders_total",
            "none": 'queue_length{queue="sms"}',
            "no_metric": "carts_total",
            "seconds": "latency_seconds_sum",
            "without": 'queue_length{app=""}',
        },
    )
    assert reading.named == {
        "mail": 7.0,
        "errors": 3.0,
        "all": [12.0, 3.0],
        "none": None,
        "no_metric": None,
        "seconds": 0.5,
        "without": 7.0,
    }
    assert math.isnan((await read(PAGE, values={"it": "broken"})).named["it"])


async def test_a_page_that_is_wrong_says_where(read):
    reading = await read(PAGE.replace("queue_length{", "# comment\n\nqueue-length{"))
    assert (reading.valid, reading.problem_count) == (False, 1)
    assert reading.problems == ["line 9: is no sample: 'queue-length{queue=\"mail\"} 7'"]


async def test_an_empty_page_is_valid_and_has_no_samples(read):
    reading = await read("")
    assert (reading.valid, reading.samples, reading.names) == (True, 0, [])
    assert MetricsPageProbe.defaults["samples"] == {"min": "1"}


NO_PAGES = {
    "HTML": (b"<html></html>", "text/html", "the content type is text/html, expected "),
    "JSON": (b"{}", "application/json", "the content type is application/json, expected "),
    "nothing": (b"a 1\n", None, "the content type is missing, expected "),
}


@pytest.mark.parametrize("name", NO_PAGES)
async def test_what_is_no_page_of_metrics(read, name):
    body, content_type, problem = NO_PAGES[name]
    reading = await read(body, content_type, names=["a"], types={"b": "gauge"}, values={"a": "a"})
    assert (reading.format, reading.valid, reading.samples) == (None, False, 0)
    assert reading.problems == [f"{problem}text/plain or application/openmetrics-text"]
    assert (reading.missing, reading.named) == (["a", "b"], {"a": None})


async def test_what_is_not_utf_8(read):
    reading = await read(b'a{b="\xff"} 1\n')
    assert (reading.valid, reading.problems) == (False, ["the page is not UTF-8: byte 0xff at 5"])


@pytest.mark.parametrize(
    ("form", "accept"),
    [
        ("text", "text/plain;version=0.0.4"),
        ("openmetrics", "application/openmetrics-text;version=1.0.0"),
        (
            "any",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ),
    ],
)
async def test_the_format_that_is_asked_for(read, form, accept):
    await read(PAGE, format=form, token="very-secret")
    asked = read.server.asked[0]
    assert (asked.headers["accept"], asked.headers["authorization"]) == (accept, "Bearer very-secret")
    assert asked.target == "/metrics"


async def test_the_page_of_a_real_server(tmp_path, look):
    server = prometheus(tmp_path, "scrape_configs: []\n")
    try:
        reading = await look(f"{server.url}/metrics", types={"prometheus_build_info": "gauge"})
        assert (reading.format, reading.valid, reading.problems) == ("text", True, [])
        assert (reading.missing, reading.wrong_types) == ([], [])
        assert reading.samples > 200
    finally:
        server.close()


# ---- not reached, not allowed, not the end of it


async def test_nobody_listens(look, closed_port):
    with pytest.raises(Unreachable) as caught:
        await look(f"http://127.0.0.1:{closed_port}/metrics")
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_both_kinds_of_address(serve, look, host):
    server = serve(says(response(200, PAGE.encode(), content_type=TEXT)), host)
    assert (await look(f"{server.url}/metrics")).valid is True


async def test_one_that_never_answers_is_left_at_once(serve, look):
    asked = threading.Event()

    def script(_, peer):
        peer.ask()
        asked.set()
        peer.hang()

    server = serve(script)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look, server.url)
            await anyio.to_thread.run_sync(asked.wait)
            tasks.cancel_scope.cancel()


REFUSED = {
    401: (ProbeError, "status is 401: /metrics may not be read without credentials (`token` or `basic`)"),
    403: (ProbeError, "status is 403: /metrics may not be read without credentials (`token` or `basic`)"),
    404: (Unreachable, "status of /metrics is 404, expected 200; is the path of `url` right"),
    500: (Unreachable, "status of /metrics is 500, expected 200"),
}


@pytest.mark.parametrize("status", REFUSED)
async def test_a_page_that_is_refused(serve, look, status):
    kind, said = REFUSED[status]
    server = serve(says(response(status, PAGE.encode(), content_type=TEXT)))
    with pytest.raises(kind) as caught:
        await look(f"{server.url}/metrics")
    assert str(caught.value) == f"127.0.0.1:{server.port}: {said}"


BROKEN = {
    "cut short": (b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\na 1\n", "the body is cut short: 4 of 500 bytes came"),
    "too large": (response(200, b"a 1\n" * 1000), "the body is larger than 2000 bytes (`body_limit`)"),
    "a bomb": (
        response(200, gzip.compress(b"a 1\n" * 1_000_000), content_encoding="gzip"),
        "the body is larger than 2000 bytes (`body_limit`)",
    ),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "answers with what is not HTTP: 'SSH-2.0-OpenSSH_9.2p1'"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_page_that_breaks_off_or_does_not_end(serve, look, name):
    told, said = BROKEN[name]
    server = serve(says(told))
    with pytest.raises(Unreachable) as caught:
        await look(f"{server.url}/metrics", body_limit=2000)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {said}"


HOSTILE = {
    "one line without end": b"a" * 3_000_000,
    "labels without end": b"a{" + b'b="c",' * 500_000,
    "braces without end": b'a{b="' + b"}{" * 1_500_000,
    "backslashes without end": b'a{b="' + b"\\" * 3_000_000,
    "exemplars without end": b"a 1" + b" # {" * 800_000,
    "blanks without end": b"a" + b" " * 3_000_000 + b"b",
    "problems without end": b"-\n" * 1_000_000,
    "families without end": b"".join(b"m%d 1\n" % number for number in range(20_000)),
    "declarations without end": b"# TYPE a gauge\n" * 20_000,
    "digits without end": b"a " + b"1" * 3_000_000 + b"\n",
}


@pytest.mark.parametrize("content_type", [TEXT, OPEN], ids=["text", "openmetrics"])
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_page_costs_little(read, name, content_type):
    tracemalloc.start()
    with anyio.fail_after(30):
        reading = await read(HOSTILE[name], content_type)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(reading.problems) <= 20
    assert all(len(problem) < 500 for problem in reading.problems)
    assert peak < 100e6


# ---- settings


SELECTORS = {
    "an expression": "sum(up)",
    "two": "up + up",
    "no name": '{__name__="up"}',
    "a range": "up[5m]",
    "nothing": "",
}


@pytest.mark.parametrize("name", SELECTORS)
def test_what_is_no_metric_with_labels(name):
    message = 'is no metric such as queue_length{queue="mail"}'
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_selector(SELECTORS[name])


def test_it_is_a_target_and_what_it_needs():
    probe = MetricsPageProbe(url=f"http://h:{free_port()}/metrics?x=y")
    assert MetricsPageProbe.witness is False
    assert probe.permissions() == (Need("network", "connect", probe.place),)
