"""Each rule of lint: what it finds, in its whole words, and what it leaves alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.findings import SHIPPED, Findings
from agent.limit import Metric, Shape, compile_limit
from agent.lint import lint
from agent.lint.limits import dubious
from agent.plan.bind import Asked, bind
from agent.plan.given import Given
from agent.units import Unit
from probes.exec import ExecProbe

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def doubts(tmp_path, monkeypatch):
    """Lint a profile; gives `rule: message` of each doubt, those about owners apart."""
    monkeypatch.chdir(tmp_path)

    def find(checks, head=""):
        Path("p.yaml").write_text(f"name: p\nowner: me\n{head}\nchecks:\n{checks}\n")
        found = lint(bind((Path("p.yaml"),), Asked(now=NOW), Findings()), NOW)
        return [f"{doubt.rule}: {doubt.message}" for doubt in found]

    return find


CLEAN = "  - {name: Echo, exec: {command: [echo]}}"


def test_a_plain_profile_is_left_alone(doubts):
    assert doubts(CLEAN) == []


@pytest.mark.parametrize("name", ["demo", "example"])
def test_the_shipped_profiles_are_clean(name):
    found = bind((SHIPPED / f"{name}.yaml",), Asked(now=NOW, given=Given(demanded=False)), Findings())
    doubts = [doubt.message for doubt in lint(found, NOW) if not (name == "demo" and doubt.rule in ("active", "clear"))]
    assert doubts == []


def test_unowned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text(f"name: p\nchecks:\n{CLEAN}\n")
    found = lint(bind((Path("p.yaml"),), Asked(now=NOW), Findings()), NOW)
    assert [(doubt.rule, doubt.message) for doubt in found] == [("unowned", "'Echo' has no owner, here or around it")]


HTTP = "http: {url: 'https://a.example/'"


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("exec: {command: [echo]}, expect: {duration_seconds: {min: 0s}}", "duration_seconds: at least 0s cannot fail: it is never below zero"),
        ("exec: {command: [echo]}, expect: {duration_seconds: {above: -1}}", "duration_seconds: above -1s cannot fail: it is never below zero"),
        ("exec: {command: [echo]}, warn: {duration_seconds: {min: 0}}", "duration_seconds: at least 0s cannot fail: it is never below zero"),
        ("exec: {command: [echo], regex: {used_ratio: '(.*)'}}, expect: {used_ratio: {min: 0%}}", "used_ratio: at least 0% cannot fail: it is never below zero"),
        ("exec: {command: [echo]}, expect: {stdout: {matches: '.*'}}", "stdout: to match '.*' cannot fail: every text matches it"),
        ("exec: {command: [echo]}, expect: {exit_code: {exists: true}}", "exit_code: to be present cannot fail: it is there after every look"),
        ("exec: {command: [echo]}, expect: {duration_seconds: {min: 5s, max: 1s}}", "duration_seconds: at least 5s, at most 1s: nothing can meet both"),
        ("exec: {command: [echo]}, expect: {duration_seconds: {above: 1s, max: 1s}}", "duration_seconds: above 1s, at most 1s: nothing can meet both"),
    ],
)  # fmt: skip
def test_limits_that_cannot_fail_and_limits_that_nothing_meets(check, message, doubts):
    found = [doubt for doubt in doubts(f"  - {{name: One, {check}}}") if not doubt.startswith("twin")]
    assert f"limit: 'One' {message}" in found


@pytest.mark.parametrize(
    "check",
    [
        "tls: {host: a.example}, expect: {expires_in_seconds: {min: 0}}",
        "exec: {command: [echo]}, expect: {stdout: {exists: true}}",
        "exec: {command: [echo]}, expect: {exit_code: {exists: false}}",
        "exec: {command: [echo]}, expect: {duration_seconds: {min: 1s, max: 1s}}",
        "exec: {command: [echo], regex: {n: '(.*)'}}, expect: {n: {min: 0}}",
        "exec: {command: [echo], regex: {n: '(.*)'}}, expect: {n: {contains: [a], matches: x}}",
    ],
)
def test_limits_that_can_fail_are_left_alone(check, doubts):
    assert doubts(f"  - {{name: One, {check}}}") == []


def test_a_ratio_is_never_above_all(doubts):
    limit = compile_limit(Metric("used_ratio", Shape.NUMBER, Unit.RATIO), {"max": "100%"})
    assert list(dubious(limit, ExecProbe)) == ["used_ratio: at most 100% cannot fail: it is never above 100%"]


def test_sections_that_cannot_pass(doubts):
    assert doubts(
        "  - name: S\n    checks:\n      - {name: A, severity: advisory, exec: {command: [echo, a]}}\n"
        "      - {name: B, when: {on: true}, exec: {command: [echo, b]}}\n" + CLEAN,
        head="vars: {on: false}",
    ) == ["hollow: 'S' cannot pass: nothing in it counts (advisory or not applying)"]


def test_a_require_that_changes_nothing(doubts):
    assert doubts(
        "  - name: S\n    require: 100%\n    checks:\n      - {name: A, exec: {command: [echo, a]}}\n      - {name: B, exec: {command: [echo, b]}}\n"
        "  - name: T\n    require: any\n    checks:\n      - {name: A, exec: {command: [echo, c]}}\n"
        "  - name: U\n    require: 2/2\n    checks:\n      - {name: A, exec: {command: [echo, d]}}\n      - {name: B, exec: {command: [echo, e]}}"
    ) == ["require: 'S' require 100% is 'all'", "require: 'T' require any of one that counts is 'all'"]


def test_waivers(doubts):
    checks = (
        "  - {name: A, exec: {command: [echo, a]}}\n  - {name: B, id: b, severity: advisory, exec: {command: [echo, b]}}\n"
        "  - {name: C, id: c, when: {on: true}, exec: {command: [echo, c]}}\n  - {name: D, id: d, exec: {command: [echo, d]}}"
    )
    dated = "{{check: {}, owner: me, reason: r, expires: {}}}"
    waivers = [("a", "2026-05-31"), ("b", "2027-01-01"), ("c", "2027-01-01"), ("d", "2027-01-01")]
    listed = "\n".join(f"  - {dated.format(*one)}" for one in waivers)
    assert doubts(checks, head=f"vars: {{on: false}}\nwaivers:\n{listed}") == [
        "slug: the waiver of a rests on the name 'A': give an id",
        "waiver: the waiver of a expired on 2026-05-31",
        "waiver: the waiver of b changes nothing: the check is advisory",
        "waiver: the waiver of c changes nothing: the check does not apply",
    ]


def test_references_that_rest_on_a_name(doubts):
    assert doubts(
        "  - {name: First thing, exec: {command: [echo, a]}}\n  - {name: Second, id: two, needs: [first-thing], exec: {command: [echo, b]}}\n"
        "  - {name: Third, exec: {command: [echo, $(two.stdout)]}}"
    ) == ["slug: 'Second' refers to 'First thing' by the slug of its name: give it an id"]


@pytest.mark.parametrize("policy", ["retry: {attempts: 2}", "within: 10s", "hold: 10s"])
def test_changes_that_are_tried_again(policy, doubts):
    assert doubts(f"  - {{name: Write, active: true, {policy}, exec: {{command: [echo]}}}}") == [
        "retry: 'Write' is active and tried again: what it changes is changed again"
    ]


def test_requests_that_change_and_do_not_say_so(doubts):
    assert doubts(
        f"  - {{name: Post, {HTTP}, method: POST}}}}\n  - {{name: Ok, active: true, {HTTP}, method: PUT}}}}"
    ) == ["active: 'Post' sends POST and is not active: say active: true if it changes anything"]


def test_secrets_in_the_clear(doubts):
    head = "vars: {url: 'http://a.example/'}"
    assert doubts(
        "  - {name: Ask, http: {url: $(url), bearer: $(secret:T)}}\n  - {name: Plain, http: {url: $(url), bearer: x}}",
        head=head,
    ) == ["clear: 'Ask' sends a secret over http://, which anybody on the way can read"]


def test_shells_that_read_what_is_put_in(doubts):
    assert doubts(
        "  - {name: Bad, exec: {shell: true, command: 'echo $(secret:S)'}}\n  - {name: Fine, exec: {shell: true, command: 'echo $$(date)'}}"
    ) == ["shell: 'Bad' the shell reads what is substituted into its command"]


def test_twins(doubts):
    assert doubts(
        CLEAN + "\n  - {name: Echo again, exec: {command: [echo]}}\n  - {name: Other, exec: {command: [echo, x]}}"
    ) == ["twin: 'Echo again' is the same check as 'Echo'"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("within: 5s", "'One': every 5s is not shorter than within 5s: there is one attempt"),
        ("within: 5s, every: 1s", "'One': timeout 10s is longer than within 5s"),
        ("hold: 5s", "'One': every 5s is not shorter than hold 5s: nothing is seen in between"),
        ("hold: 20s, tolerate: 20s", "'One': tolerate 20s forgives everything within hold 20s"),
        ("timeout: 2m", "'One' may take 2m, and the run's deadline is 1m"),
        ("timeout: 20s, retry: {attempts: 4, delay: 1s}", "'One' may take 1m23s, and the run's deadline is 1m"),
    ],
)
def test_times_that_do_not_add_up(policy, message, doubts):
    assert f"budget: {message}" in doubts(
        f"  - {{name: One, {policy}, exec: {{command: [echo]}}}}", head="deadline: 1m"
    )


def test_active_checks_and_chains_that_take_longer_than_the_run(doubts):
    steps = "\n".join(
        f"  - {{name: S{number}, id: s{number}, active: {active}, timeout: 20s, exec: {{command: [echo, {number}]}}{needs}}}"
        for number, (active, needs) in enumerate(
            [
                ("true", ""),
                ("true", ""),
                ("true", ""),
                ("false", ""),
                ("false", ", needs: [s3]"),
                ("false", ", needs: [s4, s2]"),
                ("false", ", needs: [s5]"),
            ]
        )
    )
    assert doubts(steps, head="deadline: 50s") == [
        "budget: the active checks may take 1m, one after the other, and the deadline is 50s",
        "budget: the longest chain of needs may take 1m20s, and the deadline is 50s",
    ]


def test_needs_on_a_section_do_not_stop_the_sum(doubts):
    assert (
        doubts(
            "  - name: S\n    id: s\n    checks:\n      - {name: A, exec: {command: [echo, a]}}\n  - {name: B, needs: [s], exec: {command: [echo]}}",
            head="deadline: 1m",
        )
        == []
    )
