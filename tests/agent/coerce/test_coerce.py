"""From what a profile wrote to the type of a setting: every form, every refusal, every place."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, inspect

from agent import source
from agent.coerce import LATE, Coercion, Mistake, expected, holds_late, refuse_strange
from agent.node import Data, Late, Mapping, Scalar, Secret, Sequence
from agent.probe import Bytes, Json, Ratio, Seconds, checked
from agent.problem import Mark

MARK = Mark("p.yaml", 1, 1)
SECRET = Late((Secret("X"),), MARK)


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Part(msgspec.Struct, frozen=True):
    name: str
    weight: int = 1

    def __post_init__(self):
        if self.name == "no":
            raise ValueError("no is no name")
        if self.name == "deep":
            raise RecursionError


def even(text: str) -> None:
    if text == "deep":
        raise RecursionError
    if text == "bug":
        raise KeyError(text)
    if len(text) % 2:
        raise ValueError("has an odd number of letters")


def node(text: str):
    """A value as YAML has it."""
    return source.parse(f"it: {text}\n", "p.yaml").root.get("it")


def read(written, kind):
    """Read a value, from text as YAML has it or from a node; gives what was said too."""
    reader = Coercion()
    value = reader.read(node(written) if isinstance(written, str) else written, inspect.type_info(kind), "it")
    return value, [mistake.message for mistake in reader.mistakes], reader.late


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        pytest.param("abc", str, "abc", id="text"),
        pytest.param("1.10", str, "1.10", id="text that looks like a number"),
        pytest.param("on", str, "on", id="text that looks like a bool elsewhere"),
        pytest.param("null", str, "null", id="text that looks like nothing"),
        pytest.param("''", str, "", id="empty text in quotes"),
        pytest.param("5", int, 5, id="a whole number"),
        pytest.param("5.0", int, 5, id="a whole number with a point"),
        pytest.param("1e3", int, 1000, id="a whole number with an exponent"),
        pytest.param("'5'", int, 5, id="a whole number in quotes"),
        pytest.param("-5", Annotated[int, Meta(ge=-5)], -5, id="at the lower bound"),
        pytest.param("5", Annotated[int, Meta(le=5)], 5, id="at the upper bound"),
        pytest.param("0.1", float, 0.1, id="a number"),
        pytest.param("true", bool, True, id="true"),
        pytest.param("false", bool, False, id="false"),
        pytest.param("red", Literal["red", "green"], "red", id="one of several words"),
        pytest.param("2", Literal[1, 2], 2, id="one of several numbers"),
        pytest.param("green", Colour, Colour.GREEN, id="a member"),
        pytest.param("500ms", Seconds, 0.5, id="a duration"),
        pytest.param("2", Seconds, 2.0, id="a duration in seconds"),
        pytest.param("1.5KiB", Bytes, 1536, id="a size"),
        pytest.param("95%", Ratio, 0.95, id="a share"),
        pytest.param("abcd", Annotated[str, checked(even)], "abcd", id="text that was tried"),
        pytest.param("ab", Annotated[str, Meta(min_length=1)], "ab", id="text long enough"),
        pytest.param("ab1", Annotated[str, Meta(pattern="^[a-z]+1$")], "ab1", id="text that matches"),
        pytest.param("[a, 1]", list[str], ["a", "1"], id="a list"),
        pytest.param("[1, 2]", tuple[int, ...], (1, 2), id="a tuple"),
        pytest.param("[]", list[str], [], id="an empty list"),
        pytest.param("{a: 1}", dict[str, int], {"a": 1}, id="a mapping"),
        pytest.param("{name: x}", Part, Part("x"), id="a Struct"),
        pytest.param("[{name: x, weight: 2}]", list[Part], [Part("x", 2)], id="a list of Structs"),
        pytest.param("", str | None, None, id="nothing where nothing is a value"),
        pytest.param("null", str | None, None, id="null where nothing is a value"),
        pytest.param("'null'", str | None, "null", id="null in quotes is text"),
        pytest.param("5", int | str, 5, id="the most particular of several"),
        pytest.param("x", int | str, "x", id="the next of several"),
        pytest.param("true", bool | str, True, id="a bool before text"),
        pytest.param("[a]", str | list[str], ["a"], id="a list of a list or text"),
        pytest.param("{name: x}", str | Part, Part("x"), id="a Struct of a Struct or text"),
        pytest.param("5s", Seconds | None, 5.0, id="a duration or nothing"),
        pytest.param("{a: [1, 1.5, true, null, '1', 0012, on]}", Json,
                     {"a": [1, Decimal("1.5"), True, None, "1", "0012", "on"]}, id="free data"),
        pytest.param("[x]", str | Json, ["x"], id="free data beside text"),
        pytest.param(Data("abc", MARK), str, "abc", id="text that was read"),
        pytest.param(Data(5, MARK), str, "5", id="a number that was read as text"),
        pytest.param(Data(True, MARK), bool, True, id="a bool that was read"),
        pytest.param(Data(Decimal("2.0"), MARK), int, 2, id="a number that was read"),
        pytest.param(Data(0.25, MARK), Seconds, 0.25, id="a duration that was read"),
        pytest.param(Data("250ms", MARK), Seconds, 0.25, id="a duration that was read as text"),
        pytest.param(Data(["a", 1], MARK), list[str], ["a", "1"], id="a list that was read"),
        pytest.param(Data({"name": "x", "weight": 3}, MARK), Part, Part("x", 3), id="a mapping that was read"),
        pytest.param(Data({"a": 1}, MARK), dict[str, int], {"a": 1}, id="a mapping of numbers that was read"),
        pytest.param(Data([1, {"a": None}], MARK), Json, [1, {"a": None}], id="free data that was read"),
        pytest.param(Data("x", MARK), str | list[str], "x", id="what was read, of several"),
    ],
)  # fmt: skip
def test_a_value_gets_its_type(written, kind, value):
    found = read(written, kind)
    assert found == (value, [], False)
    assert type(found[0]) is type(value)


@pytest.mark.parametrize(
    ("written", "kind", "messages"),
    [
        ("", str, ["it has no value"]),
        ("[a]", str, ["it is a list, expected text"]),
        ("{a: b}", str, ["it is a mapping, expected text"]),
        ("''", Annotated[str, Meta(min_length=1)], ["it is empty"]),
        ("Ab", Annotated[str, Meta(pattern="^[a-z]+$")], ["it is 'Ab', expected text that matches ^[a-z]+$"]),
        ("abc", Annotated[str, checked(even)], ["it: has an odd number of letters"]),
        ("[a]", Annotated[str, checked(even)], ["it is a list, expected text"]),
        ("deep", Annotated[str, checked(even)], ["it: nested too deep"]),
        ("bug", Annotated[str, checked(even)], ["it: the kind broke on it: KeyError: 'bug'"]),
        ("x", int, ["it is 'x', expected a whole number"]),
        ("5.5", int, ["it is '5.5', expected a whole number"]),
        ("0x10", int, ["it is '0x10', expected a whole number"]),
        ("1_000", int, ["it is '1_000', expected a whole number"]),
        ("1e30", int, ["it is '1e30', expected a whole number"]),
        ("[1]", int, ["it is a list, expected a whole number"]),
        ("0", Annotated[int, Meta(ge=1, le=9)], ["it is '0', expected a whole number from 1 to 9"]),
        ("0", Annotated[int, Meta(gt=0)], ["it is '0', expected a whole number above 0"]),
        ("9", Annotated[int, Meta(lt=9)], ["it is '9', expected a whole number below 9"]),
        ("9", Annotated[float, Meta(ge=0, lt=9)], ["it is '9', expected a number of at least 0 and below 9"]),
        ("9", Annotated[float, Meta(le=8)], ["it is '9', expected a number of at most 8"]),
        ("inf", float, ["it is 'inf', expected a number"]),
        ("nan", float, ["it is 'nan', expected a number"]),
        ("1e999", float, ["it is '1e999', expected a number"]),
        ("yes", bool, ["it is 'yes', expected true or false"]),
        ("", bool, ["it has no value"]),
        ("True", bool, ["it is 'True', expected true or false"]),
        ("gren", Literal["red", "green"], ["it is 'gren', did you mean 'green'?"]),
        ("blue", Colour, ["it is 'blue'; known: green, red"]),
        ("[red]", Colour, ["it is a list, expected red or green"]),
        ("soon", Seconds, ["it: 'soon' is not a time such as 500ms, 1h30m or 30d"]),
        ("-5s", Seconds, ["it is negative"]),
        ("1e30", Seconds, ["it is '1e30', which is more than there is"]),
        ("[5s]", Seconds, ["it is a list, expected text"]),
        ("0.5B", Bytes, ["it is '0.5B', expected whole bytes"]),
        ("5s", Ratio, ["it: '5s' is not a share such as 95% or 0.95"]),
        ("a", list[str], ["it is 'a', expected a list"]),
        ("[]", Annotated[list[str], Meta(min_length=1)], ["it is an empty list"]),
        ("[x, 1, y]", list[int], ["it[0] is 'x', expected a whole number", "it[2] is 'y', expected a whole number"]),
        ("[a]", dict[str, int], ["it is a list, expected a mapping"]),
        ("{a: x}", dict[str, int], ["it.a is 'x', expected a whole number"]),
        ("x", Part, ["it is 'x', expected a mapping"]),
        ("{}", Part, ["'name' is missing: it is a required key of it"]),
        ("{nme: x}", Part, ["unknown key of it 'nme', did you mean 'name'?"]),
        ("{name: x, color: y}", Part, ["unknown key of it 'color'; known: name, weight"]),
        ("{name: no}", Part, ["it: no is no name"]),
        ("{name: deep}", Part, ["it: nested too deep"]),
        ("x", int | list[int], ["it is 'x', expected a whole number"]),
        ("{a: b}", int | list[int], ["it is a mapping, expected a whole number or a list"]),
        ("x", int | float, ["it is 'x', expected a whole number or a number"]),
        ("[x]", Part | list[int], ["it[0] is 'x', expected a whole number"]),
        ("[a]", str | Part, ["it is a list, expected text or a mapping with name, weight"]),
        (Data(None, MARK), str, ["it is absent, expected text"]),
        (Data(["x" * 50] * 50, MARK), str, None),
        (Data(float("nan"), MARK), Seconds, ["it is nan, which is more than there is"]),
        (Data(float("inf"), MARK), Seconds, ["it is inf, which is more than there is"]),
        (Data(-1, MARK), Seconds, ["it is negative"]),
        (Data(True, MARK), Seconds, ["it: 'true' is not a time such as 500ms, 1h30m or 30d"]),
        (Data("x", MARK), list[str], ["it is 'x', expected a list"]),
        (Data("x", MARK), Part, ["it is 'x', expected a mapping"]),
        (Data(1.5, MARK), int, ["it is 1.5, expected a whole number"]),
    ],
)
def test_what_is_no_such_value_is_told(written, kind, messages):
    _, told, late = read(written, kind)
    assert not late
    if messages is None:
        (message,) = told
        assert message.startswith("it is ['xxxxx")
        assert message.endswith("… (50 elements), expected text")
    else:
        assert told == messages


def test_a_mistake_stands_where_the_value_does():
    reader = Coercion()
    reader.read(node("{a: 1, b: [2, x]}"), inspect.type_info(dict[str, int | list[int]]), "it")
    assert reader.mistakes == [Mistake("it.b[1] is 'x', expected a whole number", Mark("p.yaml", 1, 19, 1))]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        pytest.param(SECRET, str, id="a secret"),
        pytest.param(SECRET, int, id="a secret that must be a number"),
        pytest.param(SECRET, Literal["a"], id="a secret that must be one of several"),
        pytest.param(SECRET, str | None, id="a secret or nothing"),
        pytest.param(SECRET, Json, id="free data that is a secret"),
        pytest.param(SECRET, Annotated[str, checked(even)], id="a secret that would be tried"),
    ],
)
def test_what_only_the_run_knows_is_let_through_unseen(written, kind):
    assert read(written, kind) == (LATE, [], True)


def test_a_secret_inside_is_seen_to_be_late():
    inside = Sequence((SECRET,), MARK)
    assert read(inside, list[str]) == ([LATE], [], True)
    assert read(inside, Json) == (LATE, [], True)
    assert read(inside, str | list[str]) == ([LATE], [], True)


def test_a_struct_with_a_secret_in_it_is_not_made_and_its_other_keys_are_read():
    written = node("{name: x, weight: y}")
    late = Mapping((msgspec.structs.replace(written.entries[0], value=SECRET), written.entries[1]), MARK)
    assert read(late, Part) == (None, ["weight is 'y', expected a whole number"], True)
    assert read(Mapping(late.entries[:1], MARK), Part) == (None, [], True)
    assert read(Sequence((Mapping(late.entries[:1], MARK), node("{name: no}")), MARK), list[Part]) == (
        [None, None], ["it[1]: no is no name"], True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "late"),
    [
        (Scalar("x", MARK), False),
        (Data({}, MARK), False),
        (SECRET, True),
        (Sequence((Scalar("x", MARK), SECRET), MARK), True),
        (Sequence((Scalar("x", MARK),), MARK), False),
        (Mapping((), MARK), False),
    ],
)
def test_what_holds_something_late(written, late):
    assert holds_late(written) is late


def test_settings_that_are_missing_are_told_all_at_once():
    class Both(msgspec.Struct):
        one: str
        two: str
        three: str = ""

    reader = Coercion()
    values = reader.struct(node("{three: x, for: y}"), inspect.type_info(Both), "setting of it")
    assert values == {"three": "x"}
    assert [mistake.message for mistake in reader.mistakes] == [
        "unknown setting of it 'for'; known: one, three, two",
        "'one' is missing: it is a required setting of it",
        "'two' is missing: it is a required setting of it",
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (str, "text"),
        (bool, "true or false"),
        (tuple[str, ...], "a list"),
        (dict[str, str], "a mapping"),
        (Colour, "red or green"),
        (Seconds | None, "a number"),
        (Annotated[int, Meta(ge=1)] | str, "a whole number of at least 1 or text"),
        (Any, "a value"),
    ],
)
def test_a_type_has_a_name_for_an_operator(kind, name):
    assert expected(inspect.type_info(kind)) == name


@pytest.mark.parametrize(
    "kind",
    [
        str,
        int | None,
        Json,
        Json | str,
        Seconds,
        list[Part],
        dict[str, tuple[bool, ...]],
        Colour,
        Literal["a"],
        Part | None,
    ],
)
def test_types_that_a_profile_can_write(kind):
    refuse_strange(inspect.type_info(kind), "it")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (bytes, "BytesType"),
        (Any, "AnyType"),
        (list[Any], "AnyType"),
        (datetime, "DateTimeType"),
        (dict[str, set[str]], "SetType"),
        (int | bytes, "BytesType"),
        (Annotated[Path, Meta(title="x")], "CustomType"),
    ],
)
def test_types_that_no_profile_can_write_are_refused_with_the_kind(kind, name):
    with pytest.raises(TypeError, match=f"^setting 'it' has a type that no profile can write: {name}$"):
        refuse_strange(inspect.type_info(kind), "it")
