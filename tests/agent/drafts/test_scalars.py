"""Texts of other people's files come out as they went in, whatever they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import source, template
from agent.drafts.draft import Template, join, literal
from agent.drafts.scalars import comment, flow, text, word

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "a1 -:#,[]{}\"'\\$()&*!|>%@`?~.=/", max_size=12
)


def read(written):
    """Read a text back from each place that it may stand in."""
    root = source.parse(f"a: {written}\nb: [{written}, {written}]\nc: {{d: {written}}}\nf:\n  - {written}\n", "x").root
    in_list, in_mapping, below = root.get("b"), root.get("c"), root.get("f")
    (key,) = source.parse(f"{{{written}: a}}", "x").root.keys()
    return [root.get("a"), *in_list.items, in_mapping.get("d"), *below.items], key


@settings(derandomize=True, max_examples=600, deadline=None)
@given(TEXTS)
def test_a_text_is_read_as_it_was_written(said):
    scalars, key = read(text(said))
    assert {key, *(scalar.text for scalar in scalars)} == {literal(said)}
    assert "".join(map(str, template.parse(literal(said)))) == said


@settings(derandomize=True, max_examples=200, deadline=None)
@given(TEXTS)
def test_a_comment_stays_one(said):
    root = source.parse(f"# {comment(said)}\na: b  # {comment(said)}\n#   {comment(said)}\n", "x").root
    assert root.keys() == ("a",)
    assert root.get("a").text == "b"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("shop.example.com", "shop.example.com"),
        ("http://$(host):80/", "http://$$(host):80/"),
        (Template("http://$(host):80/"), "http://$(host):80/"),
        ("a: b", "'a: b'"),
        ("a #b", "'a #b'"),
        ("it's", "'it''s'"),
        ("two\nlines", '"two\\nlines"'),
        ('tab\tand \\ and "', '"tab\\tand \\\\ and \\""'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("zero\u200bwidth", '"zero\\u200bwidth"'),
        ("\U000e0041", '"\\U000e0041"'),
        ("8080", "'8080'"),
        ("true", "'true'"),
        ("null", "'null'"),
        ("", "''"),
        ("-f", "-f"),
        ("--", "'--'"),
        ("- f", "'- f'"),
        ("x:", "'x:'"),
        ("a, b", "'a, b'"),
        ("Zürich", "'Zürich'"),
    ],
)
def test_texts_are_quoted_where_there_could_be_a_doubt(value, written):
    assert text(value) == written


def test_numbers_stand_plain_where_data_is_not_free():
    assert [word(said) for said in ("8080", "true", "null", "1.2.3", "a: b")] == [
        "8080",
        "true",
        "'null'",
        "1.2.3",
        "'a: b'",
    ]


def test_values_are_written_on_one_line():
    value = {"a": [1, True, False, "x y"], "b c": {"d": "$(e)", "f": Template("$(e)")}}
    assert flow(value) == "{a: [1, true, false, x y], b c: {d: $$(e), f: $(e)}}"


def test_a_comment_tells_no_password_and_ends():
    assert comment("see  http://me:p@ss@example.com/\n# here") == "see http://***@example.com/ # here"
    assert comment("x" * 300) == "x" * 240 + "…"


def test_plain_text_and_templates_join():
    assert join("$(a)", Template("$(b)"), "c") == "$$(a)$(b)c"
