"""The tree, and free data out of it."""

from decimal import Decimal

import pytest

from agent.node import Data, Entry, Late, Mapping, Scalar, Secret, Sequence, free
from agent.problem import Mark

HERE = Mark("x.yaml", 1, 1)


def mapping(**values):
    return Mapping(tuple(Entry(Scalar(key, HERE), value) for key, value in values.items()), HERE)


def test_a_mapping_gives_its_values_and_its_keys_in_the_order_written():
    tree = mapping(b=Scalar("1", HERE), a=Scalar("2", HERE))
    assert tree.keys() == ("b", "a")
    assert tree.get("a") == Scalar("2", HERE)
    assert tree.get("c") is None


@pytest.mark.parametrize(("text", "plain", "empty"), [("", True, True), ("", False, False), ("~", True, False)])
def test_only_nothing_written_is_empty(text, plain, empty):
    assert Scalar(text, HERE, plain).empty is empty


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.10", Decimal("1.10")),
        ("1e5", Decimal("1e5")),
        ("-0.5E-3", Decimal("-0.0005")),
        ("9" * 1000, int("9" * 1000)),
        ("9" * 5000, Decimal("9" * 5000)),
    ],
)
def test_json_words_and_numbers_are_typed_in_free_data(text, value):
    found = free(Scalar(text, HERE))
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "True",
        "on",
        "yes",
        "~",
        "0012345",
        "1.10.2",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1_000",
        "0x10",
        ".inf",
        "NaN",
        "-",
        "1e9999",
        "٣",
        "²",
        "2026-12-01",
        "10:30",
    ],
)
def test_all_else_is_the_text_that_it_looks_like(text):
    assert free(Scalar(text, HERE)) == text


def test_what_stands_in_quotes_is_text():
    assert [free(Scalar(text, HERE, plain=False)) for text in ("true", "1", "")] == ["true", "1", ""]


def test_free_data_is_as_deep_as_it_was_written():
    tree = mapping(user=mapping(ids=Sequence((Scalar("1", HERE), Scalar("a", HERE)), HERE)), raw=Data([None], HERE))
    assert free(tree) == {"user": {"ids": [1, "a"]}, "raw": [None]}


def test_a_late_value_is_not_data_yet():
    with pytest.raises(TypeError, match="a late value is settled before it is used"):
        free(Late((Secret("TOKEN"),), HERE))
