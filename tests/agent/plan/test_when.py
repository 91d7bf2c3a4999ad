"""`when`: whether something applies, from variables alone; nothing that nobody can tell takes a check out."""

import pytest


def when(condition: str, variables: str) -> str:
    return f"name: p\nvars:\n{variables}\nchecks:\n  - {{name: One, when: {condition}, acme.healthy: {{}}}}\n"


@pytest.mark.parametrize(
    ("value", "condition", "reason"),
    [
        ("production", "production", ""),
        ("staging", "production", "v is 'staging', expected production"),
        ("staging", "[production, staging]", ""),
        ("staging", "{not: {equals: staging}}", "v is 'staging', expected not staging"),
        ("true", "true", ""),
        ("'true'", "true", ""),
        ("false", "true", "v is 'false', expected true"),
        ("3", "{min: 2, max: 4}", ""),
        ("5", "{min: 2, max: 4}", "v is '5', expected at most 4"),
        ("1.10", "1.1", "v is '1.10', expected 1.1"),
        ("''", "{matches: .}", "v is '', expected to match '.'"),
        ("x", "{matches: .}", ""),
        ("", "{exists: true}", "v is absent, expected to be present"),
        ("", "{exists: false}", ""),
        ("", "x", "v is absent, expected x"),
        ("", "{not: {equals: x}}", "v is absent, expected not x"),
        ("[eu, us]", "{contains: eu}", ""),
        ("[us]", "{contains: eu}", "v is ['us'], expected to contain eu"),
        ("[]", "{contains: eu}", "v is [], expected to contain eu"),
        ("[]", "{exists: true}", "v is an empty list, expected to be present"),
        ("[]", "{min: 1}", "v is an empty list, expected at least 1"),
        ("[1, 2]", "{min: 2}", "v is 1, expected at least 2"),
        ("{a: b}", "{contains: a}", ""),
    ],
)
def test_a_condition_holds_or_says_why_not(room, value, condition, reason):
    step = room.step(when(f"{{v: {condition}}}", f"  v: {value}"))
    assert (step.skipped, step.ready is None) == (reason, bool(reason))


def test_all_conditions_must_hold(room):
    variables = "  a: 1\n  b: 2\n  c: 3"
    assert room.step(when("{a: 1, b: 2, c: 3}", variables)).skipped == ""
    assert room.step(when("{a: 1, b: 3, c: 4}", variables)).skipped == "b is '2', expected 3; c is '3', expected 4"


def test_a_limit_may_be_a_variable(room):
    assert room.step(when("{v: $(w), w: {exists: true}}", "  v: a.b\n  w: a.b")).skipped == ""
    assert room.step(when("{v: {matches: ^$(w)$}, w: {exists: true}}", "  v: axb\n  w: a.b")).skipped == (
        "v is 'axb', expected to match '^a\\\\.b$'"
    )


@pytest.mark.parametrize(
    ("value", "condition", "message"),
    [
        ("three", "{min: 2}", "variable 'v' is 'three', which has no size to compare"),
        ("[2, three]", "{min: 2}", "variable 'v' is 'three', which has no size to compare"),
        ("{a: b}", "x", "variable 'v' is {a: 'b'}, which cannot be compared with 'x'"),
        ("[x]", "x", "variable 'v' is ['x'], which cannot be compared with x"),
        ("x", "{equals: [x]}", "variable 'v' is 'x', which cannot be compared with [x]"),
        ("{a: b}", "{matches: a}", "variable 'v' is {a: 'b'}, which is no text to match"),
    ],
)
def test_what_nobody_can_tell_is_a_mistake_and_takes_nothing_out_of_the_count(room, value, condition, message):
    assert room.told(when(f"{{v: {condition}}}", f"  v: {value}")) == [f"5:24: {message}"]


def test_a_pattern_that_takes_too_long_stops_everything(room):
    profile = when("{v: {matches: '(?e)(?:abcdefghij){e<=9}'}}", "  v: " + "x" * 100_000)
    for number in range(50):
        condition = f"{{v: {{matches: '(?e)(?:abcdefghi{number}){{e<=9}}'}}}}"
        profile += f"  - {{name: More {number}, when: {condition}, acme.healthy: {{}}}}\n"
    (message,) = room.told(profile)
    assert message.endswith("(100002 characters), for which the pattern took too long")


def test_a_condition_that_rests_on_a_value_that_nobody_gave(room):
    profile = when("{v: {matches: x}}", "  v: http://$(host)\n  host:")
    assert room.told(profile) == [
        "3:13: variable 'host' has no value: give it with --var host=…, GONOGO_VAR_HOST or --vars-file"
    ]
    assert room.step(profile, demanded=False).skipped == ""
    profile = when("{v: $(host)}", "  v: x\n  host:")
    assert room.step(profile, demanded=False).skipped == ""


def test_every_condition_on_the_way_must_hold(room):
    items = room.items(
        """
        name: p
        vars: {a: 1, b: 2}
        when: {a: {min: 1}}
        checks:
          - name: All
            when: {b: 3}
            checks:
              - {name: One, acme.healthy: {}}
              - {name: Two, when: {a: 2}, acme.healthy: {}}
          - {name: Three, when: {a: 2}, acme.healthy: {}}
          - {name: Four, acme.healthy: {}}
        """
    )
    assert {address: item.skipped for address, item in items.items() if item.skipped} == {
        "all": "b is '2', expected 3",
        "all/one": "b is '2', expected 3",
        "all/two": "b is '2', expected 3",
        "three": "a is '1', expected 2",
    }


def test_a_profile_that_does_not_apply_checks_nothing(room):
    items = room.items("name: p\nvars: {on: false}\nwhen: {on: true}\nchecks:\n  - {name: One, acme.healthy: {}}\n")
    assert [item.skipped for item in items.values()] == ["on is 'false', expected true"] * 2


class TestWhatDoesNotApply:
    """Nothing in it needs a value, and no value in it needs to fit."""

    HEAD = "name: p\nvars:\n  on: false\n  url: ''\n  none:\n  port: 70000\n  list: [a]\n"

    def one(self, keys: str, head: str = "") -> str:
        used = "  - {name: Use, acme.healthy: {body: [$(url), $(port), $(list)]}}\n"
        return (
            f"{self.HEAD}{head}checks:\n{used}  - {{name: One, when: {{on: true, none: {{exists: true}}}}, {keys}}}\n"
        )

    @pytest.mark.parametrize(
        "keys",
        [
            "acme.thing: {port: $(port), host: $(none)}, expect: {ok: $(none)}",
            "acme.thing: {even: 'x$(url)'}, expect: {count: {max: $(url)}}",
            "acme.thing: {words: $(url), regex: {a: '($(url)'}}, expect: {state: {matches: '($(none)'}}",
            "acme.healthy: {}, timeout: $(port)x, retry: {attempts: $(url)}",
            "acme.healthy: {host: $(env:GONOGO_NOT_SET), even: '$(file:nothing)'}",
            "acme.healthy: {}, expect: $(none)",
            "acme.healthy: {}, owner: $(none), tags: [$(none)], refs: $(none), severity: $(none)",
        ],
    )
    def test_no_value_needs_to_fit(self, room, keys):
        step = room.items(self.one(keys))["one"]
        assert (step.skipped, step.ready) == (
            "on is 'false', expected true; none is absent, expected to be present",
            None,
        )

    def test_names_tell_what_is_known(self, room):
        step = room.items(self.one("id: one, acme.healthy: {}").replace("name: One", "name: One day of $(port)"))["one"]
        assert step.name == "One day of 70000"

    def test_a_name_that_rests_on_nothing_is_the_id(self, room):
        assert (
            room.items(self.one("id: one, acme.healthy: {}").replace("name: One", "name: One $(none)"))["one"].name
            == "one"
        )

    def test_what_is_wrong_whatever_the_values_is_told(self, room):
        keys = "acme.thing: {prt: 1, host: $(no), even: abc, words: ['$(none)']}, expect: {okay: true, state: {matches: '('}}, timeout: x"
        assert room.told(self.one(keys)) == [
            "10:70: unknown setting of acme.thing 'prt', did you mean 'port'?",
            "10:84: variable 'no' is not declared, did you mean 'none'?",
            "10:97: even: has an odd number of letters",
            "10:132: acme.thing has no metric 'okay', did you mean 'ok'?",
            "10:161: 'matches' is not a regular expression: missing ) at position 1",
            "10:177: timeout: 'x' is not a time such as 500ms, 1h30m or 30d",
        ]

    def test_defaults_that_only_it_uses_need_no_value(self, room):
        used = "name: p\nvars: {on: false, none: }\ndefaults: {acme: {host: $(none)}, timeout: $(none)}\nchecks:\n"
        used += "  - {name: One, when: {on: true}, acme.healthy: {}}\n"
        assert room.step(used).ready is None
        assert room.told(used + "  - {name: Two, acme.healthy: {}}\n") == [
            "3:25: variable 'none' has no value: give it with --var none=…, GONOGO_VAR_NONE or --vars-file",
            "3:44: variable 'none' has no value: give it with --var none=…, GONOGO_VAR_NONE or --vars-file",
        ]
