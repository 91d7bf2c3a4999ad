"""Alerts that fire, wait, are silenced, inhibited or not delivered; and rules that could not say."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.probe import Need, ProbeError, Unknown
from probes.prometheus.alerts import AlertsProbe
from probes.prometheus.connection import Connection
from tests.probes.http.server import response, routes

from .answers import answer, success
from .servers import until

BLIND = "Ambiguous cannot be evaluated (found duplicate series"


@pytest.fixture
def seen(live, look):
    """Look at the alerts of a real server."""

    async def take(**settings):
        return await look(AlertsProbe, url=live.url, **settings)

    return take


@pytest.fixture
def silence(live):
    """Silence alerts in a real Alertmanager for as long as a test takes."""
    made = []

    def make(*matchers):
        end = datetime.now(UTC) + timedelta(hours=1)
        told = {
            "matchers": [{"name": name, "value": value, "isRegex": False} for name, value in matchers],
            "startsAt": datetime.now(UTC).isoformat(),
            "endsAt": end.isoformat(),
            "createdBy": "dana",
            "comment": "known",
        }
        made.append(live.manager.post("/api/v2/silences", told)["silenceID"])
        until(lambda: live.manager.get(f"/api/v2/silence/{made[-1]}").json()["status"]["state"] == "active")

    yield make
    for one in made:
        live.manager.client.delete(f"{live.manager.url}/api/v2/silence/{one}").raise_for_status()


async def test_what_fires_and_what_waits(live, seen):
    reading = await seen()
    assert (reading.firing, reading.pending) == (2, 1)
    assert (reading.names, reading.severities) == (["QueueLong", "TargetDown"], ["critical", "mail"])
    assert (reading.silenced, reading.inhibited, reading.undelivered) == (None, None, None)
    assert (reading.rules, reading.missing) == (6, [])
    assert 0 <= reading.firing_seconds < 300
    assert [alert.split("}")[0] for alert in sorted(reading.alerts)] == [
        f'QueueLong{{instance="{live.exporter.address}",job="shop",queue="mail",severity="mail",team="payments"',
        f'TargetDown{{instance="{live.dead}",job="dead",severity="critical"',
    ]
    assert sorted(reading.alerts)[1].endswith("s: dead is down")
    assert isinstance(reading.evaluated, Unknown)
    assert reading.evaluated.reason.startswith(BLIND)


CHOSEN = {
    "one name": ({"alert": "TargetDown"}, 1, 1, True),
    "several names": ({"alert": ["TargetDown", "QueueLong"]}, 2, 3, True),
    "a severity that rules have or may have": ({"severity": "critical"}, 1, 2, True),
    "several severities": ({"severity": ["critical", "mail"]}, 2, 2, True),
    "a severity that nothing fires": ({"severity": "info"}, 0, 3, True),
    "labels": ({"labels": {"team": "payments"}, "alert": "QueueLong"}, 1, 2, True),
    "matchers": ({"matchers": ['severity!~"page|mail"', 'job!=""', 'strange=""']}, 1, 5, True),
    "the name as a label": ({"labels": {"alertname": "TargetDown"}}, 1, 1, True),
    "what is meant to fire": ({"alert": "Watchdog", "ignore": []}, 1, 1, True),
}


@pytest.mark.parametrize("name", CHOSEN)
async def test_alerts_by_name_and_label(seen, name):
    settings, firing, rules, evaluated = CHOSEN[name]
    reading = await seen(**settings)
    assert (reading.firing, reading.rules, reading.evaluated, reading.missing) == (firing, rules, evaluated, [])


async def test_an_alert_that_no_rule_makes(seen):
    reading = await seen(alert=["TargetDown", "DiskFull"])
    assert (reading.firing, reading.rules, reading.missing) == (1, 1, ["DiskFull"])
    nothing = await seen(alert="DiskFull")
    assert (nothing.firing, nothing.rules, nothing.missing, nothing.firing_seconds) == (0, 0, ["DiskFull"], None)


async def test_where_no_rule_could_make_it_nothing_is_proved(seen):
    reading = await seen(severity="none", matchers=['severity!="mail"', 'alertname!="QueueLong"'])
    assert (reading.firing, reading.rules) == (0, 0)
    assert AlertsProbe.defaults["rules"] == {"min": "1"}


async def test_alertmanager_knows_what_is_silenced(live, seen, silence):
    loud = await seen(alertmanager=live.manager.url)
    assert (loud.firing, loud.silenced, loud.inhibited, loud.undelivered) == (2, 0, 1, 0)
    silence(("alertname", "TargetDown"), ("job", "dead"))
    quiet = await seen(alertmanager=live.manager.url)
    assert (quiet.firing, quiet.silenced, quiet.names) == (1, 1, ["QueueLong"])
    assert (await seen()).firing == 2


async def test_a_silence_by_a_label_that_is_added_on_the_way(live, seen, silence):
    silence(("cluster", "one"), ("alertname", "TargetDown"))
    assert (await seen(alertmanager=Connection(url=live.manager.url), alert="TargetDown")).firing == 0


async def test_a_silence_for_another_cluster_is_none(live, seen, silence):
    silence(("cluster", "two"), ("alertname", "TargetDown"))
    assert (await seen(alertmanager=live.manager.url, alert="TargetDown")).firing == 1


# ---- servers that only pretend


def rule(name="Down", *alerts, **more):
    now = {"health": "ok", "lastEvaluation": "2026-11-21T11:59:50Z"}
    return {"name": name, "type": "alerting", "query": "up == 0", "labels": {}, "alerts": list(alerts), **now, **more}


def alert(state="firing", since="2026-11-21T11:00:00Z", **labels):
    return {"labels": {"alertname": "Down", **labels}, "state": state, "activeAt": since, "annotations": {}}


def told_rules(*rules):
    page = success({"groups": [{"name": "g", "interval": 15, "rules": list(rules)}]})
    return page.replace(b"\r\n", b"\r\ndate: Sat, 21 Nov 2026 12:00:00 GMT\r\n", 1)


def theirs(*, silenced=(), inhibited=(), **labels):
    status = {"state": "suppressed", "silencedBy": list(silenced), "inhibitedBy": list(inhibited)}
    return {"labels": {"alertname": "Down", **labels}, "status": status, "annotations": {}}


@pytest.fixture
def told(serve, look):
    """Look at alerts that servers only pretend to have."""

    async def take(rules, alerts=None, **settings):
        server = serve(routes({"/api/v1/rules": told_rules(*rules)}))
        if alerts is not None:
            page = alerts if isinstance(alerts, bytes) else answer(alerts)
            manager = serve(routes({"/api/v2/alerts": page}))
            settings["alertmanager"] = manager.url
            take.manager = f"127.0.0.1:{manager.port}"
        return await look(AlertsProbe, url=server.url, **settings)

    return take


async def test_two_clusters_share_an_alertmanager_and_one_is_silenced(told):
    rules = [rule("Down", alert(job="a"))]
    both = [theirs(job="a", cluster="one", silenced=["x"]), theirs(job="a", cluster="two")]
    reading = await told(rules, both)
    assert (reading.firing, reading.silenced) == (1, 0)
    reading = await told(rules, [theirs(job="a", cluster="one", silenced=["x"]), theirs(job="b")])
    assert (reading.firing, reading.silenced) == (0, 1)


async def test_an_alert_that_alertmanager_does_not_have_is_not_silenced(told):
    reading = await told([rule("Down", alert(job="a"))], [theirs(silenced=["x"])])
    assert (reading.firing, reading.silenced, reading.undelivered) == (1, 0, 1)


async def test_an_inhibited_alert_still_fires(told):
    reading = await told([rule("Down", alert(job="a"))], [theirs(job="a", inhibited=["x"])])
    assert (reading.firing, reading.inhibited) == (1, 1)


SILENT = {
    "refused": (answer({}, 403), ProbeError, "status is 403: /api/v2/alerts may not be read without credentials"),
    "broken": (response(500), ProbeError, "status of /api/v2/alerts is 500, expected 200"),
    "a page": (response(200, b"<html>", content_type="text/html"), ProbeError, "sends text/html, expected JSON"),
    "something else": (answer({"a": 1}), ProbeError, "answers with what is no answer to that: expected `array`"),
    "an alert without status": (
        answer([{"labels": {}}]),
        ProbeError,
        "answers with what is no answer to that: object missing required field `status`",
    ),
}


@pytest.mark.parametrize("name", SILENT)
async def test_who_does_not_tell_what_is_silenced_leaves_everything_open(told, name):
    page, kind, said = SILENT[name]
    with pytest.raises(kind) as caught:
        await told([rule("Down", alert())], page)
    assert str(caught.value).startswith(f"nobody knows what is silenced: {told.manager}: {said}")


async def test_an_alertmanager_that_is_not_there(told, closed_port):
    with pytest.raises(ProbeError) as caught:
        await told([rule()], alertmanager=f"http://127.0.0.1:{closed_port}")
    assert str(caught.value) == f"nobody knows what is silenced: 127.0.0.1:{closed_port}: connection refused"


BLINDED = {
    "health": ({"health": "err", "lastError": "oops"}, "Down cannot be evaluated (oops)"),
    "not yet": ({"health": "unknown", "lastEvaluation": "0001-01-01T00:00:00Z"}, "Down was not evaluated yet"),
    "no more": ({"lastEvaluation": "2026-11-21T11:58:00Z"}, "Down was last evaluated 2m ago"),
}


@pytest.mark.parametrize("name", BLINDED)
async def test_while_a_rule_is_not_evaluated_nobody_knows(told, name):
    more, reason = BLINDED[name]
    reading = await told([rule("Down", **more), rule("Other")])
    assert (reading.firing, reading.evaluated) == (0, Unknown(reason))
    assert (await told([rule("Down", **more), rule("Other")], alert="Other")).evaluated is True


async def test_many_rules_that_are_not_evaluated_are_not_all_named(told):
    reading = await told([rule(f"R{number}", health="unknown") for number in range(5)])
    assert reading.evaluated == Unknown(
        "R0 was not evaluated yet, R1 was not evaluated yet, R2 was not evaluated yet and 2 more"
    )


async def test_how_long_and_what(told):
    reading = await told(
        [
            rule(
                "Down", alert(job="a"), {**alert(since="2026-11-21T11:59:00Z"), "annotations": {"description": "x\ny"}}
            ),
            rule("Quiet", {"labels": {}, "state": "pending"}),
        ]
    )
    assert reading.firing_seconds == 3600.0
    assert reading.alerts == ['Down{job="a"} for 1h', "Down{} for 1m: x y"]
    assert reading.pending == 1


async def test_an_alert_of_the_future_or_of_no_time(told):
    future = await told([rule("Down", alert(since="2026-11-21T13:00:00Z"))])
    assert future.firing_seconds == Unknown("a time is 3600 s in the future by the server's own clock")
    without = alert()
    del without["activeAt"]
    reading = await told([rule("Down", without)])
    assert (reading.firing, reading.firing_seconds, reading.alerts) == (1, None, ["Down{}"])


async def test_only_the_first_alerts_are_told(told):
    reading = await told([rule("Down", *(alert(job=str(number)) for number in range(30)))])
    assert (reading.firing, len(reading.alerts)) == (30, 20)


def test_what_it_needs():
    probe = AlertsProbe(url="http://h", alertmanager="http://m")
    assert probe.permissions() == (
        Need("network", "connect", "h:80"),
        Need("prometheus", "GET /api/v1/rules", "h:80"),
        Need("network", "connect", "m:80"),
        Need("alertmanager", "GET /api/v2/alerts", "m:80"),
    )


async def test_the_token_of_prometheus_is_not_shown_to_alertmanager(serve, look):
    server = serve(routes({"/api/v1/rules": told_rules(rule())}))
    manager = serve(routes({"/api/v2/alerts": answer([])}))
    await look(AlertsProbe, url=server.url, token="very-secret", alertmanager=manager.url)
    assert "authorization" not in manager.asked[0].headers
    await look(AlertsProbe, url=server.url, alertmanager=Connection(url=manager.url, token="other"))
    assert manager.asked[1].headers["authorization"] == "Bearer other"
