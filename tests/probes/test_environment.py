"""Variables are looked at by name; nothing of what they hold gets out."""

import anyio
import msgspec
import pytest

from agent.probe import Need, Unreadable
from probes.environment import EnvironmentProbe

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in {
        "GG_MODE": "verify-full",
        "GG_TOKEN": SECRET,
        "GG_BLANK": " \n",
        "GG_EMPTY": "",
        "GG_BYTES": b"\xff\xfe".decode("utf-8", "surrogateescape"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GG_ABSENT", raising=False)


async def look(**settings):
    reading = await EnvironmentProbe(**settings).measure()
    assert SECRET not in repr(reading)
    return {name: value for name, value in msgspec.structs.asdict(reading).items() if value}


async def test_everything_as_it_should_be():
    found = await look(names=("GG_MODE", "GG_TOKEN"), length={"GG_TOKEN": 15}, pattern={"GG_MODE": "verify-full"})
    assert found == {"set": ["GG_MODE", "GG_TOKEN"]}


async def test_what_is_not_set_is_missing_and_nothing_else():
    found = await look(names=("GG_ABSENT",), length={"GG_ABSENT": 1}, pattern={"GG_ABSENT": "x"})
    assert found == {"missing": ["GG_ABSENT"]}


async def test_what_is_set_to_nothing_is_empty():
    found = await look(names=("GG_EMPTY", "GG_BLANK"))
    assert found == {"set": ["GG_EMPTY", "GG_BLANK"], "empty": ["GG_EMPTY", "GG_BLANK"]}


async def test_what_is_too_short_is_named_and_not_how_short_it_is():
    assert await look(length={"GG_TOKEN": 16}) == {"set": ["GG_TOKEN"], "short": ["GG_TOKEN"]}
    assert await look(length={"GG_TOKEN": 15}) == {"set": ["GG_TOKEN"]}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("verify-full", True), ("verify-(ca|full)", True), ("verify", False), ("full", False), ("(?i)VERIFY-FULL", True)],
)
async def test_all_of_a_value_is_held_against_its_pattern(pattern, matches):
    found = await look(pattern={"GG_MODE": pattern})
    assert found == {"set": ["GG_MODE"]} | ({} if matches else {"mismatched": ["GG_MODE"]})


async def test_a_pattern_that_never_ends_gives_nothing_away(monkeypatch):
    monkeypatch.setenv("GG_TOKEN", SECRET + "a" * 60)
    reading = await EnvironmentProbe(pattern={"GG_TOKEN": r".*?(a|aa)+\d"}).measure()
    assert reading.mismatched == Unreadable("the pattern of GG_TOKEN: the match took more than 1 s")
    assert SECRET not in repr(reading)


async def test_bytes_that_are_no_text_are_looked_at_too():
    found = await look(names=("GG_BYTES",), pattern={"GG_BYTES": "[a-z]+"})
    assert found == {"set": ["GG_BYTES"], "mismatched": ["GG_BYTES"]}
    msgspec.json.encode(found)


async def test_a_look_can_be_cut_short():
    with anyio.move_on_after(0) as scope:
        await EnvironmentProbe(pattern={"GG_MODE": "x"}).measure()
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no variable is named, in names, length or pattern"),
        ({"names": ("",)}, "'' is no name of a variable"),
        ({"length": {"A=B": 1}}, "'A=B' is no name of a variable"),
        ({"names": ("A\0",)}, r"'A\x00' is no name of a variable"),
    ],
)
def test_settings_that_look_at_nothing_are_refused(settings, message):
    with pytest.raises(ValueError, match=r".") as caught:
        EnvironmentProbe(**settings)
    assert str(caught.value) == message


def test_it_is_a_witness_that_needs_to_read_the_variables():
    probe = EnvironmentProbe(names=("A",), length={"B": 1}, pattern={"A": "x", "C": "y"})
    assert probe.witness is True
    assert probe.permissions() == tuple(Need("environment", "read", name) for name in "ABC")


def test_by_default_nothing_may_be_wrong():
    assert EnvironmentProbe.defaults == {name: {"equals": []} for name in ("missing", "empty", "short", "mismatched")}
