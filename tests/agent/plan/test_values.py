"""`$(…)` put in: what keeps its type, what is escaped, what only the run learns, and where it means nothing."""

import pytest

from agent.node import Late, Measured, Secret

BODY = "{host: a, body: %s}"


def thing(settings: str, head: str = "", more: str = "") -> str:
    return f"name: p\n{head}\nchecks:\n  - name: One\n    acme.thing: {settings}\n    expect: {{ok: true}}\n{more}"


@pytest.mark.parametrize(
    ("variables", "written", "data"),
    [
        pytest.param("{a: x}", "$(a)", "x", id="text"),
        pytest.param("{a: 5}", "$(a)", 5, id="a number keeps its type"),
        pytest.param("{a: '5'}", "$(a)", "5", id="a number in quotes is text"),
        pytest.param("{a: 5}", "'$(a)'", 5, id="quotes around the substitution change nothing"),
        pytest.param("{a: true}", "$(a)", True, id="a bool keeps its type"),
        pytest.param("{a: null}", "[$(a)]", [None], id="null keeps its type"),
        pytest.param("{a: [1, x]}", "$(a)", [1, "x"], id="a list"),
        pytest.param("{a: {b: [1]}}", "$(a)", {"b": [1]}, id="a mapping"),
        pytest.param("{a: 5}", "v$(a)", "v5", id="in a text it is text"),
        pytest.param("{a: 5}", "1$(a)", "15", id="a text of digits is text"),
        pytest.param("{a: tr, b: ue}", "$(a)$(b)", "true", id="a text that looks like a bool is text"),
        pytest.param("{a: ''}", "x$(a)y", "xy", id="empty text"),
        pytest.param("{a: $(b), b: [$(c)], c: 5}", "$(a)", [5], id="variables of variables"),
        pytest.param("{a: '$$(b)'}", "$(a)", "$(b)", id="what is put in is not read again"),
        pytest.param("{a: '$$(b)'}", "x$(a)", "x$(b)", id="nor inside a text"),
        pytest.param("{a: '$$(a)'}", "$(a)", "$(a)", id="and is no circle"),
        pytest.param("{a: x}", "'$$(a) $(a)'", "$(a) x", id="the text itself"),
        pytest.param("{a: x}", "{b: [$(a)], $: $(a)}", {"b": ["x"], "$": "x"}, id="deep inside"),
    ],
)
def test_a_variable_is_put_in(room, variables, written, data):
    step = room.step(thing(BODY % written, f"vars: {variables}"))
    assert step.ready.body == data


def test_the_environment_and_files_are_text(room, monkeypatch):
    monkeypatch.setenv("GONOGO_TEST", "5")
    room.write("five.txt", "5\n")
    room.write("two-lines.txt", "a\r\n\r\n")
    settings = "{body: ['$(env:GONOGO_TEST)', '$(file:five.txt)', '$(file:two-lines.txt)', 'x$(file:five.txt)']}"
    assert room.step(thing(settings)).ready.body == ["5", "5", "a\r\n", "x5"]


def test_a_file_stands_beside_the_file_that_names_it(room):
    room.write("inner/five.txt", "5\n")
    room.write("vars/six.txt", "6\n")
    room.write("vars/more.yaml", "six: $(file:six.txt)\n")
    room.write("inner/part.yaml", "name: part\nchecks:\n  - {name: One, acme.healthy: {host: '$(file:five.txt)'}}\n")
    room.write(
        "inner/base.yaml", "name: base\nchecks:\n  - {name: Two, id: two, acme.healthy: {host: '$(file:five.txt)'}}\n"
    )
    items = room.items(
        """
        name: p
        extends: inner/base.yaml
        vars: {six: x}
        checks:
          - {name: Part, include: inner/part.yaml}
          - {name: Six, acme.healthy: {host: $(six)}}
        """,
        files=(room.folder / "vars/more.yaml",),
    )
    assert [step.ready.host for address, step in items.items() if address in ("part/one", "two", "six")] == [
        "5",
        "5",
        "6",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$(file:no.txt)", "$(file:no.txt): no.txt: no such file"),
        ("$(file:folder)", "$(file:folder): folder: is a directory, expected a file"),
        ("$(file:latin.txt)", "$(file:latin.txt): latin.txt: is not UTF-8"),
        ("$(file:huge.txt)", "$(file:huge.txt): huge.txt: has more than 1,048,576 characters"),
        ("$(file:/dev/zero)", "$(file:/dev/zero): /dev/zero: is not a regular file"),
        ("$(env:GONOGO_LATIN)", "environment variable GONOGO_LATIN is not UTF-8"),
        ("$(env:GONOGO_NOT_SET)", "environment variable GONOGO_NOT_SET is not set"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(room, monkeypatch, text, message):
    monkeypatch.setenv("GONOGO_LATIN", "gr\udcfcn")
    (room.folder / "folder").mkdir()
    (room.folder / "latin.txt").write_bytes(b"gr\xfcn")
    (room.folder / "huge.txt").write_text("x" * (2**20 + 1))
    assert room.told(thing(f"{{host: 'x {text}'}}")) == [f"5:27: {message}"]


PATTERN = "a.b+c"


@pytest.mark.parametrize(
    ("expect", "text"),
    [
        pytest.param("{state: {matches: ^v$(v)$}}", r"'^va\\.b\\+c$'", id="matches"),
        pytest.param("{state: {matches: $(v)}}", r"'a\\.b\\+c'", id="matches alone"),
        pytest.param("{state: {not: {matches: $(v)}}}", r"to match 'a\\.b\\+c'", id="not matches"),
        pytest.param("{state: $(v)}", "a.b+c", id="equals"),
        pytest.param("{state: {contains: $(v)}}", "a.b+c", id="contains"),
    ],
)
def test_in_a_pattern_a_value_stands_for_itself(room, expect, text):
    step = room.step(
        f"name: p\nvars: {{v: {PATTERN}}}\nchecks:\n  - {{name: One, acme.thing: {{}}, expect: {expect}}}\n"
    )
    assert step.limits[0].tests[0].text == text


def test_a_reading_that_is_called_matches_is_no_pattern(room):
    step = room.step(
        """
        name: p
        vars: {v: a.b}
        checks:
          - name: One
            acme.thing: {json: {matches: x, regex: y}}
            expect: {matches: $(v), regex: {equals: $(v)}}
        """
    )
    assert [limit.tests[0].text for limit in step.limits] == ["a.b", "a.b"]


def test_regular_expressions_of_a_kind_are_patterns_and_its_data_is_none(room):
    settings = room.settings(
        thing("{regex: {pid: 'pid $(v) (.*)'}, body: {regex: $(v), matches: $(v)}}", "vars: {v: a.b}")
    )
    assert settings == {"regex": {"pid": r"pid a\.b (.*)"}, "body": {"regex": "a.b", "matches": "a.b"}}


def test_a_pattern_inside_a_variable_is_one(room):
    step = room.step(
        """
        name: p
        vars: {v: a.b, limit: {matches: ^$(v)$}}
        checks:
          - {name: One, acme.thing: {}, expect: {state: $(limit)}}
        """
    )
    assert step.limits[0].tests[0].text == r"'^a\\.b$'"


def test_all_limits_may_come_from_a_variable(room):
    step = room.step(
        """
        name: p
        vars: {limits: {state: up, count: {min: 2}}}
        checks:
          - {name: One, acme.thing: {}, expect: $(limits)}
        """
    )
    assert [str(limit) for limit in step.limits] == ["state: up", "count: at least 2"]


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ("{host: $(secret:HOST)}", (Secret("HOST"),)),
        ("{host: 'a $(secret:HOST) b'}", ("a ", Secret("HOST"), " b")),
        ("{host: $(token)}", ("Bearer ", Secret("TOKEN"))),
        ("{host: 'x$(token)'}", ("x", "Bearer ", Secret("TOKEN"))),
        ("{host: $(two.state)}", (Measured("two", "state"),)),
        ("{host: '$(two.state)$(secret:HOST)'}", (Measured("two", "state"), Secret("HOST"))),
    ],
)
def test_what_only_the_run_learns_stays(room, settings, parts):
    head = "vars: {token: 'Bearer $(secret:TOKEN)'}"
    more = "  - {name: Two, acme.healthy: {host: $(token)}}\n"
    step = room.items(thing(settings, head, more))["one"]
    late = step.settings.get("host")
    assert (late.parts, step.ready) == (parts, None)


def test_what_only_the_run_learns_is_escaped_in_a_pattern(room):
    step = room.items(
        """
        name: p
        vars: {v: 'v.$(secret:V)'}
        checks:
          - name: One
            acme.thing: {regex: {pid: 'a.$(secret:S)'}}
            expect: {state: {matches: '^$(v) $(two.state)$'}}
          - {name: Two, acme.healthy: {}}
        """
    )["one"]
    assert step.settings.get("regex").get("pid").parts == ("a.", Secret("S", escaped=True))
    (late,) = step.late_limits
    assert late.written.get("matches").parts == (
        "^", r"v\.", Secret("V", escaped=True), " ", Measured("two", "state", escaped=True), "$",
    )  # fmt: skip


def test_a_secret_that_is_not_there_is_no_mistake_of_the_profile(room):
    assert room.step(thing("{host: $(secret:GONOGO_NO_SUCH_SECRET)}")).ready is None


def test_a_late_value_is_in_no_plan_with_its_value(room, monkeypatch):
    monkeypatch.setenv("HOST", "s3cr3t")
    assert room.settings(thing("{host: 'x$(secret:HOST)', body: [$(secret:HOST)]}")) == {
        "host": "x$(secret:HOST)",
        "body": ["$(secret:HOST)"],
    }


def test_mistakes_inside_texts_are_told_once_each(room):
    assert room.told(thing("{host: '$(a) $(b', body: ['$()', $(c), x$(d)]}", "vars: {c: [1], d: {e: f}}")) == [
        "5:30: '$(' is not closed; write '$$(' for the text '$('",
        "5:44: '$()' is no substitution: there are $(variable), $(item), $(key), $(check.metric), $(env:NAME), "
        "$(file:PATH) and $(secret:NAME); write '$$(' for the text '$('",
        "5:57: $(d) is a mapping, which cannot stand inside a text",
    ]


def test_a_value_keeps_no_place_of_its_own(room):
    """A mistake in a value shows where the value is used."""
    assert room.told(thing("{port: $(port), words: $(words)}", "vars: {port: 70000, words: [{a: b}]}")) == [
        "5:24: port is '70000', expected a whole number from 1 to 65535",
        "5:40: words[0] is a mapping, expected text",
    ]


def test_late_parts_of_values_get_their_place_too(room):
    step = room.step(thing("{body: $(body)}", "vars: {body: {a: $(secret:X)}}"))
    inside = step.settings.get("body").get("a")
    assert isinstance(inside, Late)
    assert (inside.mark.line, inside.mark.column) == (5, 24)
