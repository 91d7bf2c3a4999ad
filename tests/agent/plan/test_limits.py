"""`expect`, `warn` and `refs`: limits on the metrics of a check, the kind's own among them."""

import pytest

from agent.node import Secret


def check(keys: str, kind: str = "acme.thing: {json: {release: a, took_seconds: b}}", head: str = "") -> str:
    return f"name: p\n{head}\nchecks:\n  - name: One\n    {kind}\n    {keys}\n"


def limits(step) -> list[str]:
    return [str(limit) for limit in step.limits]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param("expect: {count: 3}", ["count: 3"], id="a metric of the kind"),
        pytest.param("expect: {release: 1.10}", ["release: 1.10"], id="a reading that the operator named"),
        pytest.param("expect: {took_seconds: {max: 500ms}}", ["took_seconds: at most 500ms"], id="its unit is that of its name"),
        pytest.param("expect: {latency_seconds: {max: 0.5}}", ["latency_seconds: at most 500ms"], id="a plain number is in the unit"),
        pytest.param("expect: {labels: {contains: a}}", ["labels: to contain a"], id="a list"),
        pytest.param("expect: {waited_seconds: {max: 5s}}\n    within: 10s", ["waited_seconds: at most 5s"], id="how long it waited"),
        pytest.param("expect: {colour: green, since: {min: 2026-01-01}}", ["colour: green", "since: at least 2026-01-01"], id="choices and times"),
    ],
)  # fmt: skip
def test_limits_are_typed_for_their_metric(room, keys, told):
    assert limits(room.step(check(keys))) == told


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param("owner: me", ["ok: true", "count: at most 5"], id="they hold by themselves"),
        pytest.param("expect: {state: up}", ["ok: true", "count: at most 5", "state: up"], id="beside others"),
        pytest.param("expect: {count: {min: 1}}", ["ok: true", "count: at least 1"], id="until expect names the same metric"),
        pytest.param("expect: {ok: {exists: true}, count: {exists: true}}", ["ok: to be present", "count: to be present"], id="all of them"),
        pytest.param("warn: {count: 1}", ["ok: true", "count: at most 5"], id="warn replaces none"),
    ],
)  # fmt: skip
def test_limits_of_the_kind(room, keys, told):
    assert limits(room.step(check(keys, "acme.healthy: {}"))) == told


def test_a_limit_that_only_the_run_knows_replaces_the_kinds_too(room):
    step = room.step(check("expect: {count: {max: $(secret:MOST)}, state: $(secret:STATE)}", "acme.healthy: {}"))
    assert limits(step) == ["ok: true"]
    assert [(late.metric.name, type(late.written).__name__) for late in step.late_limits] == [
        ("count", "Mapping"),
        ("state", "Late"),
    ]
    assert step.late_limits[1].written.parts == (Secret("STATE"),)


def test_what_a_check_may_bring_is_let_be(room):
    assert limits(room.step(check("expect: {rows: 1, anything: {min: 2}, size_bytes: {max: 1KiB}}", "acme.query: {query: x}"))) == [
        "rows: 1", "anything: at least 2", "size_bytes: at most 1KiB",
    ]  # fmt: skip


def test_warnings_change_no_outcome(room):
    step = room.step(check("expect: {count: 3}\n    warn: {count: {max: 2}, state: $(secret:S)}"))
    assert (limits(step), [str(limit) for limit in step.warnings], [late.metric.name for late in step.late_warnings]) == (
        ["count: 3"], ["count: at most 2"], ["state"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("owner: me", ["5:5: asserts nothing: add 'expect' with a limit on one of colour, count, error_ratio, labels, latency_seconds, ok, release, since, size_bytes, state, took_seconds"]),
        ("warn: {count: 3}", ["5:5: asserts nothing: add 'expect' with a limit on one of colour, count, error_ratio, labels, latency_seconds, ok, release, since, size_bytes, state, took_seconds"]),
        ("expect: {}", ["6:13: expect is empty: it asserts nothing"]),
        ("expect: [count]", ["6:13: expect is not a mapping of metrics to limits, as {status: 200}"]),
        ("expect: {cuont: 3}", ["6:14: acme.thing has no metric 'cuont', did you mean 'count'?"]),
        ("expect: {waited_seconds: {max: 5s}}", ["6:14: waited_seconds is measured with 'within' or 'hold' only"]),
        ("expect: {count: {mni: 3, max: x}}", ["6:22: unknown limit 'mni', did you mean 'min'?"]),
        ("expect: {count: {one_of: x}}", ["6:30: 'x' is not a plain number"]),
        ("expect: {count: [1, x]}", ["6:25: 'x' is not a plain number"]),
        ("expect: {count: {not: {one_of: [1, x]}}}", ["6:40: 'x' is not a plain number"]),
        ("expect: {colour: blue}", ["6:22: colour is never 'blue'; it is one of green, red"]),
        ("expect: {count: {mni: $(secret:A), max: x}}", ["6:22: unknown limit 'mni', did you mean 'min'?"]),
        ("expect: {count: {min: $(secret:A), max: x}}", ["6:45: 'x' is not a plain number"]),
        ("expect: {count: {max_increase: 5%}}", ["6:22: max_increase and max_decrease compare with a 'baseline', which the head of the profile names"]),
        ("expect: {ok: true}\n    warn: {count: {max_decrease: $(secret:A)}}", ["7:20: max_increase and max_decrease compare with a 'baseline', which the head of the profile names"]),
        ("expect: {ok: true}\n    refs: {release: R1, stat: R2, count: R3}", [
            "7:12: refs rest on 'release', and no limit here is about it: nothing would be proved",
            "7:25: acme.thing has no metric 'stat', did you mean 'state'?",
            "7:35: refs rest on 'count', and no limit here is about it: nothing would be proved",
        ]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(room, keys, told):
    assert room.told(check(keys)) == told


def test_refs_may_rest_on_what_the_kind_expects_and_on_what_the_run_learns(room):
    refs = room.step(check("refs: {ok: [R1, R2], state: R3}\n    expect: {state: $(secret:S)}", "acme.healthy: {}"))
    assert (refs.refs, refs.metric_refs) == (("R1", "R2", "R3"), {"ok": ("R1", "R2"), "state": ("R3",)})
    refs = room.step(check("refs: {any: R1}\n    expect: {any: 1}", "acme.query: {query: x}"))
    assert refs.metric_refs == {"any": ("R1",)}


def test_a_baseline_is_looked_for_at_the_head_of_the_profile(room):
    step = room.step(check("expect: {count: {max_increase: 5%}}", head="baseline: before.json"))
    assert limits(step) == ["count: an increase of at most 5%"]


def test_a_reading_has_a_name_of_its_own(room):
    assert room.told(
        check("expect: {a: 1}", "acme.thing: {json: {a: x, ok: y, 1b: z}, regex: {a: v}, host: nowhere}")
    ) == [
        "5:31: 'ok' is a metric of acme.thing already: name the reading otherwise",
        "5:38: '1b' is no name for a reading: letters, digits and '_', no digit first",
        "5:54: the reading 'a' is named twice, first in line 5",
    ]


def test_settings_that_do_not_agree_are_told_at_the_kind(room):
    assert room.told(check("expect: {ok: true}", "acme.thing: {host: nowhere}")) == ["5:5: nowhere is no host"]


def test_settings_that_are_none(room):
    assert room.told(check("expect: {ok: true}", "acme.thing: [a]")) == [
        "5:17: the settings of acme.thing are not a mapping: write acme.thing: {…}"
    ]
    assert room.told(check("expect: {rows: 1}", "acme.query: ")) == [
        "5:5: 'query' is missing: it is a required setting of acme.query"
    ]
    assert room.step(check("owner: me", "acme.healthy: ")).ready.host == ""


def test_with_no_values_asked_for_limits_are_looked_at_as_far_as_they_go(room):
    profile = check("expect: $(limits)", "acme.thing: {host: $(limits)}", "vars:\n  limits:")
    step = room.step(profile, demanded=False)
    assert (step.limits, step.late_limits, step.ready) == ((), (), None)
    profile = check("expect: {count: {max: $(most)}, stat: $(most)}", head="vars:\n  most:")
    assert room.told(profile, demanded=False) == ["7:37: acme.thing has no metric 'stat', did you mean 'state'?"]
