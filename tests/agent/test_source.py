"""Files, as the operator wrote them."""

import hashlib
from pathlib import Path

import pytest
from yaml import Mark as YamlMark
from yaml import MarkedYAMLError

from agent import source
from agent.node import Entry, Mapping, Scalar, Sequence
from agent.problem import Mark, Problem, ProfileError
from agent.source import loader

LOADERS = [pytest.param(loader.c_events, id="libyaml"), pytest.param(loader.python_events, id="python")]


def scalar(text, line, column, width=None, *, plain=True):
    return Scalar(text, Mark("x.yaml", line, column, width or max(1, len(text))), plain)


def told(text, events=loader.events):
    with pytest.raises(ProfileError) as caught:
        source.parse(text, "x.yaml", events)
    return str(caught.value)


def plain(node):
    """Give a tree as data without its marks."""
    if isinstance(node, Mapping):
        return {entry.key.text: plain(entry.value) for entry in node.entries}
    return [plain(item) for item in node.items] if isinstance(node, Sequence) else node.text


def values(text):
    return plain(source.parse(text, "x.yaml").root)


@pytest.mark.parametrize("events", LOADERS)
def test_everything_remembers_its_place(events):
    text = "name: smoke\nvars:\n  version:\n  env: 'on'\nchecks:\n- {a: [b, \"c\"]}\n"
    assert source.parse(text, "x.yaml", events).root == Mapping(
        (
            Entry(scalar("name", 1, 1), scalar("smoke", 1, 7)),
            Entry(
                scalar("vars", 2, 1),
                Mapping(
                    (
                        Entry(scalar("version", 3, 3), scalar("", 3, 3, 7)),
                        Entry(scalar("env", 4, 3), scalar("on", 4, 8, 4, plain=False)),
                    ),
                    Mark("x.yaml", 3, 3, 7),
                ),
            ),
            Entry(
                scalar("checks", 5, 1),
                Sequence(
                    (
                        Mapping(
                            (
                                Entry(
                                    scalar("a", 6, 4),
                                    Sequence(
                                        (scalar("b", 6, 8), scalar("c", 6, 11, 3, plain=False)),
                                        Mark("x.yaml", 6, 7, 8),
                                    ),
                                ),
                            ),
                            Mark("x.yaml", 6, 3, 13),
                        ),
                    ),
                    Mark("x.yaml", 6, 1, 1),
                ),
            ),
        ),
        Mark("x.yaml", 1, 1, 4),
    )


@pytest.mark.parametrize(
    "text",
    [
        "1.10",
        "0012345",
        "on",
        "No",
        "2026-12-01",
        "10:30",
        "1_000",
        "0x10",
        "~",
        "null",
        ".inf",
        "1e3",
        "=",
        "-x",
        "?x",
    ],
)
@pytest.mark.parametrize("events", LOADERS)
def test_a_scalar_is_the_text_that_it_looks_like(text, events):
    assert source.parse(f"a: {text}\n", "x.yaml", events).root.get("a") == scalar(text, 1, 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: $(x)", "$(x)", id="substitution"),
        pytest.param("a: {b: $(x)}", {"b": "$(x)"}, id="substitution in braces"),
        pytest.param("a: {url: $(base)/x}", {"url": "$(base)/x"}, id="substitution with text in braces"),
        pytest.param("a: [$(x), $(y)]", ["$(x)", "$(y)"], id="substitutions in a list"),
        pytest.param("a: {p: $(secret:SHOP_TOKEN)}", {"p": "$(secret:SHOP_TOKEN)"}, id="secret in braces"),
        pytest.param("a: {url: https://x:80/?q=1&r=2#top}", {"url": "https://x:80/?q=1&r=2#top"}, id="URL in braces"),
        pytest.param('a: up{job="x"}', 'up{job="x"}', id="PromQL in a line"),
        pytest.param('a: sum(rate(x{code=~"5.."}[5m])) / 2', 'sum(rate(x{code=~"5.."}[5m])) / 2', id="more PromQL"),
        pytest.param("a: $[0-9]", "$[0-9]", id="brackets behind text"),
        pytest.param("a: 'x: y # z'", "x: y # z", id="quoted"),
        pytest.param('a: "\\u00e9\\t\\\\"', "é\t\\", id="escapes"),
        pytest.param("a: it's 5 o'clock", "it's 5 o'clock", id="apostrophes"),
        pytest.param("a: b\n  c\n\n  d", "b c\nd", id="text on several lines"),
        pytest.param("a: |\n  b: #c\n   d\n", "b: #c\n d\n", id="literal block"),
        pytest.param("a: >-\n  b\n  c\n", "b c", id="folded block"),
        pytest.param("a: |2-  # code\n    b\n", "  b", id="block with everything in its header"),
        pytest.param("a: |+\n  b\n\n", "b\n\n", id="block that keeps its end"),
        pytest.param("a: |1+\n  b\n", " b\n", id="block with a depth first"),
        pytest.param("a: >+1\n  b\n", " b\n", id="block with a sign first"),
        pytest.param("a: b # c", "b", id="comment"),
        pytest.param("a: b  #", "b", id="empty comment"),
        pytest.param("a: b #-----", "b", id="ruler"),
        pytest.param("a: b#c", "b#c", id="no comment"),
        pytest.param("a: (b # c", "(b", id="a bracket that the comment does not close"),
        pytest.param("a: # list\n  - b", ["b"], id="comment behind a key"),
        pytest.param("a: #list\n  - b", ["b"], id="glued comment behind a key with a value"),
        pytest.param("a: [b, #c\n  d]", ["b", "d"], id="comment in brackets"),
        pytest.param("a:\tb", "b", id="tab behind a colon"),
        pytest.param("a: b\t# c", "b", id="tab before a comment"),
        pytest.param("a: {b: c,\n\td: e}", {"b": "c", "d": "e"}, id="tab in braces"),
        pytest.param("a: {b: , c: }", {"b": "", "c": ""}, id="no values in braces"),
        pytest.param("a: {b: c,}", {"b": "c"}, id="comma at the end"),
        pytest.param("a: []\nb: {}", None, id="nothing in brackets"),
        pytest.param("a: [b: c]", [{"b": "c"}], id="pair in a list"),
        pytest.param("a:\n-\n- b", ["", "b"], id="empty item"),
        pytest.param("a: -b", "-b", id="dash without a space"),
        pytest.param("a: Is it? yes", "Is it? yes", id="question"),
        pytest.param("a: {b: Is it? yes}", {"b": "Is it? yes"}, id="question in braces"),
        pytest.param("a: nginx:1.25", "nginx:1.25", id="colon in text"),
        pytest.param("a:\n  nginx:1.25", "nginx:1.25", id="colon in text on its own line"),
        pytest.param('a: {"b":1}', {"b": "1"}, id="JSON"),
        pytest.param("a: café très bon\xa0!", "café très bon\xa0!", id="no-break space in text"),
        pytest.param("a: Tom & Jerry!", "Tom & Jerry!", id="ampersand in text"),
        pytest.param("a: {-v: x}", {"-v": "x"}, id="dash in a key in braces"),
        pytest.param("a: '<<'\n'<<': b", None, id="quoted merge key"),
    ],
)
@pytest.mark.parametrize("events", LOADERS)
def test_what_is_well_written_is_taken(text, value, events):
    found = plain(source.parse(text, "x.yaml", events).root)
    assert value is None or found == {"a": value}


def test_quotes_and_blocks_are_not_plain():
    root = source.parse("a: 'b'\nc: \"\"\nd: |\n  e\n", "x.yaml").root
    assert [entry.value for entry in root.entries] == [
        scalar("b", 1, 4, 3, plain=False),
        scalar("", 2, 4, 2, plain=False),
        scalar("e\n", 3, 4, 1, plain=False),
    ]


def test_an_alias_is_what_stands_at_its_anchor_and_mended_there():
    root = source.parse("a: &x {b: &y c}\nd: *x\ne: [*y]\n", "x.yaml").root
    assert root.get("d") is root.get("a")
    assert root.get("e").items == (scalar("c", 1, 11, 4),)
    assert root.get("a").mark == Mark("x.yaml", 1, 4, 12)


def test_an_anchor_can_stand_before_a_block():
    assert values("a: &x\n  b: c\nd: *x\ne: &y\n  - f\ng: *y\n") == {
        "a": {"b": "c"},
        "d": {"b": "c"},
        "e": ["f"],
        "g": ["f"],
    }


def test_an_empty_item_stands_at_its_dash():
    assert source.parse("a:\n  -\n", "x.yaml").root.get("a").items == (scalar("", 2, 4),)


def test_a_source_gives_its_lines_and_problems_in_them():
    read = source.parse("a: b\nc: d\n", "x.yaml")
    assert [read.line(number) for number in (-1, 0, 1, 2, 3)] == ["", "", "a: b", "c: d", ""]
    mark = Mark("x.yaml", 2, 4)
    assert read.problem("is d", mark) == Problem("is d", mark, "c: d")


def test_a_file_is_known_by_the_digest_of_its_bytes(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: b\r\n")
    read = source.read(path)
    assert (read.name, read.digest) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    assert read.root.get("a").text == "b"
    assert source.parse("a: b\n", "x").digest == hashlib.sha256(b"a: b\n").hexdigest()


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_may_end_as_on_any_system(end):
    read = source.parse(f"a: |{end}  b{end}  c{end}d: e{end}", "x.yaml")
    assert plain(read.root) == {"a": "b\nc\n", "d": "e"}
    assert [read.line(number) for number in range(1, 5)] == ["a: |", "  b", "  c", "d: e"]


def test_all_mistakes_before_the_end_of_yaml_are_told():
    assert told("a: 1\na: 2\nb: {c=d}\ne: [\n").splitlines()[::3] == [
        "x.yaml:2:1: key 'a' is on line 1 already",
        "x.yaml:3:5: 'c=d' is a key without a value; if what stands in {} is text, quote it",
        "x.yaml:4:4: this '[' is never closed",
    ]


def test_a_key_that_is_there_three_times_is_told_twice():
    assert told("a: 1\na: 2\na: 3\n").splitlines()[::3] == [
        "x.yaml:2:1: key 'a' is on line 1 already",
        "x.yaml:3:1: key 'a' is on line 1 already",
    ]


def test_two_keys_that_are_no_text_are_two_mistakes():
    assert told("[a]: b\n[a]: c\n").splitlines()[::3] == [
        "x.yaml:1:1: a key must be text; if this is text, quote it",
        "x.yaml:2:1: a key must be text; if this is text, quote it",
    ]


def bomb(*used):
    """Write lists of lists: `a0` is ten values, `a1` ten of those, and so on."""
    lines = [f"a0: &a0 [{', '.join('x' * 10)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join([*lines[:5], *used] if used else lines) + "\n"


TOO_MANY = "more than 1,000,000 values, aliases counted as often as they are used"


@pytest.mark.parametrize("events", LOADERS)
def test_a_bomb_of_aliases_is_not_blown_up(events):
    assert told(bomb(), events).startswith(f"x.yaml:6:45: {TOO_MANY}\n")


NEARLY = f"z: [{', '.join(['*a4'] * 7 + ['*a3'] * 8 + ['*a2'] * 8)}]"  # brings the values to 999,000


def test_each_value_counts():
    assert source.parse(bomb(NEARLY, f"y: [{'b, ' * 900}]"), "x.yaml")
    assert told(bomb(NEARLY, f"y: [{'b, ' * 1000}]")).splitlines()[0].endswith(f": {TOO_MANY}")


def test_each_key_counts():
    keys = ", ".join(f"k{n:03}: b" for n in range(600))
    assert told(bomb(NEARLY, f"y: {{{keys}}}")).splitlines()[0].endswith(f": {TOO_MANY}")


@pytest.mark.parametrize("events", LOADERS)
def test_depth_counts_through_aliases(events):
    deep = f"a: &a {'[' * 30}{']' * 30}\n"
    assert values(f"{deep}b: [[[[*a]]]]\n")
    assert told(f"{deep}b: {'[' * 10}*a{']' * 10}\n", events).startswith("x.yaml:2:14: nested deeper than 40 levels\n")


def test_forty_levels_are_enough_and_allowed():
    assert values(f"a: {'[' * 39}{']' * 39}")


def test_a_very_deep_text_does_not_exhaust_the_stack():
    assert told("a: " + "[" * 200_000).startswith("x.yaml:1:43: nested deeper than 40 levels\n")
    assert told("a: " + "{b: " * 200_000).startswith("x.yaml:1:160: nested deeper than 40 levels\n")
    assert told("\n".join(" " * n + "-" for n in range(500))).startswith("x.yaml:41:41: nested deeper than 40 levels\n")


def test_a_loader_that_refuses_what_the_other_takes_is_believed():
    def refusing(text):
        raise MarkedYAMLError(problem="found a whale", problem_mark=YamlMark("", 5, 1, 0, None, None))

    assert told("a: b\nc: d", refusing) == "x.yaml:2:1: this is no YAML: found a whale\n    2 | c: d\n      | ^"


def test_a_bad_profile_is_told_alike_by_both_loaders():
    bad = sorted((Path(__file__).parent / "bad").glob("yaml-*.yaml"))
    differing = []
    for path in bad:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if told(text, loader.c_events) != told(text, loader.python_events):
            differing.append(path.name)
    assert differing == []
    assert len(bad) > 100
