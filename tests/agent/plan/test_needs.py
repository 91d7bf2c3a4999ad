"""What needs what: found by name, never in a circle, and passed on when it does not apply."""

import pytest

from agent.plan.steps import Step


def profile(*items: str, head: str = "") -> str:
    return f"name: p\n{head}\nchecks:\n" + "".join(f"  {line}\n" for item in items for line in item.splitlines())


def needs(items) -> dict[str, tuple[str, ...]]:
    return {address: item.needs for address, item in items.items() if isinstance(item, Step) and item.needs}


def one(name: str, more: str = "", host: str = "x") -> str:
    return f"- {{name: {name}, acme.healthy: {{host: {host}}}{', ' + more if more else ''}}}"


def section(name: str, *items: str, more: str = "") -> str:
    lines = "\n".join(f"    {item}" for item in items)
    return f"- name: {name}\n{'  ' + more + chr(10) if more else ''}  checks:\n{lines}"


@pytest.mark.parametrize(
    ("items", "found"),
    [
        pytest.param([one("A"), one("B", "needs: a")], {"b": ("a",)}, id="a sibling"),
        pytest.param([one("B", "needs: [a]"), one("A")], {"b": ("a",)}, id="a sibling that is written later"),
        pytest.param([one("A"), section("S", one("B", "needs: [a]"))], {"s/b": ("a",)}, id="outward"),
        pytest.param([one("A"), section("S", one("A"), one("B", "needs: [a]"))], {"s/b": ("s/a",)}, id="the nearest"),
        pytest.param([section("S", one("A")), one("B", "needs: [s]")], {"b": ("s",)}, id="a section"),
        pytest.param([section("S", one("A")), one("B", "needs: [s/a]")], {"b": ("s/a",)}, id="a path"),
        pytest.param([one("A"), section("S", one("B"), one("C", "needs: [b]"), more="needs: [a]")], {"s/b": ("a",), "s/c": ("s/b", "a")}, id="through the section around it"),
        pytest.param([one("A"), one("B", "needs: [a, a]", "$(a.state)")], {"b": ("a",)}, id="each once"),
        pytest.param([one("A"), one("B", host="$(a.state)")], {"b": ("a",)}, id="a reading"),
        pytest.param([one("A"), one("B", "expect: {count: {max: $(a.count)}}"), one("C", "warn: {count: $(b.count)}")], {"b": ("a",), "c": ("b",)}, id="a reading in a limit"),
        pytest.param([one("A", "each: [x, 'y/z']"), one("B", "needs: ['a[y/z]']"), one("C", "needs: [a]")], {"b": ("a[y/z]",), "c": ("a",)}, id="an element"),
        pytest.param([section("S", one("A"), more="each: [x, y]"), one("B", "needs: ['s[y]/a']")], {"b": ("s[y]/a",)}, id="inside an element"),
    ],
)  # fmt: skip
def test_a_name_is_found(room, items, found):
    assert needs(room.items(profile(*items))) == found


def test_a_need_may_be_a_variable(room):
    items = room.items(
        profile(
            one("A"), one("B"), one("C", "needs: $(of)"), one("D", "needs: ['$(x)']"), head="vars: {of: [a, b], x: a}"
        )
    )
    assert needs(items) == {"c": ("a", "b"), "d": ("a",)}


def test_readings_that_are_used_are_kept_whole(room):
    items = room.items(profile(one("A"), one("B", host="$(a.state)$(a.count)"), one("C", host="$(a.state)")))
    assert (items["a"].wanted, items["b"].wanted) == ({"state", "count"}, frozenset())


@pytest.mark.parametrize(
    ("items", "told"),
    [
        pytest.param([one("A", "needs: [b]")], ["4:48: there is no 'b' here"], id="nobody"),
        pytest.param([section("S", one("A")), one("B", "needs: [a]")], ["7:48: there is no 'a' here, did you mean 's/a'?"], id="further in"),
        pytest.param([section("S", one("A", "needs: [c]"), section("T", one("C")).replace("\n", "\n    "))], ["6:52: there is no 'c' here, did you mean 't/c'?"], id="further in, beside it"),
        pytest.param([one("A", "needs: ['', [b], {c: d}]")], [
            "4:48: there is no '' here",
            "4:52: needs is not the id of a check or section, or a list of ids",
            "4:57: needs is not the id of a check or section, or a list of ids",
        ], id="no names"),
        pytest.param([one("A", "needs: $(secret:X)")], ["4:47: needs is not the id of a check or section, or a list of ids"], id="a secret"),
        pytest.param([one("A", "each: [x, y]"), one("B", "needs: ['a[z]', 'a/x', 'a[x]/y', 'b[x]', 'a[]']")], [
            "5:48: there is no 'a[z]' here: a has the elements x, y",
            "5:56: there is no 'a/x' here; known: a",
            "5:63: there is no 'a[x]/y' here: a has the elements x, y",
            "5:73: there is no 'b[x]' here; known: a",
            "5:81: there is no 'a[]' here: a has the elements x, y",
        ], id="no elements"),
        pytest.param([one("A", host="$(a.state)")], ["4:36: $(a.state) is a reading of this check itself"], id="itself"),
        pytest.param([one("A"), one("B", host="x$(a.stat)y$(a.count)$(a.sate)")], [
            "5:37: $(a.stat): acme.healthy has no metric 'stat', did you mean 'state'?",
            "5:57: $(a.sate): acme.healthy has no metric 'sate', did you mean 'state'?",
        ], id="no metrics"),
        pytest.param([section("S", one("A")), one("B", host="$(s.state)")], ["7:36: $(s.state) reads a section, and only a check has readings"], id="a section's"),
        pytest.param([one("A", "each: [x, y]"), one("B", host="$(a.state)")], ["5:36: $(a.state) reads a section, and only a check has readings; one of these is 'a[x]'"], id="all elements'"),
        pytest.param(["- {name: A, acme.gone: {}}", one("B", host="$(a.anything)")], ["4:15: unknown kind 'acme.gone', did you mean 'acme.thing'?"], id="of a kind that is not there"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_told(room, items, told):
    assert room.told(profile(*items)) == told


@pytest.mark.parametrize(
    ("items", "told"),
    [
        pytest.param([one("A", "needs: [b]"), one("B", "needs: [a]")], ["5:48: needs go in a circle: a -> b -> a"], id="two"),
        pytest.param([one("A", "needs: [a]")], ["4:48: needs itself"], id="itself"),
        pytest.param([section("S", one("A", "needs: [s]"))], ["6:52: needs 's', the section that it stands in"], id="the section around it"),
        pytest.param([section("S", one("A"), more="needs: [s/a]")], ["5:13: needs 'a', which stands in it"], id="what is in it"),
        pytest.param([section("S", one("A"), more="needs: [b]"), one("B", "needs: [s]")], ["8:48: needs go in a circle: s -> s/a -> b -> s"], id="through a section"),
        pytest.param([one("A", "needs: [s]"), section("S", one("B"), one("C", "needs: [a]"))], ["8:52: needs go in a circle: a -> s/c -> a"], id="through one of a section"),
        pytest.param([one("A", host="$(b.state)"), one("B", "needs: [c]"), one("C", "expect: {state: $(a.state)}")], ["6:56: needs go in a circle: a -> b -> c -> a"], id="through readings"),
        pytest.param([one("A", "needs: [b]"), one("B", "needs: [a]"), one("C", "needs: [d]"), one("D", "needs: [c, a]")], [
            "5:48: needs go in a circle: a -> b -> a", "7:48: needs go in a circle: c -> d -> c",
        ], id="two circles"),
    ],
)  # fmt: skip
def test_a_circle_is_told(room, items, told):
    assert room.told(profile(*items)) == told


def test_a_long_chain_is_no_circle(room):
    items = [one(f"C{number}", f"needs: [c{number + 1}]") for number in range(3000)]
    found = room.items(profile(*items, one("C3000")))
    assert found["c0"].needs == ("c1",)
    assert room.told(profile(*items, one("C3000", "needs: [c0]")))[0].startswith(
        "3004:52: needs go in a circle: c0 -> c1 -> c2"
    )


OFF = "when: {on: true}"


@pytest.mark.parametrize(
    ("items", "skipped"),
    [
        pytest.param([one("A", OFF), one("B", "needs: [a]"), one("C", "needs: [b]"), one("D")],
                     {"b": "needs a, which does not apply", "c": "needs b, which does not apply"}, id="passed on"),
        pytest.param([one("C", "needs: [b]"), one("B", "needs: [a]"), one("A", OFF)],
                     {"b": "needs a, which does not apply", "c": "needs b, which does not apply"}, id="in whatever order"),
        pytest.param([one("A", OFF), one("B", host="$(a.state)")], {"b": "needs a, which does not apply"}, id="through a reading"),
        pytest.param([one("A", OFF), section("S", one("B"), more="needs: [a]"), one("C", "needs: [s]")],
                     {"s": "needs a, which does not apply", "s/b": "needs a, which does not apply", "c": "needs s, which does not apply"}, id="a section as a whole"),
        pytest.param([section("S", one("B"), more=OFF), one("C", "needs: [s]"), one("D", "needs: [s/b]")],
                     {"c": "needs s, which does not apply", "d": "needs s/b, which does not apply"}, id="of a section"),
        pytest.param([section("S", one("B", OFF), one("E")), one("C", "needs: [s]")], {}, id="not of a section of which something is left"),
        pytest.param([one("A", OFF), one("B", f"needs: [a], {OFF}")], {}, id="it does not apply itself"),
    ],
)  # fmt: skip
def test_what_needs_something_that_does_not_apply_does_not_apply(room, items, skipped):
    found = room.items(profile(*items, head="vars: {on: false}"))
    own = "on is 'false', expected true"
    assert {address: item.skipped for address, item in found.items() if item.skipped not in ("", own)} == skipped
    assert all(found[address].ready is None for address in skipped if isinstance(found[address], Step))


def test_a_long_chain_is_passed_on_in_no_time(room):
    items = [one(f"C{number}", f"needs: [c{number + 1}]") for number in range(3000)]
    found = room.items(profile(*items, one("C3000", OFF), head="vars: {on: false}"))
    assert found["c0"].skipped == "needs c1, which does not apply"
