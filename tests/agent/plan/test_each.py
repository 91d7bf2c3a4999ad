"""`each`: elements and their labels, and which of an item's keys belong to whom."""

import pytest

from agent.model import Severity
from agent.node import Scalar, Sequence
from agent.plan.ids import label
from agent.problem import Mark

MARK = Mark("p.yaml", 1, 1)


def each(elements: str, more: str = "", head: str = "", host: str = "$(item)") -> str:
    return (
        f"name: p\n{head}\nchecks:\n  - name: Look\n    id: look\n    each: {elements}\n{more}"
        f"    acme.healthy: {{host: {host}}}\n"
    )


@pytest.mark.parametrize(
    ("elements", "addresses"),
    [
        pytest.param("[a, b]", ["look[a]", "look[b]"], id="a list"),
        pytest.param("{a: x, b: y}", ["look[a]", "look[b]"], id="a mapping"),
        pytest.param("$(hosts)", ["look[x]", "look[y]"], id="a variable"),
        pytest.param("[$(one), b]", ["look[1.10]", "look[b]"], id="variables in a list"),
        pytest.param("{a: $(one)}", ["look[a]"], id="variables in a mapping"),
        pytest.param("['https://a/b c', '{']", ["look[https://a/b c]", "look[{]"], id="texts of any kind"),
        pytest.param(
            "['a[0]', 'a]', '', b]", ["look[1]", "look[2]", "look[3]", "look[b]"], id="texts that end no label"
        ),
        pytest.param('["a\\nb", "\\u0007"]', ["look[1]", "look[2]"], id="texts that cannot be seen"),
        pytest.param("{'a[0]': x, '': y}", ["look[1]", "look[2]"], id="keys that end no label"),
        pytest.param("[" + "a" * 80 + ", " + "b" * 81 + "]", ["look[" + "a" * 80 + "]", "look[2]"], id="long texts"),
        pytest.param("[$(secret:A), x]", ["look[1]", "look[x]"], id="a secret"),
        pytest.param("[]", [], id="none"),
        pytest.param("{}", [], id="none in a mapping"),
    ],
)
def test_elements_have_labels(room, elements, addresses):
    head = "vars: {hosts: [x, y], one: 1.10}"
    profile = each(elements, head=head) + "  - {name: Use, acme.healthy: {words: $(hosts), host: $(one)}}\n"
    assert [address for address in room.items(profile) if address.startswith("look[")] == addresses


def test_an_element_that_is_a_list_is_known_by_its_number():
    assert label(Sequence((Scalar("a", MARK),), MARK), 4) == "5"


def test_fields_of_an_element_may_be_deep(room):
    items = room.items(each("[{at: {host: a, ports: [1, 2]}}]", host="$(item.at.host), words: $(item.at.ports)"))
    probe = items["look[1]"].ready
    assert (probe.host, probe.words) == ("a", ["1", "2"])


def test_what_names_the_element_is_the_childs_and_the_rest_is_the_sections(room):
    more = (
        "    owner: team-$(item)\n    runbook: https://wiki\n    tags: [t-$(item)]\n    refs: [R-$(item)]\n"
        "    refutes: X\n    severity: critical\n    needs: [first]\n    expect: {count: 1}\n    timeout: 3s\n"
    )
    items = room.items(each("[a, b]", more) + "  - {name: First, acme.healthy: {}}\n")
    section, child = items["look"], items["look[b]"]
    assert (section.owner, section.runbook, section.tags, section.refs, section.refutes, section.severity) == (
        "", "https://wiki", (), (), ("X",), Severity.CRITICAL,
    )  # fmt: skip
    assert (child.owner, child.runbook, child.tags, child.refs, child.refutes, child.severity) == (
        "team-b", "https://wiki", ("t-b",), ("R-b",), (), Severity.NORMAL,
    )  # fmt: skip
    assert (child.needs, child.policy.timeout, [str(limit) for limit in child.limits]) == (
        ("first",), 3.0, ["ok: true", "count: 1"],
    )  # fmt: skip


def test_weights_and_conditions_may_name_the_element(room):
    more = (
        "    severity: $(item.weight)\n    when: {where: {one_of: $(item.where)}}\n    needs: ['other[$(item.id)]']\n"
    )
    other = "  - {name: Other, each: [x, y], acme.healthy: {host: $(item)}}\n"
    elements = "[{id: x, weight: advisory, where: [eu]}, {id: y, weight: normal, where: [us]}]"
    profile = each(elements, more, head="vars: {where: eu}", host="$(item.id)")
    items = room.items(profile + other)
    assert [(i.severity.value, i.skipped, i.needs) for i in (items["look[1]"], items["look[2]"])] == [
        ("advisory", "", ("other[x]",)),
        ("normal", "where is 'eu', expected one of us", ("other[y]",)),
    ]
    assert items["look"].skipped == ""


def test_refs_by_metric_belong_to_every_element(room):
    items = room.items(each("[a, b]", "    refs: {ok: [R1], count: R2}\n"))
    assert items["look"].refs == ()
    assert (items["look[a]"].refs, items["look[b]"].metric_refs) == (("R1", "R2"), {"ok": ("R1",), "count": ("R2",)})


def test_the_section_is_named_with_the_element_left_open(room):
    profile = each("{a: x}", head="vars: {env: production}").replace(
        "name: Look", "name: Look at $(item.x) $(key) in $(env) for $$(item)"
    )
    assert room.items(profile.replace("{a: x}", "{a: {x: y}}").replace("host: $(item)", "host: x"))["look"].name == (
        "Look at … … in production for $(item)"
    )


def test_an_element_is_named_by_its_label_when_its_name_does_not_tell(room):
    items = room.items(
        each("[a, b]").replace("name: Look", "name: Look at $(env)").replace("checks:", "vars: {env: x}\nchecks:")
    )
    assert (items["look"].name, items["look[a]"].name) == ("Look at x", "Look at x [a]")


def test_what_has_an_id_needs_no_name(room):
    items = room.items("name: p\nchecks:\n  - {id: look, each: [a], acme.healthy: {host: $(item)}}\n")
    assert [item.name for item in items.values()] == ["p", "look", "look [a]"]


def test_each_in_each(room):
    items = room.items(
        """
        name: p
        checks:
          - name: Host $(item)
            id: hosts
            each: [a, b]
            require: 1/2
            checks:
              - {name: Port $(item), id: ports, each: {x: 1, y: 2}, require: any, acme.healthy: {host: $(key), port: $(item)}}
              - {name: Other, acme.healthy: {host: $(item), even: ab}}
        """
    )
    assert [address for address, item in items.items() if hasattr(item, "kind")] == [
        "hosts[a]/ports[x]", "hosts[a]/ports[y]", "hosts[a]/other", "hosts[b]/ports[x]", "hosts[b]/ports[y]", "hosts[b]/other",
    ]  # fmt: skip
    assert items["hosts[b]/ports[y]"].ready.port == 2
    assert items["hosts[b]/other"].ready.host == "b"
    assert [items[address].require.text for address in ("hosts", "hosts[a]", "hosts[a]/ports")] == ["1/2", "all", "any"]


def test_the_elements_of_what_does_not_apply_are_known_all_the_same(room):
    """So that what names them (a waiver, another check) is no mistake where it does not apply."""
    profile = each("$(hosts)", "    when: {on: true}\n", head="vars: {on: false, hosts: [a, b]}")
    profile += "  - {name: Then, needs: ['look[a]'], acme.healthy: {}}\nwaivers:\n"
    profile += "  - {check: 'look[b]', owner: me, reason: x, expires: 2099-01-01}\n"
    items = room.items(profile)
    assert [item.skipped for item in items.values()] == [
        "",
        *["on is 'false', expected true"] * 3,
        "needs look[a], which does not apply",
    ]


def test_elements_that_nobody_knows_are_asked_for_by_nobody(room):
    profile = each("$(hosts)", "    when: {on: true}\n", head="vars:\n  on: false\n  hosts:\n")
    profile += (
        "  - {name: Then, needs: ['look[a]', 'look[b]'], acme.thing: {host: '$(look[a].state)'}, expect: {ok: true}}\n"
    )
    profile += "waivers:\n  - {check: 'look[b]', owner: me, reason: x, expires: 2099-01-01}\n"
    items = room.items(profile)
    assert [address for address in items if address] == ["look", "then"]
    assert items["then"].skipped == "needs look, which does not apply"
    assert room.told(profile.replace("'look[b]', owner", "'lok[b]', owner"))[-1].endswith(
        "there is no check 'lok[b]'; known: then"
    )


def test_with_no_values_asked_for_a_census_of_unknown_elements_is_no_mistake(room):
    profile = each("$(hosts)", "    require: 2/3\n", head="vars:\n  hosts:\n")
    assert room.items(profile, demanded=False)["look"].children == ()
    assert room.told(profile) == [
        "8:11: variable 'hosts' has no value: give it with --var hosts=…, GONOGO_VAR_HOSTS or --vars-file"
    ]


def test_the_census_counts_elements(room):
    assert room.told(each("[a, b]", "    require: 2/3\n")) == [
        "7:14: require 2/3 counts 3 children, and 2 are written here"
    ]


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ("[a, b, a]", "6:18: each holds 'a' twice"),
        ("[$(x), y]", "6:18: each holds 'y' twice"),
        ("x", "6:11: each wants a list or a mapping, of the file or of a variable"),
    ],
)
def test_elements_must_differ(room, elements, message):
    profile = each(elements, head="vars: {x: y}") + "  - {name: Use, acme.healthy: {host: $(x)}}\n"
    assert room.told(profile) == [message]


def test_an_element_without_a_field_is_told_for_each_element_once(room):
    assert room.told(each("[{a: 1}, {b: 1}, x]", host="$(item.a)")) == [
        "7:26: $(item.a): this element has no 'a'; it has b",
        "7:26: $(item.a): this element has no 'a'",
    ]


def test_fields_of_an_element_that_nobody_knows_are_let_be(room):
    assert room.step(each("[$(x)]", head="vars:\n  x:\n", host="$(item.a)"), demanded=False).ready is None
