"""Other people's files: every form that YAML has, and what is refused."""

import pytest

from agent.drafts.written import Written, documents, entries_of, items_of, text_of
from agent.problem import ProfileError


def plain(place):
    """Give what was read without its places."""
    if isinstance(place.value, list):
        return [plain(each) for each in place.value]
    if isinstance(place.value, dict):
        return {key: plain(each) for key, each in place.value.items()}
    return place.value


def read(text):
    return [plain(document) for document in documents("x.yaml", text.encode(), "'tool render'")]


def refused(text):
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ProfileError) as caught:
        documents("x.yaml", data, "'tool render'")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            "a: 22:22\nb: on\nc: 010\nd: 1e3\n", [{"a": "22:22", "b": "on", "c": "010", "d": "1e3"}], id="text"
        ),
        pytest.param(
            "a:\nb: ~\nc: null\nd: 'null'\ne: ''\n",
            [{"a": None, "b": None, "c": None, "d": "null", "e": ""}],
            id="nothing",
        ),
        pytest.param("a: 1\n---\n---\n# nothing\n---\n[b, {c: d}]\n", [{"a": "1"}, ["b", {"c": "d"}]], id="documents"),
        pytest.param("", [], id="empty"),
        pytest.param('{"a": ["\\u00e9", 1, true, null]}', [{"a": ["é", "1", "true", None]}], id="json"),
        pytest.param("a: !!str 5\nb: !!int '5'\n", [{"a": "5", "b": "5"}], id="standard tags"),
        pytest.param("%YAML 1.2\n---\na: b\n", [{"a": "b"}], id="directive"),
        pytest.param(
            "a: &x [1]\nb: *x\nc: &y 2\nd: *y\n", [{"a": ["1"], "b": ["1"], "c": "2", "d": "2"}], id="aliases"
        ),
        pytest.param(
            "a: &x {k: 1, l: 1}\nb: &y {l: 2, m: 2}\nc: {<<: *x, l: 3}\nd: {<<: [*x, *y], n: 4}\n",
            [
                {
                    "a": {"k": "1", "l": "1"},
                    "b": {"l": "2", "m": "2"},
                    "c": {"k": "1", "l": "3"},
                    "d": {"k": "1", "l": "1", "m": "2", "n": "4"},
                }
            ],
            id="merges",
        ),
        pytest.param("? \n: a\n", [{"": "a"}], id="no key"),
    ],
)
def test_files_are_read_as_text(text, found):
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: b: c\n", "x.yaml:1:5: is no YAML: mapping values are not allowed in this context", id="yaml"),
        pytest.param(
            "a: {{ .Values.x }}: b\n",
            "x.yaml:1:5: a key is a mapping, expected text; "
            "if this is a template, draft from what 'tool render' prints",
            id="template",
        ),
        pytest.param(
            "{% for x in y %}\na: b\n",
            "x.yaml:1:2: is no YAML, and looks like a template: draft from what 'tool render' prints",
            id="jinja",
        ),
        pytest.param(
            "a: !reset []\n",
            "x.yaml:1:4: the tag '!reset' means nothing here: draft from what 'tool render' prints",
            id="tag",
        ),
        pytest.param(
            "a: !!python/object/apply:os.system [x]\n",
            "x.yaml:1:4: the tag 'tag:yaml.org,2002:python/object/apply:o…' means nothing here: "
            "draft from what 'tool render' prints",
            id="object",
        ),
        pytest.param("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: key 'a' is there twice", id="key twice"),
        pytest.param(
            "[a]: b\n",
            "x.yaml:1:1: a key is a list, expected text; if this is a template, draft from what 'tool render' prints",
            id="list for key",
        ),
        pytest.param("a: {<<: [1]}\n", "x.yaml:1:10: what '<<' merges is text, expected a mapping", id="merge of text"),
        pytest.param("a: *x\n", "x.yaml:1:4: alias '*x' has no anchor before it", id="alias"),
        pytest.param("a: &x [*x]\n", "x.yaml:1:8: alias '*x' has no anchor before it", id="alias in itself"),
        pytest.param(
            "a: &x 1\n---\nb: *x\n", "x.yaml:3:4: alias '*x' has no anchor before it", id="alias of another document"
        ),
        pytest.param("[" * 101 + "]" * 101, "x.yaml:1:101: nested deeper than 100 levels", id="deep"),
        pytest.param("a: \x01\n", "x.yaml:1:1: is no YAML: control characters are not allowed", id="control character"),
        pytest.param(
            "a: \xe9".encode("latin-1"),
            "x.yaml:1:4: byte 0xe9 is not UTF-8; save the file as UTF-8\n    1 | a: �\n      |    ^",
            id="latin-1",
        ),
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "x.yaml:6:20: more than 500,000 values, aliases counted as often as they are used",
            id="bomb",
        ),
        pytest.param(
            "a: &a {k: v}\n"
            + "".join(
                f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 10)}]}}\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "x.yaml:7:13: more than 500,000 values, aliases counted as often as they are used",
            id="bomb of merges",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, said):
    assert refused(text) == said


@pytest.mark.parametrize(
    ("text", "give", "said"),
    [
        ("a: [b]\n", lambda place: place.text("ports"), "x.yaml:1:4: ports is a list, expected text"),
        ("a: {b: c}\n", lambda place: place.items("ports"), "x.yaml:1:4: ports is a mapping, expected a list"),
        ("a: b\n", lambda place: place.entries("ports"), "x.yaml:1:4: ports is text, expected a mapping"),
    ],
)
def test_what_has_another_form_is_told_with_its_place(text, give, said):
    (root,) = documents("x.yaml", text.encode(), "")
    with pytest.raises(ProfileError) as caught:
        give(root.get("a"))
    assert str(caught.value) == said


def test_what_is_not_there_is_nothing():
    (root,) = documents("x.yaml", b"a: {b: [c], d: }\n", "")
    assert (root.get("x"), root.at("a", "d"), root.at("a", "b", "c"), root.at("x", "y")) == (None, None, None, None)
    assert (text_of(None, "x", "y"), items_of(None, "x"), entries_of(None, "x")) == ("y", [], {})
    assert isinstance(root.at("a", "b"), Written)
    assert list(entries_of(root.get("a"), "a")) == ["b"]
