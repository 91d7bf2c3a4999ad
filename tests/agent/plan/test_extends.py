"""`extends`: one profile is another with changes."""

import pytest

BASE = """
    name: base
    vars: {host: a, port: 80, unused-here: x}
    tags: [x, y]
    defaults: {timeout: 1s, acme.healthy: {even: ab}}
    checks:
      - {name: One, id: one, acme.healthy: {host: $(host), port: $(port), words: [a, b], headers: {a: b}}, expect: {count: {min: 1}}}
      - name: All
        id: all
        owner: base
        checks:
          - {name: Two, id: two, acme.healthy: {host: $(unused-here)}}
          - {name: Three, acme.healthy: {}}
"""


def over(checks: str, head: str = "") -> str:
    return f"name: p\nextends: base.yaml\n{head}\nchecks:\n{checks}\n"


def test_mappings_merge_by_key_and_lists_replace(room):
    room.write("base.yaml", BASE)
    items = room.items(
        over(
            "  - {id: one, acme.healthy: {port: 81, words: [c], headers: {c: d}}, expect: {count: {max: 5}, state: up}, owner: me}",
            "vars: {host: b}\ntags: [z]\ndefaults: {acme.healthy: {share: 10%}}",
        )
    )
    one = items["one"]
    assert (one.ready.host, one.ready.port, one.ready.words, one.ready.headers) == (
        "b",
        81,
        ["c"],
        {"a": "b", "c": "d"},
    )
    assert (one.ready.even, one.ready.share, one.policy.timeout, one.owner, one.tags) == ("ab", 0.1, 1.0, "me", ("z",))
    assert [str(limit) for limit in one.limits] == ["ok: true", "count: at least 1, at most 5", "state: up"]
    assert list(items) == ["", "one", "all", "all/two", "all/three"]


def test_checks_merge_by_id_in_sections_too(room):
    room.write("base.yaml", BASE)
    items = room.items(
        over("  - {id: all, owner: me, checks: [{id: two, remove: true}, {id: four, acme.healthy: {}}]}")
    )
    assert list(items) == ["", "one", "all", "all/three", "all/four"]
    assert items["all/three"].owner == "me"


def test_a_removed_check_leaves_no_variable_unused(room):
    room.write("base.yaml", BASE)
    assert list(room.items(over("  - {id: all, remove: true}"))) == ["", "one"]


def test_a_section_may_become_an_include_only_as_a_whole(room):
    room.write("base.yaml", BASE)
    assert room.told(over("  - {id: all, include: x.yaml}")) == [
        "5:15: has both 'checks' and 'include': a section is one or the other"
    ]


def test_data_that_is_called_checks_is_data(room):
    room.write(
        "base.yaml",
        "name: base\nchecks:\n  - {name: One, id: one, acme.healthy: {body: {checks: [{id: x}, {id: y}]}}}\n",
    )
    step = room.step(over("  - {id: one, acme.healthy: {body: {checks: [{id: x, n: 1}]}}}"))
    assert step.ready.body == {"checks": [{"id": "x", "n": 1}]}


def test_scalars_and_mappings_replace_each_other(room):
    room.write(
        "base.yaml",
        "name: base\nchecks:\n  - {name: One, id: one, acme.healthy: {}, expect: {count: {min: 1}, state: up}}\n",
    )
    step = room.step(over("  - {id: one, expect: {count: 3, state: {exists: true}}}"))
    assert [str(limit) for limit in step.limits] == ["ok: true", "count: 3", "state: to be present"]


def test_a_profile_without_checks_of_its_own_is_its_base_under_another_name(room):
    room.write("base.yaml", BASE)
    found = room.bind("name: p\nextends: base.yaml\nvars: {host: z}\n")
    assert (found.plan.name, found.plan.steps[0].ready.host) == ("p", "z")


def test_over_several_files_from_several_folders(room):
    room.write("a/base.yaml", BASE + "      - {name: Part, id: part, include: part.yaml}\n")
    room.write("a/part.yaml", "name: part\nchecks:\n  - {name: Deep, acme.healthy: {}}\n")
    room.write("b/middle.yaml", "name: m\nextends: ../a/base.yaml\nvars: {host: m}\n")
    items = room.items("name: p\nextends: b/middle.yaml\nchecks:\n  - {id: part, name: Renamed}\n")
    assert (items["one"].ready.host, items["part"].name, list(items)[-1]) == ("m", "Renamed", "part/deep")


def test_a_profile_that_ships_can_be_extended(room):
    items = room.items("name: p\nextends: gonogo:demo\nvars: {version: 2.0.0}\n")
    assert "shop/health" in items


def test_a_chain_has_an_end(room):
    for number in range(30):
        room.write(f"{number}.yaml", f"name: n\nextends: {number + 1}.yaml\n")
    room.write("30.yaml", BASE)
    assert room.told("", "0.yaml") == ["20.yaml:2:10: extends more than 20 files in a row"]


def test_what_is_no_mapping_is_told_where_it_stands(room):
    room.write("base.yaml", "name: base\nchecks:\n  - text\n  - {name: One, id: one, acme.healthy: {}}\n")
    assert room.told(over("  - words\n  - {id: one, owner: x}")) == [
        "5:5: is no check: a check is a mapping with a name and a kind",
        "base.yaml:3:5: is no check: a check is a mapping with a name and a kind",
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("loop.yaml", "2:10: loop.yaml: too many levels of symbolic links"),
        ("link.yaml", "2:10: extends goes in a circle: link.yaml leads back to itself"),
    ],
)
def test_a_circle_is_seen_through_links(room, written, message):
    (room.folder / "loop.yaml").symlink_to("loop.yaml")
    (room.folder / "link.yaml").symlink_to("p.yaml")
    assert room.told(f"name: p\nextends: {written}\nchecks:\n  - {{name: One, acme.healthy: {{}}}}\n") == [message]
