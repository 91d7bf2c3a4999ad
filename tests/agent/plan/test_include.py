"""`include`: a section that another file describes, with variables of its own."""

import os

import pytest

from agent.model import Severity
from agent.node import Measured

PART = """
    name: part
    vars:
      host:
      port: 80
    checks:
      - {name: Open, acme.healthy: {host: $(host), port: $(port)}}
"""


def include(more: str = "vars: {host: a}", head: str = "", before: str = "") -> str:
    return f"name: p\n{head}\nchecks:\n{before}  - name: Part\n    include: part.yaml\n    {more}\n"


def test_it_sees_its_own_variables_only(room):
    room.write("part.yaml", PART)
    head = "vars: {host: outer, port: 1}"
    more = "vars: {host: 'x-$(host)'}\n    refs: $(port)"
    step = room.step(include(more, head))
    assert (step.ready.host, step.ready.port) == ("x-outer", 80)
    room.write("part.yaml", PART.replace("$(port)", "$(env)").replace("port: 80", "port2: 80"))
    assert room.told(include(head="vars: {env: x}\ntitle: $(env)")) == [
        "part.yaml:4:3: variable 'port2' is never used",
        "part.yaml:6:54: variable 'env' is not declared; known: host, port2",
    ]


def test_what_was_resolved_outside_is_not_read_again_inside(room):
    room.write("part.yaml", PART)
    assert room.step(include("vars: {host: $$(port)}")).ready.host == "$(port)"


def test_a_value_of_any_form_goes_in(room):
    room.write("part.yaml", PART.replace("host: $(host)", "words: $(host), body: $(host)"))
    assert room.step(include("vars: {host: [a, b]}")).ready.words == ["a", "b"]
    assert room.step(include("vars: {host: [5]}")).ready.body == [5]


@pytest.mark.parametrize(
    ("more", "head", "told"),
    [
        pytest.param("id: x", "", ["5:14: part.yaml wants a value for 'host': give it in 'vars' beside 'include'"], id="not given"),
        pytest.param("vars: {host: }", "", ["5:14: part.yaml wants a value for 'host': give it in 'vars' beside 'include'"], id="given as nothing"),
        pytest.param("vars: {hst: a}", "", ["6:12: part.yaml declares no variable 'hst', did you mean 'host'?"], id="misspelt"),
        pytest.param("vars: {host: $(h)}", "vars:\n  h:",
                     ["7:18: variable 'h' has no value: give it with --var h=…, GONOGO_VAR_H or --vars-file"], id="given from nothing"),
        pytest.param("vars: {host: $(h)}", "vars: {h: $(env:GONOGO_NOT_SET)}",
                     ["2:11: environment variable GONOGO_NOT_SET is not set"], id="given from what is not there"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_where_the_file_is_included(room, more, head, told):
    room.write("part.yaml", PART)
    assert room.told(include(more, head)) == told


def test_an_empty_text_is_a_value(room):
    room.write("part.yaml", PART)
    assert room.step(include("vars: {host: ''}")).ready.host == ""


def test_in_what_does_not_apply_nothing_is_missing(room):
    room.write("part.yaml", PART)
    step = room.step(include("vars: {host: $(h)}\n    when: {on: true}", "vars:\n  on: false\n  h:"))
    assert (step.skipped, step.ready) == ("on is 'false', expected true", None)
    room.write("part.yaml", PART.replace("    vars:", "    when: {host: {exists: true}}\n    vars:"))
    assert room.step(include("id: x")).skipped == "host is absent, expected to be present"


def test_the_head_of_the_file_holds_unless_the_include_says_otherwise(room):
    head = "    owner: inner\n    runbook: inner\n    tags: [inner]\n    severity: critical\n    refs: INNER\n"
    head += "    refutes: INNER2\n    require: any\n    defaults: {timeout: 1s, acme.healthy: {even: ab}}\n"
    room.write("part.yaml", PART.replace("    vars:", head + "    vars:"))
    outer = (
        "owner: outer\nrunbook: outer\ntags: outer\ndefaults: {timeout: 2s, tolerate: 3s, acme: {share: 10%, even: cd}}"
    )
    items = room.items(include(head=outer))
    section, step = items["part"], items["part/open"]
    assert (section.severity, section.refs, section.refutes, section.require.text) == (
        Severity.CRITICAL, ("INNER",), ("INNER2",), "any",
    )  # fmt: skip
    assert (step.owner, step.runbook, step.tags, step.severity) == (
        "inner",
        "inner",
        ("outer", "inner"),
        Severity.NORMAL,
    )
    assert (step.policy.timeout, step.policy.tolerate, step.ready.share, step.ready.even) == (1.0, 3.0, 0.1, "ab")
    own = "vars: {host: a}\n    owner: own\n    runbook: own\n    severity: advisory\n    refs: OWN\n    refutes: OWN2\n    require: all"
    items = room.items(include(own, outer))
    section, step = items["part"], items["part/open"]
    assert (section.severity, section.refs, section.refutes, section.require.text) == (
        Severity.ADVISORY, ("OWN",), ("OWN2",), "all",
    )  # fmt: skip
    assert (step.owner, step.runbook) == ("own", "own")


def test_the_census_is_of_the_file(room):
    room.write("part.yaml", PART.replace("    vars:", "    require: $(n)\n    vars:\n      n: 2/2"))
    assert room.told(include()) == ["part.yaml:2:10: require 2/2 counts 2 children, and 1 is written here"]


def test_a_file_may_stand_in_several_places(room):
    room.write("parts/part.yaml", PART)
    room.write("parts/both.yaml", """
        name: both
        vars: {hosts: [a, b]}
        checks:
          - {name: Part of $(item), id: parts, each: $(hosts), include: part.yaml, vars: {host: $(item)}}
          - {name: More, include: part.yaml, vars: {host: c, port: 81}}
        """)  # fmt: skip
    steps = room.bind("name: p\nchecks:\n  - {name: Both, include: parts/both.yaml}\n").plan.steps
    assert [(step.address, step.ready.host, step.ready.port) for step in steps] == [
        ("both/parts[a]/open", "a", 80), ("both/parts[b]/open", "b", 80), ("both/more/open", "c", 81),
    ]  # fmt: skip


def test_what_ships_is_included_by_name(room):
    items = room.items("name: p\nchecks:\n  - {name: On call, include: gonogo:pagerduty-on-call, vars: {policy: P1}}\n")
    assert [address for address in items if address.count("/") == 1] == [
        "on-call/policy", "on-call/every-level-has-somebody-on-call", "on-call/no-open-incident",
    ]  # fmt: skip


def test_a_reading_is_looked_up_where_it_was_given(room):
    inner = """
        name: inner
        vars: {host: , other: x}
        checks:
          - {name: Login, acme.healthy: {}}
          - {name: Deep, acme.healthy: {host: $(host), words: [$(login.state), $(other)]}}
        """
    room.write("inner.yaml", inner)
    room.write("part.yaml", """
        name: part
        vars: {token: }
        checks:
          - {name: Login, acme.healthy: {host: b}}
          - {name: Inner, include: inner.yaml, vars: {host: 'x$(token)', other: $(login.state)}}
        """)  # fmt: skip
    before = "  - {name: Login, acme.healthy: {host: a}}\n"
    items = room.items(include("vars: {token: $(login.state)}", before=before))
    deep = items["part/inner/deep"]
    assert deep.settings.get("host").parts == ("x", Measured("login", "state"))
    assert [item.parts for item in deep.settings.get("words").items] == [
        (Measured("part/inner/login", "state"),), (Measured("part/login", "state"),),
    ]  # fmt: skip
    assert deep.needs == ("login", "part/inner/login", "part/login")
    assert items["login"].wanted == {"state"}


def test_no_reference_leads_out_of_the_file(room):
    room.write("part.yaml", """
        name: part
        checks:
          - {name: One, needs: [login], acme.healthy: {}}
          - {name: Two, needs: [oen], acme.healthy: {host: $(login.state)}}
        """)  # fmt: skip
    before = "  - {name: Login, acme.healthy: {}}\n"
    outside = (
        "there is no 'login' here; an included file sees its own checks, and what 'vars' beside its 'include' give it"
    )
    assert room.told(include("id: x", before=before)) == [
        f"part.yaml:3:25: {outside}", "part.yaml:4:25: there is no 'oen' here, did you mean 'one'?", f"part.yaml:4:52: {outside}",
    ]  # fmt: skip


def test_a_path_leads_into_an_included_file(room):
    room.write("part.yaml", PART)
    step = room.items(include() + "  - {name: Then, needs: [part/open], acme.healthy: {host: '$(part/open.state)'}}\n")[
        "then"
    ]
    assert step.needs == ("part/open",)


def test_what_is_wrong_in_a_file_is_told_once_however_often_it_is_included(room):
    room.write("part.yaml", PART.replace("acme.healthy", "acme.helthy"))
    assert room.told(
        include()
        + "  - {name: More, include: part.yaml, vars: {host: a}}\n  - {name: Again, include: ./part.yaml, vars: {host: a}}\n"
    ) == ["part.yaml:6:18: unknown kind 'acme.helthy', did you mean 'acme.healthy'?"]


def test_a_circle_is_seen_through_links_and_other_ways(room):
    room.write("a.yaml", "name: a\nchecks:\n  - {name: B, include: sub/../b.yaml}\n")
    room.write("sub/x.yaml", "name: x\n")
    (room.folder / "b.yaml").symlink_to("c.yaml")
    room.write("c.yaml", "name: c\nchecks:\n  - {name: A, include: ./a.yaml}\n")
    assert room.told("", "a.yaml") == ["sub/../b.yaml:3:24: include goes in a circle: ./a.yaml leads back to itself"]


@pytest.mark.parametrize("name", ["loop.yaml", '"a\\0b"', "x" * 300, ".", "/dev/zero", "pipe"])
def test_a_file_that_is_none_is_told(room, name):
    (room.folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(room.folder / "pipe")
    (message,) = room.told(f"name: p\nchecks:\n  - {{name: A, include: {name}}}\n")
    assert message.startswith("3:24: ")
