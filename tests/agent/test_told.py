"""Plans, kinds and schemas, told: what a person, a CI system and an editor read."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

from agent import describe, planned, registry, schema
from agent.findings import SHIPPED, Findings
from agent.node import Data, Entry, Late, Mapping, Scalar, Secret, Sequence, late
from agent.plan.bind import Asked, bind
from agent.probe import Probe
from agent.problem import Mark
from tests.agent import strangers

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MARK = Mark("p.yaml", 1, 1)

PLAN = """\
name: p
title: The plan
owner: me
deadline: 1m
vars: {on: false}
checks:
  - name: Section
    id: s
    require: any
    checks:
      - {name: Log in, id: login, active: true, exec: {command: [echo, {argument}]}, severity: critical}
      - name: Look
        needs: [login]
        http: {url: 'https://a.example/$(login.stdout)', headers: {authorization: Bearer $(secret:TOKEN)}, json: {release: version}}
        expect: {release: $(login.stdout), status: [200, 204]}
        warn: {latency_seconds: {max: 1s}, body: {contains: $(login.stdout)}}
        within: 20s
        hold: 5s
        timeout: 3s
      - {name: Clean, active: true, always: true, exec: {command: [echo, bye]}}
  - {name: 'Off', when: {on: true}, exec: {command: [echo]}}
  - {name: Again, id: again, retry: {attempts: 3, delay: 2s}, exec: {command: [echo, x]}}
waivers:
  - {check: again, owner: dana, reason: known, expires: 2027-01-01}
"""


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", "hunter2-hunter2")
    Path("p.yaml").write_text(PLAN.replace("{argument}", "one"))
    return bind((Path("p.yaml"),), Asked(now=NOW), Findings()).plan


def test_a_plan_is_told_in_order_with_secrets_by_name(plan):
    assert planned.tell(plan) == (
        "The plan: 5 checks, 2 active, 1 do not apply; active checks would be blocked (--allow-active is not given)\n"
        "50 at once, 10 per host, deadline 1m\n"
        "\n"
        "Section  [s]  require any\n"
        "  Log in  [s/login]\n"
        "      exec: {command: [echo, one]}\n"
        "      expect: exit_code: 0\n"
        "      timeout 10s, active, critical\n"
        "  Look  [s/look]\n"
        "      http: {url: https://a.example/$(s/login.stdout), headers: {authorization: Bearer $(secret:TOKEN)}, json: {release: version}}\n"
        "      expect: status: one of 200, 204; release: $(s/login.stdout)\n"
        "      warn: latency_seconds: at most 1s; body: {contains: $(s/login.stdout)}\n"
        "      timeout 3s, within 20s, hold 5s, every 5s\n"
        "      needs: s/login\n"
        "  Clean  [s/clean]\n"
        "      exec: {command: [echo, bye]}\n"
        "      expect: exit_code: 0\n"
        "      timeout 10s, active, always (clean-up)\n"
        "Off  [off]  (does not apply: on is 'false', expected true)\n"
        "    exec: {command: [echo]}\n"
        "    expect: exit_code: 0\n"
        "    timeout 10s\n"
        "Again  [again]\n"
        "    exec: {command: [echo, x]}\n"
        "    expect: exit_code: 0\n"
        "    timeout 10s, 3 attempts, 2s apart\n"
        "    waived by dana: known, until 2027-01-01"
    )


def test_a_plan_as_data_holds_no_secret(plan):
    told = msgspec.json.encode(planned.tree(plan)).decode()
    assert "hunter2" not in told
    assert "$(secret:TOKEN)" in told


def test_permissions_are_listed_once_for_what_applies(plan):
    needs = planned.permissions(plan)
    assert planned.tell_permissions(needs) == "command: echo"
    assert planned.tell_permissions(()) == "nothing is needed beyond running here"


def test_a_value_that_nobody_knows_yet_is_left_open():
    assert planned.written(Late((), MARK)) == "…"
    assert planned.written(Sequence((Data({"a": 1}, MARK), Scalar("x", MARK)), MARK)) == [{"a": 1}, "x"]


def test_late_parts_are_found_wherever_they_stand():
    token = Late(("Bearer ", Secret("A")), MARK)
    node = Mapping((Entry(Scalar("k", MARK), Sequence((token, Scalar("x", MARK)), MARK)),), MARK)
    assert list(late(node)) == [Secret("A")]


# ---- kinds


@pytest.fixture
def absent(tmp_path, monkeypatch):
    """A kind is installed whose package is not."""
    strangers.kinds(tmp_path / "site", monkeypatch, absent="no_such_package.probe:AbsentProbe [acme]")
    yield
    monkeypatch.undo()
    strangers.forget()


def test_a_kind_that_cannot_be_loaded_is_listed_with_the_reason_and_left_out_elsewhere(absent):
    listed = next(line for line in describe.overview().splitlines() if line.startswith("acme.absent"))
    assert "needs the package 'no_such_package', which is not installed" in listed
    assert "acme.absent" not in describe.reference()
    assert "kind-acme.absent" not in schema.schema()["$defs"]


def test_a_kind_without_source_has_no_notes():
    frozen = type("Frozen", (), {"__module__": "nowhere"})
    assert describe.field_docs(frozen) == {}


@pytest.mark.parametrize("name", registry.names())
def test_every_kind_says_what_each_setting_and_metric_means(name):
    found = describe.describe(name)
    assert found.summary
    assert [one.name for one in (*found.settings, *found.metrics) if not one.doc] == []


# ---- the schema


def test_the_schema_takes_the_shipped_profiles_and_refuses_what_is_wrong():
    validator = jsonschema.Draft202012Validator(schema.schema())
    for path in (SHIPPED / "demo.yaml", SHIPPED / "example.yaml"):
        validator.validate(yaml.safe_load(path.read_text()))
    check = {"name": "One", "exec": {"command": ["echo"]}}
    wrong = [
        {"checks": []},
        {"checks": [{**check, "ownr": "me"}]},
        {"checks": [{**check, "exec": {"comand": ["echo"]}}]},
        {"checks": [{**check, "expect": {"exit_code": {"mim": 1}}}]},
        {"checks": [{**check, "tcp": {}}]},
        {"checks": [{"name": "One"}]},
        {"titel": "x", "checks": [check]},
    ]
    assert [profile for profile in wrong if validator.is_valid(profile)] == []


# ---- the probe API


async def test_a_probe_that_measures_nothing_says_so():
    with pytest.raises(NotImplementedError):
        await Probe().measure()
    assert (Probe().prepare(), Probe().target(), Probe().permissions()) == (None, "", ())
