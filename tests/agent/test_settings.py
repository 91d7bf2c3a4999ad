"""From settings as written to a probe, and from a limit as written to plain data."""

from typing import Annotated, ClassVar

import msgspec
import pytest

from agent import compare, source
from agent.node import Data, Late, Mapping, Scalar, Secret
from agent.probe import Names, Probe, Reading, checked
from agent.problem import Mark
from agent.settings import SettingsError, build, check, fields, named, names_readings, spec

MARK = Mark("p.yaml", 1, 1)


class Lamp(Probe, frozen=True):
    """Look at a lamp."""

    room: str
    watts: int = 40
    field_name: str = msgspec.field(name="name", default="")
    json: Names = {}
    regex: dict[str, Annotated[str, checked(str, readings=True)]] | None = None
    plain: dict[str, str] = {}
    shades: ClassVar[int] = 3

    def __post_init__(self):
        if self.room == "none":
            raise ValueError("no room has no lamp")
        if self.room == "deep":
            raise RecursionError
        if self.room == "bug":
            raise KeyError(self.room)

    async def measure(self) -> Reading:
        raise NotImplementedError


def settings(text: str) -> Mapping:
    return source.parse(f"it: {text}\n", "p.yaml").root.get("it")


def test_settings_make_a_probe():
    assert build(Lamp, settings("{room: hall, watts: 60, name: x}"), "lamp") == Lamp(
        room="hall", watts=60, field_name="x"
    )


def test_settings_that_make_none_are_told_all_at_once():
    with pytest.raises(SettingsError) as caught:
        build(Lamp, settings("{wats: 60, watts: x}"), "lamp")
    assert str(caught.value) == (
        "unknown setting of lamp 'wats', did you mean 'watts'?; watts is 'x', expected a whole number; "
        "'room' is missing: it is a required setting of lamp"
    )
    assert [mistake.mark.column for mistake in caught.value.mistakes] == [6, 23, 5]


@pytest.mark.parametrize(
    ("room", "message"),
    [
        ("none", "no room has no lamp"),
        ("deep", "nested too deep"),
        ("bug", "the kind broke on it: KeyError: 'bug'"),
    ],
)
def test_settings_that_do_not_agree_are_told_for_all_of_them(room, message):
    mistakes, probe = check(Lamp, settings(f"{{room: {room}}}"), "lamp")
    assert ([mistake.message for mistake in mistakes], probe) == ([message], None)
    assert mistakes[0].mark == settings(f"{{room: {room}}}").mark
    assert check(Lamp, settings(f"{{room: {room}}}"), "lamp", whole=False) == ([], None)


def test_settings_that_the_run_knows_are_refused_too_and_a_bug_goes_through():
    with pytest.raises(SettingsError, match=r"^no room has no lamp$"):
        build(Lamp, settings("{room: none}"), "lamp")
    with pytest.raises(KeyError, match="bug"):
        build(Lamp, settings("{room: bug}"), "lamp")


def test_settings_with_a_secret_make_no_probe_yet():
    written = settings("{room: hall, watts: x}")
    late = msgspec.structs.replace(written.entries[0], value=Late((Secret("ROOM"),), MARK))
    assert check(Lamp, Mapping((late,), MARK), "lamp") == ([], None)
    assert [m.message for m in check(Lamp, Mapping((late, written.entries[1]), MARK), "lamp")[0]] == [
        "watts is 'x', expected a whole number"
    ]
    with pytest.raises(SettingsError, match=r"^$"):
        build(Lamp, Mapping((late,), MARK), "lamp")


def test_the_fields_of_a_kind_are_its_settings():
    assert [field.encode_name for field in fields(Lamp)] == ["room", "watts", "name", "json", "regex", "plain"]


def test_the_operator_names_readings_in_some_settings():
    written = settings("{json: {state: a, release: b}, regex: {pid: c}, plain: {x: y}, room: {z: w}}")
    assert [key.text for key in named(Lamp, written)] == ["state", "release", "pid"]
    assert list(named(Lamp, settings("{json: text, regex: [a]}"))) == []
    assert [field.encode_name for field in fields(Lamp) if names_readings(field.type)] == ["json", "regex"]


@pytest.mark.parametrize(
    ("node", "data"),
    [
        (settings("x"), "x"),
        (settings("1.10"), "1.10"),
        (settings("''"), ""),
        (settings(""), None),
        (settings("[a, {min: 1}]"), ["a", {"min": "1"}]),
        (settings("{not: {equals: [a]}}"), {"not": {"equals": ["a"]}}),
        (Data(5, MARK), 5),
        (Data(["a"], MARK), ["a"]),
        (Scalar("null", MARK), "null"),
    ],
)
def test_a_limit_is_plain_data_of_texts(node, data):
    assert spec(node) == data
    assert not isinstance(spec(node), compare.Given)


def test_a_mapping_that_was_read_is_a_value_and_no_set_of_limits():
    assert isinstance(spec(Data({"min": 1}, MARK)), compare.Given)
