"""The tree: ids and addresses, `each`, `include`, `extends`, what is handed down."""

from pathlib import Path

import pytest

from agent.model import Severity

ECHO = "{name: Echo, exec: {command: [echo]}}"


def test_an_id_is_given_or_is_the_slug_of_the_name_as_written(bound):
    found = bound(
        "  - name: Smoke — Tests!\n    checks:\n      - {name: A  B, exec: {command: [echo]}}\n"
        "      - {name: $(v) works, exec: {command: [echo]}}\n      - {name: X, id: My_id-1, exec: {command: [echo]}}",
        head="vars: {v: it}",
    )
    assert found.addresses() == ["smoke-tests", "smoke-tests/a-b", "smoke-tests/v-works", "smoke-tests/My_id-1"]
    assert [found[address].name for address in found.addresses()] == ["Smoke — Tests!", "A  B", "it works", "X"]
    assert [found[address].slug for address in found.addresses()] == [True, True, True, False]


def test_each_over_a_list(bound):
    found = bound("  - {name: Metric $(item), id: m, each: [a, b], exec: {command: [echo, $(item)]}, refs: R-$(item)}")
    assert found.addresses() == ["m", "m[a]", "m[b]"]
    assert [found[address].name for address in found.addresses()] == ["Metric …", "Metric a", "Metric b"]
    assert [found[address].refs for address in found.addresses()] == [(), ("R-a",), ("R-b",)]


def test_each_over_a_mapping_and_over_mappings(bound):
    found = bound(
        "  - {name: Port, each: {db: 1, cache: 2}, exec: {command: [echo, $(key), $(item)]}}\n"
        "  - {name: '$(item.alert)', id: alerts, each: [{alert: A, limit: {max: 1}}, {alert: B, limit: {max: 2}}],"
        " exec: {command: [echo, $(item.limit.max)]}}"
    )
    assert found.command("port[db]") == ["echo", "db", "1"]
    assert found["port[cache]"].name == "Port [cache]"
    assert (found["alerts[1]"].name, found.command("alerts[2]")) == ("A", ["echo", "2"])


def test_each_of_a_section_and_require_about_the_children(bound):
    found = bound(
        "  - name: Host $(item)\n    id: hosts\n    each: [a, b, c]\n    require: 2/3\n    severity: critical\n    refs: R-1\n"
        "    checks:\n      - {name: Ping, exec: {command: [ping, $(item)]}}\n"
    )
    section = found["hosts"]
    assert (section.require.text, section.severity, section.refs) == ("2/3", Severity.CRITICAL, ("R-1",))
    assert [found[f"hosts[{name}]"].severity for name in "abc"] == [Severity.NORMAL] * 3
    assert found["hosts[b]"].require.text == "all"
    assert found.command("hosts[b]/ping") == ["ping", "b"]


def test_each_of_nothing_is_an_empty_section(bound):
    found = bound("  - {name: None, each: $(hosts), exec: {command: [echo, $(item)]}}", head="vars: {hosts: []}")
    assert found["none"].children == ()


FRAGMENT = (
    "name: fragment\nvars:\n  host:\n  port: 80\nowner: platform\ntags: [inner]\nrequire: any\ndefaults: {timeout: 1s}\n"
    "checks:\n  - {name: Open, tcp: {host: $(host), port: $(port)}}\n  - {name: Closed, needs: [open], exec: {command: [echo, $(open.latency_seconds)]}}\n"
)


def test_an_include_is_a_section_that_sees_its_own_variables(bound):
    found = bound(
        "  - name: Server\n    include: parts/f.yaml\n    vars: {host: $(name).example}\n    refs: R\n    severity: critical\n    tags: [mine]",
        head="vars: {name: a}\ntags: outer",
        files={"parts/f.yaml": FRAGMENT},
    )
    section, check = found["server"], found["server/open"]
    assert (section.require.text, section.severity, section.refs) == ("any", Severity.CRITICAL, ("R",))
    assert found.settings("server/open") == {"host": "a.example", "port": "80"}
    assert (check.owner, check.tags, check.policy.timeout) == ("platform", ("outer", "mine", "inner"), 1.0)
    assert found.needs() == {"server/closed": ("server/open",)}


def test_an_include_keeps_its_own_owner_and_its_elements(bound):
    found = bound(
        "  - name: Server $(item)\n    id: servers\n    each: [a, b]\n    include: parts/f.yaml\n    vars: {host: $(item), port: 81}\n    owner: me",
        files={"parts/f.yaml": FRAGMENT},
    )
    assert found.settings("servers[b]/open") == {"host": "b", "port": "81"}
    assert found["servers[b]/open"].owner == "me"


def test_a_reading_goes_into_an_include_through_its_variables(bound):
    found = bound(
        "  - {name: Ask, exec: {command: [echo]}}\n  - {name: Server, include: f.yaml, vars: {host: $(ask.stdout)}}",
        files={"f.yaml": FRAGMENT},
    )
    assert found.needs()["server/open"] == ("ask",)
    assert found.settings("server/open")["host"] == "$(ask.stdout)"


def test_a_file_that_does_not_apply_is_skipped_as_a_whole(bound):
    fragment = "name: f\nvars: {on: false}\nwhen: {on: true}\nchecks:\n  - {name: Echo, exec: {command: [echo]}}\n"
    found = bound("  - {name: Part, include: f.yaml}", files={"f.yaml": fragment})
    assert found["part/echo"].skipped == "on is 'false', expected true"


def test_extends_merges_by_key_and_checks_by_id(bound):
    base = (
        "name: base\ntitle: Base\nvars: {a: 1, b: 2}\ntags: [x]\nchecks:\n"
        "  - {name: One, id: one, exec: {command: [echo, $(a)]}, timeout: 5s}\n"
        "  - {name: Two, id: two, exec: {command: [echo, $(b)]}}\n"
        "  - name: All\n    id: all\n    checks:\n      - {name: Deep, id: deep, exec: {command: [echo]}}\n"
    )
    found = bound(
        "  - {id: one, exec: {command: [echo, changed, $(a)]}}\n  - {id: two, remove: true}\n"
        "  - {id: all, checks: [{id: deep, timeout: 2s}, {name: More, exec: {command: [echo]}}]}\n  - {name: New, exec: {command: [echo]}}",
        head="extends: base.yaml\nvars: {a: 3, b: $(a)}\ntags: [y, $(b)]",
        files={"base.yaml": base},
    )
    assert found.addresses() == ["one", "all", "all/deep", "all/more", "new"]
    assert (found.command("one"), found["one"].policy.timeout) == (["echo", "changed", "3"], 5.0)
    assert (found["all/deep"].policy.timeout, found["one"].tags, found.plan.title) == (2.0, ("y", "3"), "Base")


def test_extends_goes_over_several_files(bound):
    files = {
        "b.yaml": "extends: c.yaml\ndeadline: 2m\nchecks: [{id: one, timeout: 3s}]\n",
        "c.yaml": "name: c\nconcurrency: {total: 3}\nchecks:\n  - {name: One, id: one, exec: {command: [echo]}}\n",
    }
    found = bound("  - {id: one, name: Uno}", head="extends: b.yaml", files=files)
    assert (found["one"].name, found["one"].policy.timeout, found.plan.deadline) == ("Uno", 3.0, 120.0)
    assert (found.plan.concurrency, found.plan.per_target) == (3, 10)


# ---- handed down


def test_owner_runbook_and_tags_come_from_the_nearest(bound):
    found = bound(
        f"  - name: S\n    runbook: https://b\n    tags: s\n    checks:\n      - {ECHO}\n"
        "      - {name: Own, owner: me, runbook: https://c, tags: [t, u], exec: {command: [echo]}}",
        head="owner: all\nrunbook: https://a\ntags: [p]",
    )
    assert (found["s/echo"].owner, found["s/echo"].runbook, found["s/echo"].tags) == ("all", "https://b", ("p", "s"))
    assert (found["s/own"].owner, found["s/own"].runbook, found["s/own"].tags) == (
        "me",
        "https://c",
        ("p", "s", "t", "u"),
    )


def test_defaults_the_nearest_wins_key_by_key(bound):
    found = bound(
        "  - name: S\n    defaults: {http: {method: HEAD, headers: null}, timeout: 2s}\n    checks:\n"
        "      - {name: In, http: {url: 'http://a/'}}\n      - {name: Own, http: {url: 'http://a/', method: PUT}, timeout: 1s}\n"
        "  - {name: Out, http: {url: 'http://a/'}}\n  - {name: Api, api: {url: 'http://a/'}}",
        head="defaults: {http: {method: POST, headers: {a: b}}, api: {bearer: $(secret:T)}, timeout: 3s, retry: {attempts: 2}}",
    )
    assert found.settings("s/in") == {"method": "HEAD", "url": "http://a/"}
    assert found.settings("s/own") == {"method": "PUT", "url": "http://a/"}
    assert found.settings("out") == {"method": "POST", "headers": {"a": "b"}, "url": "http://a/"}
    assert found.settings("api") == {"bearer": "$(secret:T)", "url": "http://a/"}
    timeouts = [found[address].policy.timeout for address in ("s/in", "s/own", "out")]
    assert (timeouts, found["out"].policy.attempts) == ([2.0, 1.0, 3.0], 2)


def test_a_default_retry_never_reaches_what_changes_something(bound):
    found = bound(
        "  - {name: Write, active: true, exec: {command: [echo]}}\n  - {name: Again, active: true, retry: {attempts: 3}, exec: {command: [echo]}}",
        head="defaults: {retry: {attempts: 2}}",
    )
    assert (found["write"].policy.attempts, found["again"].policy.attempts) == (1, 3)


def test_a_default_retry_gives_way_to_within(bound):
    found = bound("  - {name: Wait, within: 5s, exec: {command: [echo]}}", head="defaults: {retry: {attempts: 2}}")
    assert (found["wait"].policy.attempts, found["wait"].policy.within) == (1, 5.0)


def test_a_section_that_does_not_apply_skips_everything_below_it(bound):
    found = bound(
        f"  - name: S\n    when: {{a: {{matches: .}}, b: [x, y]}}\n    checks:\n      - {ECHO}\n  - {ECHO}",
        head="vars: {a: '', b: z}",
    )
    why = "a is '', expected to match '.'; b is 'z', expected one of x, y"
    assert (found["s"].skipped, found["s/echo"].skipped, found["echo"].skipped) == (why, why, "")


@pytest.mark.parametrize(
    ("value", "limit", "applies"),
    [
        ("true", "true", True), ("false", "true", False), ("", "{exists: true}", False), ("x", "{exists: true}", True),
        ("''", "{exists: true}", True), ("5", "{min: 3}", True), ("[a, b]", "{contains: a}", True), ("[]", "{equals: []}", True),
    ],
)  # fmt: skip
def test_conditions_see_variables_as_they_are(value, limit, applies, bound):
    found = bound(f"  - {{name: One, when: {{a: {limit}}}, exec: {{command: [echo]}}}}", head=f"vars:\n  a: {value}")
    assert (found["one"].skipped == "") is applies


def test_refs_of_metrics_and_refutes(bound):
    found = bound(
        "  - {name: One, exec: {command: [echo]}, expect: {stdout: x}, refs: {exit_code: A-1, stdout: [A-2, A-3]}, refutes: B-1}"
    )
    one = found["one"]
    assert one.refs == ("A-1", "A-2", "A-3")
    assert one.metric_refs == {"exit_code": ("A-1",), "stdout": ("A-2", "A-3")}
    assert one.refutes == ("B-1",)


# ---- needs


def test_needs_are_found_among_siblings_then_outward(bound):
    found = bound(
        "  - {name: Login, exec: {command: [echo]}}\n  - name: S\n    needs: [login]\n    checks:\n"
        "      - {name: First, exec: {command: [echo]}}\n      - {name: Second, needs: [first, login], exec: {command: [echo]}}\n"
        "  - {name: After, needs: s/first, exec: {command: [echo]}}\n  - {name: All, needs: [s], exec: {command: [echo]}}"
    )
    assert {address: set(needs) for address, needs in found.needs().items()} == {
        "s/first": {"login"}, "s/second": {"s/first", "login"}, "after": {"s/first"}, "all": {"s"},
    }  # fmt: skip


def test_what_needs_something_that_does_not_apply_does_not_apply(bound):
    found = bound(
        "  - {name: A, when: {on: true}, exec: {command: [echo]}}\n  - {name: B, needs: [a], exec: {command: [echo]}}\n"
        "  - {name: C, needs: [b], exec: {command: [echo]}}",
        head="vars: {on: false}",
    )
    assert found["b"].skipped == "needs a, which does not apply"
    assert found["c"].skipped == "needs b, which does not apply"


def test_elements_are_named_in_references(bound):
    found = bound(
        "  - {name: M, each: [a, b], exec: {command: [echo, $(item)]}}\n  - {name: After, exec: {command: [echo, '$(m[a].stdout)']}}"
    )
    assert found.needs() == {"after": ("m[a]",)}


# ---- waivers, baselines, the head


def test_a_waiver_is_valid_until_its_day_begins(bound):
    waivers = "waivers:\n  - {check: a, owner: me, reason: r, ticket: T-1, expires: 2026-06-02}\n  - {check: b, owner: me, reason: r, expires: 2026-06-01}"
    found = bound("  - {name: A, exec: {command: [echo]}}\n  - {name: B, exec: {command: [echo]}}", head=waivers)
    assert str(found["a"].waiver) == "waived by me: r, T-1, until 2026-06-02"
    assert found["b"].waiver is None


BASELINE = '{"decision": "GO", "root": {"address": "", "children": [{"address": "a", "result": {"outcome": "pass", "attempts": [{"readings": {"exit_code": 3}}]}}, {"address": "b", "result": {"outcome": "fail", "attempts": [{"readings": {"x": 1}}]}}]}}'


def test_a_baseline_is_the_report_of_a_whole_run(bound):
    checks = "  - {name: A, exec: {command: [echo]}, expect: {exit_code: {max_increase: 1}}}"
    found = bound(checks, head="baseline: before.json", files={"before.json": BASELINE})
    assert dict(found.plan.baseline.readings) == {"a": {"exit_code": 3}}
    for text in ("no json", "[]", '{"decision": "GO", "selection": {"chosen": 1}}'):
        assert bound(checks, head="baseline: before.json", files={"before.json": text}).plan.baseline.missing
    assert bound(checks, head="baseline: nope.json").plan.baseline.missing


def test_the_head_of_a_run(bound):
    found = bound(
        f"  - {ECHO}",
        head="title: The title\ndescription: What it is\nsubject: {name: shop, version: $(v)}\nvars: {v: 1.0}\ndeadline: 1m30s\nconcurrency: 7\nrequire: 1/1",
        active=True,
    )
    plan = found.plan
    assert (plan.name, plan.title, plan.description) == ("p", "The title", "What it is")
    assert (dict(plan.subject), plan.deadline, plan.concurrency) == ({"name": "shop", "version": "1.0"}, 90.0, 7)
    assert (plan.active_allowed, plan.root.require.text, plan.digest[:7]) == (True, "1/1", "sha256:")


# ---- narrowing, several profiles


def test_narrowing_keeps_what_the_chosen_need_and_their_clean_up(bound):
    checks = (
        "  - {name: Login, exec: {command: [echo]}}\n  - name: S\n    checks:\n"
        "      - {name: Make, active: true, needs: [login], tags: [x], exec: {command: [echo]}}\n"
        "      - {name: Clean, active: true, always: true, exec: {command: [echo]}}\n      - {name: Other, exec: {command: [echo]}}\n"
        "  - {name: Last, exec: {command: [echo]}}"
    )
    assert [step.address for step in bound(checks, tags=("x",)).plan.steps] == ["login", "s/make", "s/clean"]
    assert [step.address for step in bound(checks, sections=("s/other",)).plan.steps] == ["s/other"]
    found = bound(checks, sections=("s",))
    assert ([step.address for step in found.plan.steps], found.bound.total) == (
        ["login", "s/make", "s/clean", "s/other"],
        5,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tags": ("smok",)}, "there is no tag 'smok', did you mean 'smoke'?"),
        ({"sections": ("nope",)}, "there is no section or check 'nope'; known: a, b"),
        ({"tags": ("smoke",), "sections": ("b",)}, "no check has the tags inside the sections that were asked for"),
    ],
)
def test_narrowing_to_nothing_is_refused(options, message, refused):
    checks = "  - {name: A, tags: [smoke], exec: {command: [echo]}}\n  - {name: B, exec: {command: [echo]}}"
    assert refused(checks, **options) == [message]


def test_several_profiles_are_children_of_one_root(bound):
    other = "name: q\ntitle: Other\nvars: {b: 2}\ndeadline: 5m\nbaseline: no.json\nchecks:\n  - {name: Echo, id: echo, exec: {command: [echo, $(b)]}, expect: {exit_code: {max_increase: 1}}}\nwaivers: [{check: echo, owner: o, reason: r, expires: 2099-01-01}]\n"
    found = bound(
        f"  - {ECHO}", head="subject: {name: p}\ndeadline: 1m\nconcurrency: {total: 5, per_target: 50}", files={"q.yaml": other},
        paths=[Path("p.yaml"), Path("q.yaml")], var=["b=3"],
    )  # fmt: skip
    assert found.addresses() == ["p:", "p:echo", "q:", "q:echo"]
    assert (found.command("q:echo"), found.plan.title, found.plan.deadline) == (["echo", "3"], "p, Other", 300.0)
    assert (found.plan.concurrency, found.plan.per_target, found["q:echo"].waiver is not None) == (50, 50, True)
    assert found.plan.baseline.missing
