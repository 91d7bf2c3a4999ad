"""`$(…)`: what it gives, where, and with what type."""

from pathlib import Path

import pytest

from agent.node import Late, Measured, Secret


def echo(argument, extra=""):
    return f"  - {{name: Echo, exec: {{command: [echo, {argument}]}}{extra}}}"


@pytest.mark.parametrize(
    ("head", "argument", "given"),
    [
        ("vars: {a: one}", "$(a)", "one"),
        ("vars: {a: one}", "x$(a)y$(a)", "xoneyone"),
        ("vars: {a: $(b)-c, b: x}", "$(a)", "x-c"),
        ("vars: {a: 1.10}", "$(a)", "1.10"),
        ("vars: {a: x}", "$$(a) $(a)", "$(a) x"),
        ("vars: {a: ''}", "'[$(a)]'", "[]"),
    ],
)
def test_a_variable_in_a_text(head, argument, given, bound):
    assert bound(echo(argument), head=head).command("echo") == ["echo", given]


def test_a_value_that_is_one_substitution_keeps_its_type(bound):
    found = bound(
        "  - {name: Ask, http: {url: 'http://a/', method: POST, body: {list: $(l), map: $(m), n: $(n), on: $(on), text: '$(n)'}}}",
        head="vars: {l: [1, b], m: {a: 1}, n: 5, on: true}",
    )
    assert found["ask"].ready.body == {"list": [1, "b"], "map": {"a": 1}, "n": 5, "on": True, "text": 5}


def test_a_list_variable_is_a_list_setting(bound):
    found = bound(
        "  - {name: Dns, dns: {name: a.example, resolvers: $(servers)}}", head="vars: {servers: [127.0.0.1, 127.0.0.2]}"
    )
    assert found.settings("dns")["resolvers"] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize("key", ["matches", "regex"])
def test_in_a_pattern_a_value_stands_for_itself(key, bound):
    head = "vars: {v: 1.2+3}"
    if key == "matches":
        found = bound(echo("x", ", expect: {stdout: {matches: '^$(v)$'}}"), head=head)
        assert str(found["echo"].limits[1]) == r"stdout: to match '^1\\.2\\+3$'"
    else:
        found = bound("  - {name: Echo, exec: {command: [echo], regex: {it: 'v$(v)(.*)'}}}", head=head)
        assert found["echo"].ready.regex == {"it": r"v1\.2\+3(.*)"}


def test_secrets_and_readings_stay_for_the_run(bound):
    found = bound(
        "  - {name: One, exec: {command: [echo]}}\n"
        "  - {name: Two, exec: {command: [echo, 'a $(secret:S)', $(one.stdout)]}, expect: {stdout: {matches: 'x$(one.stdout)'}}}"
    )
    command = found["two"].settings.get("command")
    assert [item.parts for item in command.items[1:]] == [("a ", Secret("S")), (Measured("one", "stdout"),)]
    assert found["two"].ready is None
    late = found["two"].late_limits[0].written.get("matches")
    assert isinstance(late, Late)
    assert late.parts == ("x", Measured("one", "stdout", escaped=True))
    assert found["one"].wanted == {"stdout"}
    assert found.needs() == {"two": ("one",)}


def test_a_secret_in_a_variable_stays_a_secret(bound):
    found = bound(echo("Bearer $(token)"), head="vars: {token: $(secret:TOKEN)}")
    assert found.command("echo") == ["echo", "Bearer $(secret:TOKEN)"]


def test_files_and_environment(bound, monkeypatch):
    monkeypatch.setenv("GONOGO_TEST_PORT", "8080")
    found = bound(echo("'$(env:GONOGO_TEST_PORT) $(file:version)'"), files={"version": "1.2\r\n"})
    assert found.command("echo") == ["echo", "8080 1.2"]


def test_files_stand_beside_the_profile(bound, tmp_path):
    files = {"deep/q.yaml": "name: q\nchecks:\n  - {name: Echo, exec: {command: [echo, $(file:v)]}}\n", "deep/v": "2\n"}
    found = bound(echo("x"), files=files, paths=[Path("deep/q.yaml")])
    assert found.command("echo") == ["echo", "2"]


# ---- where values come from


def test_the_later_source_wins(bound):
    head = "vars: {a: profile, b: profile, c: profile, d: profile}"
    files = {"one.yaml": "b: file\nc: file\nd: file\n"}
    found = bound(
        echo("$(a) $(b) $(c) $(d)"),
        head=head,
        files=files,
        vars_files=[Path("one.yaml")],
        environment={"GONOGO_VAR_C": "environment", "GONOGO_VAR_D": "environment", "GONOGO_VAR_OTHER": "x"},
        var=["d=option"],
    )
    assert found.command("echo") == ["echo", "profile file environment option"]


def test_a_vars_file_gives_lists_and_uses_variables(bound):
    found = bound(
        "  - {name: Echo $(item), each: $(hosts), exec: {command: [echo, $(item), $(domain)]}}",
        head="vars: {hosts: [], domain: example.com}",
        files={"v.yaml": "hosts: [a.$(domain), b.$(domain)]\n"},
        vars_files=[Path("v.yaml")],
    )
    assert [found[address].name for address in found.addresses()[1:]] == ["Echo a.example.com", "Echo b.example.com"]


def test_an_empty_option_is_no_value_where_none_is_declared(bound, refused):
    """A pipeline whose version is empty has none."""
    assert refused(echo("'<$(a)>'"), head="vars:\n  a:", var=["a="]) == [
        "p.yaml:5:43: variable 'a' has no value: give it with --var a=…, GONOGO_VAR_A or --vars-file"
    ]
    assert bound(echo("'<$(a)>'"), head="vars: {a: x}", var=["a="]).command("echo") == ["echo", "<>"]


def test_what_the_shell_gives_is_text_in_which_nothing_is_put(bound):
    """A branch may be called `$(secret:TOKEN)`."""
    found = bound(echo("$(a)"), head="vars: {a: x}", var=["a=$(secret:TOKEN)"])
    assert found["echo"].ready.command == ("echo", "$(secret:TOKEN)")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"var": ["a"]}, "--var a: write it as --var name=value"),
        ({"var": ["versoin=1"]}, "--var versoin: the profile declares no such variable, did you mean 'version'?"),
        ({"vars_files": [Path("nope.yaml")]}, "nope.yaml: no such file, did you mean 'p.yaml'?"),
    ],
)
def test_what_is_given_wrongly_is_told(options, message, refused):
    assert message in refused(echo("$(version)"), head="vars: {version: 1}", **options)


def test_a_vars_file_with_a_name_that_nobody_declares(refused):
    found = refused(
        echo("$(version)"), head="vars: {version: 1}", files={"v.yaml": "versoin: 2\n"}, vars_files=[Path("v.yaml")]
    )
    assert found == ["v.yaml:1:1: the profile declares no variable 'versoin', did you mean 'version'?"]


def test_a_value_is_demanded_only_where_it_is_used_by_what_applies(bound, refused):
    checks = "  - {name: Off, when: {on: true}, exec: {command: [echo, $(a)]}}\n" + echo("x")
    assert bound(checks, head="vars:\n  a:\n  on: false")["off"].skipped == "on is 'false', expected true"
    assert refused(checks, head="vars:\n  a:\n  on: true") == [
        "p.yaml:6:58: variable 'a' has no value: give it with --var a=…, GONOGO_VAR_A or --vars-file"
    ]


def test_nobody_demands_values_when_a_profile_is_only_looked_at(bound):
    found = bound(echo("'v$(a)'"), head="vars:\n  a:\nsubject: {version: $(a)}", demanded=False)
    assert (found["echo"].ready, found.plan.subject) == (None, {"version": ""})
