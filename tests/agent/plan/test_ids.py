"""Ids and addresses (those of `each`: test_each)."""

import pytest

from agent.plan.ids import slug

LONG = "a" * 200


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("Health", "health"),
        ("  Health — endpoint, v2!  ", "health-endpoint-v2"),
        ("$(item) signs", "item-signs"),
        ("ÄÖÜ x", "x"),
        ("a_b", "a-b"),
        ("«»", ""),
        ("", ""),
    ],
)
def test_a_slug_is_what_is_left_of_a_name(name, identity):
    assert slug(name) == identity


def items(*lines: str) -> str:
    return "name: p\nchecks:\n" + "".join(f"  - {{{line}, acme.healthy: {{}}}}\n" for line in lines)


def test_an_id_goes_before_a_name_and_may_stand_alone(room):
    found = room.items(items("name: One, id: first", "id: second", f"id: {LONG}", f"name: {LONG}b, id: A-_9"))
    assert [(address, item.name, item.slug) for address, item in found.items() if address] == [
        ("first", "One", False), ("second", "second", False), (LONG, LONG, False), ("A-_9", LONG + "b", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["owner: me"], ["3:5: has no name"]),
        (["name: "], ["3:6: has no name"]),
        (["name: [a]"], ["3:12: name is not text"]),
        (["name: [a], id: one"], ["3:12: name is a list, expected text"]),
        (["name: «»"], ["3:12: the name '«»' gives no id (it has no a-z or 0-9): give it an id"]),
        (["name: key"], ["3:12: the name gives the id 'key', which is reserved: give it an id"]),
        ([f"name: {LONG}b"], ["3:12: the name gives an id of more than 200 characters: give it an id"]),
        ([f"id: {LONG}b"], ["3:10: an id has at most 200 characters, and this one 201"]),
        (["id: -a"], ["3:10: is no id: letters, digits, '-' and '_', a letter or digit first"]),
        (["id: ä"], ["3:10: is no id: letters, digits, '-' and '_', a letter or digit first"]),
        (["id: [a]"], ["3:10: is no id: letters, digits, '-' and '_', a letter or digit first"]),
        (["id: item"], ["3:10: the id 'item' is reserved: 'each' calls its own so"]),
        (["id: a$(x)"], ["3:10: an id takes no substitution: it is the same in every run",
                         "3:11: variable 'x' is not declared; for the text itself write $$(x)"]),
        (["name: A b", "name: a-B", "id: a-b"],
         ["4:12: has the id 'a-b' of its sibling in line 3: give it an id",
          "5:10: has the id 'a-b' of its sibling in line 3: give it another id"]),
    ],
)  # fmt: skip
def test_what_has_no_id_is_told(room, lines, told):
    assert room.told(items(*lines)) == told


def test_what_has_no_id_is_looked_at_no_further_and_makes_no_other_mistakes(room):
    text = items("name: «», owner: $(x)", "name: One").replace("checks:", "vars: {x: y}\nrequire: 2/2\nchecks:", 1)
    assert room.told(text) == ["5:12: the name '«»' gives no id (it has no a-z or 0-9): give it an id"]


def test_siblings_elsewhere_may_have_the_same_id(room):
    text = "name: p\nchecks:\n" + "".join(
        f"  - name: {name}\n    checks:\n      - {{name: One, acme.healthy: {{}}}}\n" for name in ("A", "B", "One")
    )
    assert [address for address in room.items(text) if "/" in address] == ["a/one", "b/one", "one/one"]
