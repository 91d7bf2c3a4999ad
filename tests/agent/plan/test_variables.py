"""Variables: where they come from, what they rest on, and how much they may become."""

import pytest


def used(*variables: str, host: str = "$(a)") -> str:
    return (
        "name: p\nvars:\n"
        + "".join(f"  {line}\n" for line in variables)
        + f"checks:\n  - {{name: One, acme.healthy: {{body: {host}}}}}\n"
    )


def body(room, profile: str, **asked):
    return room.step(profile, **asked).ready.body


def test_the_later_source_wins(room):
    room.write("one.yaml", "a: of one file\n")
    room.write("two.yaml", "a: of another\n")
    files = (room.folder / "one.yaml", room.folder / "two.yaml")
    profile = used("a: of the profile")
    assert body(room, profile) == "of the profile"
    assert body(room, profile, files=files[:1]) == "of one file"
    assert body(room, profile, files=files) == "of another"
    assert body(room, profile, files=files, environment={"GONOGO_VAR_A": "of the environment"}) == "of the environment"
    given = {"files": files, "environment": {"GONOGO_VAR_A": "x"}}
    assert body(room, profile, options=("a=of an option",), **given) == "of an option"
    assert body(room, profile, options=("a=first", "a=last=x"), **given) == "last=x"


def test_a_name_with_a_dash_has_an_environment_variable_too(room):
    assert (
        body(room, used("a-b_c: x", host="$(a-b_c)"), environment={"GONOGO_VAR_A_B_C": "y", "GONOGO_VAR_OTHER": "z"})
        == "y"
    )


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("a:", "5", 5),
        ("a: 1", "5", 5),
        ("a: '1'", "5", "5"),
        ("a: 1", "true", True),
        ("a: '1'", "true", "true"),
        ("a: [1]", "5", 5),
        ("a: x", "", ""),
        ("a: x", "$(b)", "$(b)"),
        ("a: x", "$$(b)", "$$(b)"),
        ("a: x", "[1, 2]", "[1, 2]"),
    ],
)
def test_what_the_shell_gives_stands_where_the_variable_is_declared(room, declared, given, value):
    assert body(room, used(declared), options=(f"a={given}",)) == value
    assert body(room, used(declared), environment={"GONOGO_VAR_A": given}) == value


def test_an_empty_option_is_no_value_where_none_is_declared(room):
    assert room.told(used("a:"), options=("a=",)) == [
        "5:38: variable 'a' has no value: give it with --var a=…, GONOGO_VAR_A or --vars-file"
    ]


def test_what_the_shell_gives_must_be_text(room):
    assert room.told(used("a:"), options=("a=\udcff",)) == ["--var a is not UTF-8"]
    assert room.told(used("a:"), environment={"GONOGO_VAR_A": "\udcff"}) == ["GONOGO_VAR_A is not UTF-8"]


def test_a_file_of_variables_uses_variables_and_is_told_at_its_place(room):
    path = room.write("vars.yaml", "a: {b: [$(c), $(file:x.txt)]}\nc: $(d)\n")
    room.write("x.txt", "5\n")
    assert body(room, used("a:", "c:", "d: 7", host="[$(a), $(c), $(d)]"), files=(path,)) == [{"b": [7, "5"]}, 7, 7]
    room.write("vars.yaml", "a: $(e)\nb: 1\nc: $(x\n")
    assert room.told(used("a:", "c: x", host="[$(a), $(c)]"), files=(path,)) == [
        "vars.yaml:1:4: variable 'e' is not declared; known: a, c",
        "vars.yaml:2:1: the profile declares no variable 'b'; known: a, c",
        "vars.yaml:3:4: '$(' is not closed; write '$$(' for the text '$('",
    ]


def test_an_option_without_a_value_is_told(room):
    assert room.told(used("a: x"), options=("a", "b=c")) == [
        "--var a: write it as --var name=value", "--var b: the profile declares no such variable; known: a",
    ]  # fmt: skip


def test_a_file_that_is_none_is_told_once(room):
    assert room.told(used("a: x"), files=(room.folder / "nothing.yaml",))[0].endswith("nothing.yaml: no such file")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (["a: x$(a)"], ["3:7: variables go in a circle: a -> a"]),
        (["a: $(b)", "b: [$(c)]", "c: {d: $(b)}"], ["5:10: variables go in a circle: b -> c -> b"]),
        (["a: $(b)$(c)", "b: $(a)", "c: $(a)"], ["4:6: variables go in a circle: a -> b -> a"]),
    ],
)  # fmt: skip
def test_a_circle_is_told(room, variables, told):
    assert room.told(used(*variables)) == told


def test_the_text_itself_is_no_circle(room):
    assert body(room, used("a: $$(a) $$$$(b)", "b: x", host="[$(a), $(b)]")) == ["$(a) $$$(b)", "x"]


def test_a_chain_may_be_long(room):
    lines = [f"v{number}: $(v{number + 1})" for number in range(5000)]
    assert body(room, used("a: $(v0)", *lines, "v5000: end")) == "end"


def test_a_chain_in_whatever_order(room):
    lines = [f"v{number}: [$(v{number - 1})]" for number in range(30, 0, -1)]
    profile = used("a: $(v30)", *lines, "v0: end")
    found = body(room, profile)
    for _ in range(30):
        (found,) = found
    assert found == "end"


def test_a_value_has_an_end_to_its_depth(room):
    lines = [f"v{number}: [$(v{number - 1})]" for number in range(1, 60)]
    assert room.told(used("a: $(v59)", *lines, "v0: end")) == ["43:3: variable 'v40' is nested deeper than 40 levels"]


def test_doubling_is_no_bomb(room):
    lists = [f"v{number}: [$(v{number - 1}), $(v{number - 1})]" for number in range(1, 39)]
    assert room.told(used("a: $(v38)", *lists, "v0: end")) == ["21:17: substitution makes more than 1,000,000 values"]
    texts = [f"v{number}: $(v{number - 1})$(v{number - 1})" for number in range(1, 60)]
    assert room.told(used("a: $(v59)", *texts, "v0: end")) == [
        "22:8: substitution makes a text of more than 1,048,576 characters"
    ]
    mappings = [f"v{number}: {{a: $(v{number - 1}), b: $(v{number - 1})}}" for number in range(1, 39)]
    (message,) = room.told(used("a: $(v38)", *mappings, "v0: end"))
    assert message.endswith("substitution makes more than 1,000,000 values")


def test_many_long_texts_are_a_bomb_too(room):
    text = "x" * 500_000
    elements = "".join(f"  - {{name: N{number}, acme.healthy: {{host: 'y$(a)'}}}}\n" for number in range(300))
    (message,) = room.told(f"name: p\nvars: {{a: {text}}}\nchecks:\n{elements}")
    assert message.endswith("substitution makes more than 1,000,000 values")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (["item: x"], ["3:3: 'item' is what 'each' calls its own: name the variable otherwise"]),
        (["1a: x"], ["3:3: '1a' is no name for a variable: letters, digits, '-' and '_', no digit first"]),
        (["a: $(item)"], ["3:6: $(item) stands outside of 'each'"]),
        (["b: x", "a: $(env:GONOGO_NOT_SET)-$(file:nothing)"],
         ["3:3: variable 'b' is never used", "4:6: environment variable GONOGO_NOT_SET is not set", "4:28: $(file:nothing): nothing: no such file"]),
    ],
)  # fmt: skip
def test_variables_that_cannot_be(room, variables, told):
    profile = used(*variables, host="$(a)" if any("a:" in line[:2] for line in variables) else "x")
    assert room.told(profile) == told


def test_what_rests_on_nothing_is_told_once_where_it_rests_on_it(room):
    profile = (
        used("a: http://$(host)/$(path)", "host:", "path: x")
        + "  - {name: Two, acme.healthy: {host: $(a), even: $(host)}}\n"
    )
    ways = "give it with --var host=…, GONOGO_VAR_HOST or --vars-file"
    assert room.told(profile) == [
        f"3:13: variable 'host' has no value: {ways}",
        f"8:50: variable 'host' has no value: {ways}",
    ]
    assert room.bind(profile, demanded=False).plan.steps[0].ready is None


def test_a_use_that_a_comment_or_a_removed_line_makes_is_none(room):
    assert room.told(used("a: x", "b: y") + "  # $(b)\n") == ["4:3: variable 'b' is never used"]


def test_nothing_in_a_profile_is_ever_evaluated(room):
    nasty = [
        "__import__('os').system('touch pwned')",
        "${{7*7}}",
        "{{7*7}}",
        "`touch pwned`",
        "%(a)s",
        "{a.__class__}",
        "!!python/object:x",
    ]
    lines = "".join(f"    - '{text.replace(chr(39), chr(39) * 2)}'\n" for text in nasty)
    profile = f"name: p\nvars:\n  a:\n{lines}checks:\n  - {{name: One, acme.healthy: {{words: $(a), body: $(a)}}}}\n"
    step = room.step(profile)
    assert (step.ready.words, step.ready.body) == (nasty, nasty)
    assert [path.name for path in room.folder.iterdir()] == ["p.yaml"]
