"""Rules that are loaded, healthy, evaluated and fed; or not, or not as they are written."""

import json
import re

import pytest

from agent.probe import Need, ProbeError, Unknown
from probes.prometheus.rules import RulesProbe
from tests.probes.http.server import response, routes

from .answers import failure, instant, success


@pytest.fixture
def seen(live, look):
    """Look at the rules of a real server."""

    async def take(**settings):
        return await look(RulesProbe, url=live.url, **settings)

    return take


async def test_an_alerting_rule(seen):
    reading = await seen(alert="TargetDown")
    assert (reading.loaded, reading.rules, reading.missing, reading.health) == (True, 1, [], "ok")
    assert (reading.severity, reading.query, reading.for_seconds) == ("critical", "up == 0", 0.0)
    assert reading.runbook == "https://wiki.example.com/down"
    assert 0 <= reading.evaluation_age_seconds <= 4
    assert (reading.overdue, reading.unfed, reading.changed, reading.extra, reading.problems) == (0, [], [], [], [])


async def test_several_rules_of_one_name(seen):
    reading = await seen(alert="QueueLong")
    assert (reading.rules, reading.severity) == (2, ["warning", "{{ $labels.queue }}"])
    assert reading.query == ["sum by (queue) (queue_length) > 5", "queue_length > 5"]
    assert reading.for_seconds == [300.0, 0.0]
    assert (await seen(alert="QueueLong", labels={"severity": "warning"})).severity == "warning"


async def test_a_recording_rule(seen):
    reading = await seen(record="job:up:sum")
    assert (reading.loaded, reading.health, reading.query, reading.unfed) == (True, "ok", "sum by (job) (up)", [])
    assert (reading.severity, reading.for_seconds, reading.runbook) == (None, None, None)


async def test_a_rule_that_is_not_loaded(seen):
    reading = await seen(alert=["TargetDown", "DiskFull"], record="TargetDown")
    assert (reading.loaded, reading.rules, reading.missing) == (False, 1, ["DiskFull", "TargetDown"])
    assert reading.problems == ["DiskFull is not loaded", "TargetDown is not loaded"]
    alone = await seen(alert="DiskFull")
    assert (alone.loaded, alone.rules, alone.health, alone.evaluation_age_seconds) == (False, 0, None, None)


async def test_rules_by_a_pattern(seen):
    assert (await seen(pattern="(?i)target.*")).severity == "critical"
    nothing = await seen(pattern="Target")
    assert (nothing.loaded, nothing.missing) == (False, ["Target"])


async def test_rules_of_a_group(seen):
    assert (await seen(group="shop")).rules == 6
    nothing = await seen(group="chop")
    assert (nothing.loaded, nothing.missing, nothing.rules) == (False, ["group chop"], 0)


async def test_a_rule_that_cannot_be_evaluated(seen):
    reading = await seen(alert="Ambiguous")
    assert (reading.loaded, reading.health) == (True, "err")
    (problem,) = reading.problems
    assert problem.startswith("Ambiguous cannot be evaluated: found duplicate series for the match group")


async def test_a_rule_on_a_metric_that_is_not_there(seen):
    reading = await seen(alert="Misspelt")
    assert (reading.health, reading.unfed) == ("ok", ["odrers_total"])
    assert reading.problems == ["Misspelt reads odrers_total, which has no series"]
    assert (await seen(alert="Misspelt", sparse=["odrers_total"])).unfed == []


async def test_a_recording_rule_that_records_nothing(seen):
    reading = await seen(record="nothing:sum")
    assert reading.unfed == ["nothing", "nothing:sum"]
    assert reading.problems == [
        "nothing:sum reads nothing, which has no series",
        "nothing:sum records nothing",
    ]


async def test_what_is_asked_to_be_absent_need_not_be_there(seen):
    assert (await seen(alert="Gone", fed="selectors")).unfed == []


async def test_selectors_are_held_against_the_labels_too(serve, look):
    asked = []

    def answer(request):
        asked.append(request.target)
        return success(instant(({"gonogo": "now"}, 1), ({"gonogo": "0"}, 1)))

    rules = [rule(query='sum(rate(orders_total{code="500"}[5m])) / sum(rate(orders_total[5m]))')]
    server = serve(routes({"/api/v1/rules": groups(*rules), "/api/v1/query": answer}))
    reading = await look(RulesProbe, url=server.url, fed="selectors")
    assert reading.unfed == ["orders_total"]
    assert "orders_total%7Bcode" in asked[0]
    assert (await look(RulesProbe, url=server.url)).unfed == []


# ---- against a file


async def test_a_file_that_is_loaded_as_it_is_written(live, seen):
    reading = await seen(file=str(live.rules))
    assert (reading.loaded, reading.rules, reading.missing, reading.changed, reading.extra) == (True, 9, [], [], [])


CHANGED = {
    "another expression": ("up == 0", "up == 1", ["TargetDown: its expression is up == 0, expected up == 1"]),
    "another label": (
        "severity: critical",
        "severity: page",
        ["TargetDown: its labels are severity=critical, expected severity=page"],
    ),
    "no label": (
        "labels: {severity: critical}",
        "labels: {}",
        ["TargetDown: its labels are severity=critical, expected none"],
    ),
    "another wait": ("for: 300s", "for: 10m", ["QueueLong: for is 5m, expected 10m"]),
    "a wait that holds on": (
        "for: 300s",
        "for: 5m\n        keep_firing_for: 1h",
        ["QueueLong: keep_firing_for is 0s, expected 1h"],
    ),
    "written otherwise": ("sum by (job) (up)", "sum( up ) by (job) # all", []),
}


@pytest.mark.parametrize("name", CHANGED)
async def test_a_file_that_was_changed(live, seen, tmp_path, name):
    before, after, changed = CHANGED[name]
    text = live.rules.read_text()
    assert before in text
    (tmp_path / "rules.yml").write_text(text.replace(before, after))
    reading = await seen(file=str(tmp_path / "rules.yml"))
    assert (reading.loaded, reading.changed, reading.extra) == (True, changed, [])


async def test_rules_that_only_the_file_or_only_the_server_has(live, seen, tmp_path):
    text = live.rules.read_text().replace("TargetDown", "TargetLost").replace("  - name: meta", "  - name: other")
    (tmp_path / "rules.yml").write_text(text)
    reading = await seen(file=str(tmp_path / "rules.yml"))
    assert (reading.loaded, reading.missing, reading.extra) == (False, ["TargetLost"], ["TargetDown"])
    assert (reading.changed, reading.rules) == ([], 8)


async def test_one_of_two_rules_of_a_name_is_missing(live, seen, tmp_path):
    again = "      - alert: TargetDown\n        expr: up < 1\n        for: 1h\n"
    text = live.rules.read_text().replace("      - alert: QueueLong", again + "      - alert: QueueLong", 1)
    (tmp_path / "rules.yml").write_text(text)
    reading = await seen(file=str(tmp_path / "rules.yml"))
    assert (reading.loaded, reading.missing, reading.changed) == (False, ["TargetDown"], [])


async def test_a_manifest_of_the_operator(seen, tmp_path):
    rules = [{"alert": "TargetDown", "expr": "up == 0", "labels": {"severity": "critical"}}]
    manifest = {"kind": "PrometheusRule", "spec": {"groups": [{"name": "shop", "rules": rules}]}}
    (tmp_path / "rule.yaml").write_text(json.dumps(manifest))
    reading = await seen(file=str(tmp_path / "rule.yaml"))
    assert (reading.loaded, reading.rules, reading.changed) == (True, 1, [])
    assert reading.extra == ["QueueLong", "QueueLong", "Misspelt", "Gone", "job:up:sum"]


async def test_an_expression_that_the_server_does_not_take(live, seen, tmp_path):
    (tmp_path / "rules.yml").write_text(live.rules.read_text().replace("up == 0", "foo(up) == 0"))
    reading = await seen(file=str(tmp_path / "rules.yml"))
    place = live.url.removeprefix("http://")
    assert reading.changed == Unknown(
        f"the expression of TargetDown cannot be compared: {place}: refuses the question:"
        ' invalid parameter "query": 1:1: parse error: unknown function with name "foo"'
    )


FILES = {
    "no file": (None, "is gone, expected a file"),
    "no YAML": ("a: [", "is not a rule file: did not find expected node content at line 2 column 1"),
    "a list": ("[1]", "is not a rule file: it has no `groups`"),
    "another mapping": ("scrape_configs: []", "is not a rule file: it has no `groups`"),
    "nothing": ("", "is not a rule file: it has no `groups`"),
    "no rules": ("groups: [{name: a}]", "has no rules"),
    "a group without name": ("groups: [{rules: []}]", "is not a rule file: group 1 has no name"),
    "no list": (
        "groups: [{name: a, rules: {}}, {name: b, rules: 5}]",
        "is not a rule file: the rules of b are not a list",
    ),
    "no mapping": ("groups: [{name: a, rules: [x]}]", "is not a rule file: rule 1 of a is no mapping"),
    "no name": (
        "groups: [{name: a, rules: [{expr: up}]}]",
        "is not a rule file: rule 1 of a has not exactly one of `alert` and `record`",
    ),
    "two names": (
        "groups: [{name: a, rules: [{alert: x, record: y, expr: up}]}]",
        "is not a rule file: rule 1 of a has not exactly one of `alert` and `record`",
    ),
    "no expression": (
        "groups: [{name: a, rules: [{alert: x}]}]",
        "is not a rule file: the expression of x is empty, expected PromQL",
    ),
    "a broken expression": (
        "groups: [{name: a, rules: [{alert: x, expr: sum(up}]}]",
        "is not a rule file: the expression of x has '(' at column 4 that is not closed",
    ),
    "no labels": (
        "groups: [{name: a, rules: [{alert: x, expr: up, labels: [a]}]}]",
        "is not a rule file: the labels of x are no mapping",
    ),
    "no time": (
        "groups: [{name: a, rules: [{alert: x, expr: up, for: soon}]}]",
        "is not a rule file: x has the time 'soon', expected one such as 5m",
    ),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_is_no_rule_file(serve, look, tmp_path, name):
    text, said = FILES[name]
    path = tmp_path / "rules.yml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ProbeError) as caught:
        await look(RulesProbe, url="http://127.0.0.1:1", file=str(path))
    assert str(caught.value) == f"{path} {said}"


# ---- a server that only pretends

OK = {"health": "ok", "lastEvaluation": "2026-11-21T11:59:50Z"}


def rule(name="Down", **more):
    return {"name": name, "type": "alerting", "query": "up == 0", "duration": 0, "labels": {}, **OK, **more}


def groups(*rules, interval=15, name="g"):
    page = success({"groups": [{"name": name, "interval": interval, "rules": list(rules)}]})
    return page.replace(b"\r\n", b"\r\ndate: Sat, 21 Nov 2026 12:00:00 GMT\r\n", 1)


@pytest.fixture
def told(serve, look):
    """Look at rules that a server only pretends to have."""

    async def take(page, form=None, **settings):
        answers = {
            "/api/v1/rules": page,
            "/api/v1/query": success(instant(({"gonogo": "now"}, 1), ({"gonogo": "0"}, 1))),
            "/api/v1/format_query": form or failure(404, "not_found", "no"),
        }
        server = serve(routes(answers))
        take.place = f"127.0.0.1:{server.port}"
        return await look(RulesProbe, url=server.url, **settings)

    return take


async def test_a_rule_that_is_not_evaluated_any_more(told):
    reading = await told(groups(rule(), rule("Late", lastEvaluation="2026-11-21T11:59:20.5Z")))
    assert (reading.health, reading.overdue, reading.evaluation_age_seconds) == ("ok", 1, 39.5)
    assert reading.problems == ["Late was evaluated 40s ago"]


async def test_an_interval_that_is_not_told_is_a_minute(told):
    assert (await told(groups(rule(lastEvaluation="2026-11-21T11:58:30Z"), interval=0))).overdue == 0
    assert (await told(groups(rule(lastEvaluation="2026-11-21T11:57:50Z"), interval=0))).overdue == 1


async def test_a_rule_that_was_not_evaluated_yet(told):
    reading = await told(groups(rule(health="unknown", lastEvaluation="0001-01-01T00:00:00Z")))
    assert (reading.health, reading.overdue, reading.evaluation_age_seconds) == ("unknown", 0, None)
    assert reading.problems == ["Down was not evaluated yet"]


async def test_a_health_that_nobody_knows_is_none(told):
    reading = await told(groups(rule(), rule("Sick", health="sick")))
    assert (reading.health, reading.problems) == ("err", ["Sick cannot be evaluated: it is not said why"])


async def test_an_evaluation_in_the_future(told):
    reading = await told(groups(rule(lastEvaluation="2026-11-21T13:00:00Z")))
    future = Unknown("a time is 3600 s in the future by the server's own clock")
    assert (reading.evaluation_age_seconds, reading.overdue) == (future, future)


async def test_a_pattern_that_takes_too_long_is_an_error(told):
    with pytest.raises(ProbeError) as caught:
        await told(groups(rule("a" * 60 + "b")), pattern="(a|aa)+")
    assert str(caught.value) == f"`pattern` cannot be held against {'a' * 40}: the match took more than 1 s"


async def test_no_rules_at_all(told):
    reading = await told(groups())
    assert (reading.loaded, reading.rules, reading.missing) == (False, 0, [])


async def test_an_expression_that_is_newer_than_we_are(told):
    reading = await told(groups(rule(query="up ~~ 1")))
    assert reading.unfed == Unknown("an expression cannot be read here: it has '~' at column 4, which is not PromQL")


async def test_a_server_that_cannot_write_an_expression_anew(told, tmp_path):
    (tmp_path / "r.yml").write_text("groups: [{name: g, rules: [{alert: Down, expr: 'sum(up)by(job)'}]}]")
    page = groups(rule(query="sum by (job) (up)"))
    reading = await told(page, response(404, b"page not found"), file=str(tmp_path / "r.yml"))
    assert reading.changed == Unknown(
        f"the expression of Down cannot be compared: {told.place}:"
        " status of /api/v1/format_query is 404, expected 200; is the path of `url` right"
    )
    assert (await told(page, success("sum by (job) (up)"), file=str(tmp_path / "r.yml"))).changed == []


async def test_an_expression_that_is_newer_than_we_are_is_still_compared(told, tmp_path):
    (tmp_path / "r.yml").write_text("groups: [{name: g, rules: [{alert: Down, expr: up}]}]")
    changed = await told(groups(rule(query="up ~~ 1")), success("up"), file=str(tmp_path / "r.yml"))
    assert changed.changed == ["Down: its expression is up ~~ 1, expected up"]


async def test_of_two_groups_with_the_same_rule_each_has_its_own(told, tmp_path):
    (tmp_path / "r.yml").write_text("groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]")
    elsewhere = groups(rule(), name="other")
    reading = await told(elsewhere, file=str(tmp_path / "r.yml"))
    assert (reading.loaded, reading.changed, reading.extra) == (True, [], [])


def test_what_it_needs():
    needs = RulesProbe(url="http://h", file="rules.yml").permissions()
    assert needs[-1] == Need("file", "read", "rules.yml")


def test_a_pattern_is_a_regular_expression(tmp_path):
    assert re.fullmatch(".*", RulesProbe(url="http://h", pattern="x").pattern)
