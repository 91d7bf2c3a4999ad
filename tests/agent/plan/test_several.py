"""Several profiles in one run, and the head of each."""

import pytest

ONE = "{name: One, acme.healthy: {}}"


def write(room, name: str, head: str = "", checks: str = f"  - {ONE}\n") -> None:
    room.write(f"{name}.yaml", f"name: {name}\n{head}\nchecks:\n{checks}")


def both(room, a: str = "", b: str = ""):
    write(room, "a", a)
    write(room, "b", b)
    return room.bind("", "a.yaml", "b.yaml").plan


def test_they_are_the_children_of_one_root(room):
    plan = both(room, "title: First\nseverity: critical\nowner: x", "require: any\nsubject: {name: b}")
    assert (plan.name, plan.title, plan.description) == ("a, b", "First, b", "")
    assert [(item.address, item.name, item.severity.value) for item in plan.root.walk()] == [
        ("", "a, b", "normal"), ("a:", "First", "critical"), ("a:one", "One", "normal"), ("b:", "b", "normal"), ("b:one", "One", "normal"),
    ]  # fmt: skip
    assert [child.require.text for child in plan.root.children] == ["all", "any"]


@pytest.mark.parametrize(
    ("a", "b", "deadline", "concurrency"),
    [
        ("deadline: 1m", "deadline: 5m", 300.0, (50, 10)),
        ("deadline: 1m", "", None, (50, 10)),
        ("concurrency: 20", "concurrency: {total: 5, per_target: 3}", None, (20, 10)),
        ("concurrency: {total: 7, per_target: 1}", "concurrency: {total: 5, per_target: 3}", None, (7, 3)),
    ],
)
def test_the_longest_deadline_and_the_widest_concurrency_hold(room, a, b, deadline, concurrency):
    plan = both(room, a, b)
    assert (plan.deadline, (plan.concurrency, plan.per_target)) == (deadline, concurrency)


def test_of_two_subjects_the_first_holds(room):
    plan = both(room, "subject: {name: a, version: 1}", "subject: {name: b, environment: c}")
    assert plan.subject == {"name": "a", "version": "1", "environment": "c"}


def test_references_and_waivers_stay_inside_their_profile(room):
    waiver = "waivers: [{check: one, owner: me, reason: x, expires: 2099-01-01}]"
    write(room, "a", waiver, f"  - {ONE}\n  - {{name: Two, needs: [one], acme.healthy: {{host: $(one.state)}}}}\n")
    write(room, "b")
    items = room.items("", "a.yaml", "b.yaml")
    assert (items["a:two"].needs, items["a:one"].waiver.owner, items["b:one"].waiver) == (("a:one",), "me", None)


def test_variables_are_given_to_whichever_declares_them(room):
    used = "  - {name: One, acme.healthy: {host: $(host)}}\n"
    write(room, "a", "vars: {host: x}", used)
    write(room, "b", "vars: {host: y}", used)
    items = room.items("", "a.yaml", "b.yaml", options=("host=z",))
    assert [items[address].ready.host for address in ("a:one", "b:one")] == ["z", "z"]
    assert room.told("", "a.yaml", "b.yaml", options=("hots=z",)) == [
        "--var hots: the profile declares no such variable, did you mean 'host'?"
    ]


def test_a_profile_that_cannot_be_read_may_declare_anything(room):
    write(room, "a")
    room.write("vars.yaml", "host: x\n")
    assert room.told("", "a.yaml", "missing-profile.yaml", options=("host=z",), files=(room.folder / "vars.yaml",)) == [
        "missing-profile.yaml: no such file"
    ]


def test_two_of_one_name_are_told_apart_by_nobody(room):
    write(room, "a")
    room.write("b.yaml", f"name: A!\nchecks:\n  - {ONE}\n")
    message = "has the name 'A!' already, and a run tells its profiles by their names"
    assert room.told("", "a.yaml", "b.yaml") == [f"b.yaml:1:1: a.yaml {message}"]
    assert room.told("", "a.yaml", "a.yaml") == [
        "a.yaml:1:1: a.yaml has the name 'a' already, and a run tells its profiles by their names"
    ]


def test_a_name_that_is_no_id_gives_way_to_the_files(room):
    room.write("first.yaml", f"name: «»\nchecks:\n  - {ONE}\n")
    room.write("«».yaml", f"name: «»\nchecks:\n  - {ONE}\n")
    assert list(room.items("", "first.yaml", "«».yaml")) == ["", "first:", "first:one", "2:", "2:one"]


def test_mistakes_of_all_files_are_told_at_once(room):
    room.write("part.yaml", "name: part\nchecks:\n  - {name: Bad, acme.healthy: {hots: x}}\n")
    write(room, "a", "titel: x", "  - {name: Part, include: part.yaml}\n")
    write(room, "b", "title: x", "  - {name: Bad, acme.healthy: {}, ownr: x}\n  - {name: Part, include: part.yaml}\n")
    assert room.told("", "a.yaml", "missing-profile.yaml", "b.yaml") == [
        "missing-profile.yaml: no such file",
        "a.yaml:2:1: unknown key 'titel' of a profile, did you mean 'title'?",
        "b.yaml:4:35: unknown key 'ownr' of a check, did you mean 'owner'?",
        "part.yaml:3:32: unknown setting of acme.healthy 'hots', did you mean 'host'?",
    ]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("name: $(env:GONOGO_NOT_SET)", ["1:7: environment variable GONOGO_NOT_SET is not set"]),
        ("name:", ["1:1: name has no value"]),
        ("title: x", ["1:1: the profile has no name"]),
        ("name: p\ntitle: [x]\ndescription: {a: b}", ["2:8: title is a list, expected text", "3:14: description is a mapping, expected text"]),
        ("name: p\nsubject: {name: [a], version: $(secret:X)}", ["2:17: subject.name is a list, expected text", "2:31: subject.version cannot hold a secret or a reading"]),
        ("name: p\ndeadline: 0s", ["2:11: deadline is zero: nothing could run"]),
        ("name: p\ndeadline: [$(secret:X)]\nconcurrency: x", ["2:11: deadline cannot rest on a secret or a reading", "3:14: concurrency is 'x', expected a whole number from 1 to 10000"]),
        ("name: p\nconcurrency: {total: 0, per: 3}", ["2:22: total is '0', expected a whole number from 1 to 10000", "2:25: unknown key of concurrency 'per'; known: per_target, total"]),
        ("name: p\nvars: [a]", ["2:7: vars is not a mapping"]),
        ("name: p\nrequire: {a: b}", ["2:10: require is a mapping, expected text"]),
        ("name: p\nwhen: x", ["2:7: when is not a mapping of variables to limits, as {cdn_url: {exists: true}}"]),
    ],
)  # fmt: skip
def test_mistakes_of_a_head(room, head, told):
    assert room.told(f"{head}\nchecks:\n  - {ONE}\n") == told


def test_a_head_may_be_made_of_variables(room):
    plan = room.bind(
        f"""
        name: p
        vars: {{env: staging, wait: 10m, total: 7, all: {{name: shop}}, none: }}
        title: Shop in $(env)
        description: |
          One line
          and another.
        deadline: $(wait)
        concurrency: $(total)
        subject: {{name: $(env), version: $(none), empty: }}
        checks:
          - {ONE}
          - {{name: Two, acme.healthy: {{body: $(all)}}}}
        """,
        demanded=False,
    ).plan
    assert (plan.title, plan.description, plan.deadline, plan.concurrency) == (
        "Shop in staging",
        "One line\nand another.\n",
        600.0,
        7,
    )
    assert plan.subject == {"name": "staging", "version": ""}
    unknown = f"name: p\nvars: {{none: }}\ndeadline: $(none)\nconcurrency: {{total: $(none)}}\nchecks:\n  - {ONE}\n"
    plan = room.bind(unknown, demanded=False).plan
    assert (plan.deadline, plan.concurrency) == (None, 50)
    assert room.bind(f"name: p\nvars: {{s: {{name: x}}}}\nsubject: $(s)\nchecks:\n  - {ONE}\n").plan.subject == {
        "name": "x"
    }


def test_texts_are_shown_on_one_line_and_as_they_are(room):
    plan = room.bind(f'name: "a\\n b\\u001b[31m\\u202ec"\nowner: "x\\ty"\nchecks:\n  - {ONE}\n').plan
    assert (plan.name, plan.steps[0].owner) == ("a b�[31m�c", "x y")
