"""Alertmanager: ready, configured, silenced; refused, kept waiting and lied to."""

import json
import re
import threading
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from agent.probe import Need, ProbeError, Unreachable
from probes.alertmanager.probe import AlertmanagerProbe
from tests.probes.http.server import response, routes, says
from tests.probes.prometheus.servers import until

RECEIVERS = ["default", "pager", "payments", "chat", "odd"]
CRITICAL = {"alertname": "Down", "severity": "critical", "team": "payments"}


async def test_a_real_one(manager, look):
    reading = await look(manager.url)
    assert (reading.ready, reading.cluster, reading.peers) == (True, "disabled", 0)
    assert reading.version.startswith("0.")
    assert 0 <= reading.uptime_seconds < 600
    assert reading.receivers == RECEIVERS
    assert reading.integrations == ["email", "pagerduty", "slack", "webhook"]
    assert (reading.reached, reading.timed, reading.silenced) == (None, None, None)
    assert (reading.silences, reading.blanket_silences, reading.ends_in_seconds) == (0, 0, None)
    assert (reading.pending_silences, reading.silenced_by, reading.named) == (0, [], {})


def test_it_is_a_target():
    assert AlertmanagerProbe.witness is False
    assert AlertmanagerProbe.defaults == {"ready": "true", "cluster": ["ready", "disabled"]}


async def test_whom_an_alert_would_reach(manager, look):
    reading = await look(manager.url, labels=CRITICAL)
    assert (reading.reached, reading.timed) == (["payments", "chat"], ["payments"])
    assert (reading.integrations, reading.silenced) == (["pagerduty", "slack", "webhook"], False)
    nobody = await look(manager.url, labels={"comma": "a, b", "digits": "a12", "back": r"x\y"})
    assert (nobody.reached, nobody.timed, nobody.integrations) == (["odd"], [], [])


async def test_readings_from_its_configuration(manager, look):
    reading = await look(
        manager.url,
        config={
            "mail": "receivers[?name=='default'].email_configs[].to",
            "channel": "receivers[].slack_configs[].channel | [0]",
            "secret": "receivers[?name=='pager'].pagerduty_configs[].service_key",
            "hook": "receivers[].webhook_configs[].url",
            "wait_seconds": "route.group_wait",
            "whole": "receivers[?name=='payments'] | [0].webhook_configs[0].{to: url}",
            "none": "receivers[].nothing | [0]",
        },
    )
    assert reading.named == {
        "mail": ["ops-team@example.com"],
        "channel": "#alerts",
        "secret": ["<secret>"],
        "hook": ["http://…@127.0.0.1:1/hook"],
        "wait_seconds": "1h",
        "whole": {"to": "http://…@127.0.0.1:1/hook"},
        "none": None,
    }


# ---- silences


@pytest.fixture
def silence(manager):
    """Silence in a real Alertmanager, for as long as a test takes."""
    made = []

    def make(*matchers, begins=0.0, ends=3600.0, comment="known"):
        now = datetime.now(UTC)
        told = {
            "matchers": [
                {"name": name, "value": value, "isRegex": "~" in operator, "isEqual": "!" not in operator}
                for name, operator, value in matchers
            ],
            "startsAt": (now + timedelta(seconds=begins)).isoformat(),
            "endsAt": (now + timedelta(seconds=ends)).isoformat(),
            "createdBy": "dana",
            "comment": comment,
        }
        made.append(manager.post("/api/v2/silences", told)["silenceID"])
        state = "pending" if begins else "active"
        until(lambda: manager.get(f"/api/v2/silence/{made[-1]}").json()["status"]["state"] == state)

    yield make
    for one in made:
        manager.client.delete(f"{manager.url}/api/v2/silence/{one}").raise_for_status()


async def test_silences_and_when_the_next_ends(manager, look, silence):
    silence(("severity", "=", "info"), ends=7200)
    silence(("team", "=~", "pay.*"), ("env", "!=", "dev"), ends=1800)
    silence(("team", "=", "cart"), begins=600)
    reading = await look(manager.url)
    assert (reading.silences, reading.pending_silences, reading.blanket_silences) == (2, 1, 0)
    assert 1700 < reading.ends_in_seconds <= 1801
    first, second = reading.silenced_by
    what, _, rest = first.partition(" by dana, ends in ")
    assert sorted(what.split(", ")) == ['env!="dev"', 'team=~"pay.*"']
    assert re.fullmatch(r"(30m|30m1s|2\dm(\d+s)?): known", rest)
    assert second.startswith(('severity="info" by dana, ends in 1h', 'severity="info" by dana, ends in 2h'))


async def test_of_an_alert_only_the_silences_that_would_mute_it_count(manager, look, silence):
    silence(("severity", "=", "info"))
    silence(("team", "=~", "pay.*"), ("env", "!=", "dev"), ends=7200)
    muted = await look(manager.url, labels=CRITICAL)
    assert (muted.silences, muted.silenced) == (1, True)
    assert 7000 < muted.ends_in_seconds <= 7201
    loud = await look(manager.url, labels={"severity": "critical", "team": "cart"})
    assert (loud.silences, loud.silenced, loud.ends_in_seconds) == (0, False, None)


@pytest.mark.parametrize(
    "matchers",
    [
        pytest.param([("alertname", "=~", ".+")], id="every name"),
        pytest.param([("severity", "=~", ".*"), ("alertname", "!=", "")], id="every severity"),
        pytest.param([("alertname", "!=", "Watchdog")], id="all but one"),
    ],
)
async def test_a_silence_about_nothing_in_particular(manager, look, silence, matchers):
    silence(*matchers)
    assert (await look(manager.url)).blanket_silences == 1


async def test_a_silence_that_is_over_does_not_count(manager, look, silence):
    silence(("a", "=", "b"), ends=2)
    until(lambda: all(one["status"]["state"] == "expired" for one in manager.get("/api/v2/silences").json()))
    assert (await look(manager.url)).silences == 0


# ---- one that only pretends

CONFIG = "route: {receiver: a}\nreceivers: [{name: a}]\n"


def status(config=CONFIG, cluster="ready", **more):
    peers = [{"name": "x", "address": "10.0.0.1:9094"}, {"name": "y", "address": "10.0.0.2:9094"}]
    told = {"cluster": {"status": cluster, "peers": peers}, "config": {"original": config}, "uptime": UPTIME}
    return page({**told, "versionInfo": {"version": "0.27.0"}, **more})


def page(document, code=200, **headers):
    body = json.dumps(document).encode()
    return response(code, body, content_type="application/json", date="Sat, 21 Nov 2026 12:00:00 GMT", **headers)


UPTIME = "2026-11-21T11:59:00.5Z"
GOOD = {"/-/ready": response(200, b"OK"), "/api/v2/status": status(), "/api/v2/silences": page([])}


@pytest.fixture
def told(serve, look):
    """Look at one that only pretends."""

    async def take(answers=None, host="127.0.0.1", **settings):
        server = serve(routes({**GOOD, **(answers or {})}), host)
        take.server, take.place = server, f"127.0.0.1:{server.port}"
        return await look(server.url, **settings)

    return take


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_cluster(told, host):
    reading = await told(host=host)
    assert (reading.cluster, reading.peers, reading.version, reading.uptime_seconds) == ("ready", 2, "0.27.0", 59.5)
    assert (await told({"/api/v2/status": status(cluster="settling")})).cluster == "settling"


async def test_one_that_is_not_ready(told):
    reading = await told({"/-/ready": response(503, b"starting")})
    assert (reading.ready, reading.receivers) == (False, ["a"])


async def test_what_is_sent(told):
    await told(token="very-secret", headers={"X-Scope-OrgID": "shop"})
    sent = [(asked.headers["authorization"], asked.headers["x-scope-orgid"]) for asked in told.server.asked]
    assert sent == [("Bearer very-secret", "shop")] * 3
    assert sorted(asked.target for asked in told.server.asked) == ["/-/ready", "/api/v2/silences", "/api/v2/status"]


async def test_nobody_listens(look, closed_port):
    with pytest.raises(Unreachable) as caught:
        await look(f"http://127.0.0.1:{closed_port}")
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"


@pytest.mark.parametrize("path", ["/-/ready", "/api/v2/status", "/api/v2/silences"])
async def test_one_that_never_answers_is_left_at_once(serve, look, path):
    asked = threading.Event()

    def wait(_):
        asked.set()
        server.over.wait()
        return b""

    server = serve(routes({**GOOD, path: wait}))
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look, server.url)
            await anyio.to_thread.run_sync(asked.wait)
            tasks.cancel_scope.cancel()


NO = "may not be read without credentials (`token` or `basic`)"
DENIED = {
    "ready": ({"/-/ready": response(401)}, {}, f"status is 401: /-/ready {NO}"),
    "status": ({"/api/v2/status": response(403)}, {}, f"status is 403: /api/v2/status {NO}"),
    "silences": (
        {"/api/v2/silences": response(403)},
        {"token": "very-secret"},
        "status is 403: what is given as `token` or `basic` may not read /api/v2/silences",
    ),
    "a wrong token": (
        {"/api/v2/silences": response(401)},
        {"token": "very-secret"},
        "status is 401: what is given as `token` or `basic` is not accepted",
    ),
    "patience": ({"/api/v2/silences": response(429)}, {}, "asks for patience: status is 429"),
}


@pytest.mark.parametrize("name", DENIED)
async def test_who_may_not_look_is_told_what_is_missing(told, name):
    answers, settings, said = DENIED[name]
    with pytest.raises(ProbeError) as caught:
        await told(answers, **settings)
    assert str(caught.value) == f"{told.place}: {said}"


HTML = response(200, b"<html>", content_type="text/html")
NONE = {
    "a broken status": ({"/api/v2/status": response(500)}, "status of /api/v2/status is 500, expected 200"),
    "no such path": (
        {"/api/v2/silences": response(404)},
        "status of /api/v2/silences is 404, expected 200; is the path of `url` right",
    ),
    "a page": ({"/api/v2/status": HTML}, "sends text/html, expected JSON: this is not its API"),
    "no type": ({"/api/v2/status": response(200, b"{}")}, "sends no content type, expected JSON: this is not its API"),
    "garbage": (
        {"/api/v2/status": response(200, b"\xff", content_type="application/json")},
        "answers with what is no answer to that: JSON is malformed: invalid character (byte 0)",
    ),
    "truncated": (
        {"/api/v2/silences": response(200, b"[{", content_type="application/json")},
        "answers with what is no answer to that: input data was truncated",
    ),
    "deep": (
        {"/api/v2/status": response(200, b'{"cluster":' + b"[" * 100_000, content_type="application/json")},
        "answers with what is no answer to that: expected `object`, got `array` - at `$.cluster`",
    ),
    "deep where nobody looks": (
        {"/api/v2/status": response(200, b'{"x":' + b"[" * 100_000, content_type="application/json")},
        "answers with JSON that is nested too deep",
    ),
    "another status": (
        {"/api/v2/status": page({"status": "success"})},
        "answers with what is no answer to that: object missing required field `cluster`",
    ),
    "a third state": (
        {"/api/v2/status": status(cluster="lost")},
        "answers with what is no answer to that: invalid enum value 'lost' - at `$.cluster.status`",
    ),
    "no list": (
        {"/api/v2/silences": page({})},
        "answers with what is no answer to that: expected `array`, got `object`",
    ),
    "no configuration": (
        {"/api/v2/status": status("")},
        "tells a configuration that cannot be read: it is no mapping",
    ),
    "no YAML": (
        {"/api/v2/status": status("a: [")},
        "tells a configuration that cannot be read: did not find expected node content at line 2 column 1",
    ),
    "no route": (
        {"/api/v2/status": status("receivers: []")},
        "tells a configuration that cannot be read: a route is no mapping",
    ),
    "no receivers": (
        {"/api/v2/status": status("route: {receiver: a}")},
        "tells a configuration that cannot be read: it has no receivers",
    ),
    "a receiver without name": (
        {"/api/v2/status": status("route: {receiver: a}\nreceivers: [{}]")},
        "tells a configuration that cannot be read: a receiver has no name",
    ),
    "aliases without end": (
        {"/api/v2/status": status("a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(3)))},
        "tells a configuration that cannot be read: a route is no mapping",
    ),
}


@pytest.mark.parametrize("name", NONE)
async def test_what_is_no_answer_is_a_failure(told, name):
    answers, said = NONE[name]
    with pytest.raises(Unreachable) as caught:
        await told(answers)
    assert str(caught.value) == f"{told.place}: {said}"


async def test_an_answer_without_end_is_bounded(told):
    flood = response(200, b"[" + b" " * 3000 + b"]", content_type="application/json")
    with pytest.raises(Unreachable) as caught:
        await told({"/api/v2/silences": flood}, body_limit=2000)
    assert str(caught.value) == f"{told.place}: the body is larger than 2000 bytes (`body_limit`)"


async def test_a_server_of_something_else(serve, look):
    server = serve(says(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"))
    with pytest.raises(Unreachable) as caught:
        await look(server.url)
    assert str(caught.value) == f"127.0.0.1:{server.port}: answers with what is not HTTP: 'SSH-2.0-OpenSSH_9.2p1'"


async def test_a_pattern_that_cannot_be_held_against_labels_is_an_error(told):
    config = "route: {receiver: a, routes: [{receiver: b, match_re: {x: '(('}}]}\nreceivers: [{name: a}]"
    with pytest.raises(ProbeError, match=r'^x=~"\(\(" cannot be held against labels: not a regular expression: '):
        await told({"/api/v2/status": status(config)}, labels={"x": "y"})


def test_what_it_needs():
    probe = AlertmanagerProbe(url="http://h")
    assert probe.permissions() == (
        Need("network", "connect", "h:80"),
        Need("alertmanager", "GET /-/ready", "h:80"),
        Need("alertmanager", "GET /api/v2/status", "h:80"),
        Need("alertmanager", "GET /api/v2/silences", "h:80"),
    )
    assert probe.target() == "h"
