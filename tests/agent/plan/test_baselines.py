"""Baselines: the readings of an earlier run.  One that is missing is no mistake of the profile."""

import json
import os

import pytest

from agent.plan.steps import Baseline

PROFILE = "name: Shop\nbaseline: before.json\nchecks:\n  - {name: One, acme.healthy: {}, expect: {count: {max_increase: 5%}}}\n"


def entry(address: str, outcome: str = "pass", *readings: dict, children=()):
    result = (
        {"outcome": outcome, "attempts": [{"readings": each, "number": 1} for each in readings]} if readings else None
    )
    return {"address": address, "name": "x", "result": result, "children": list(children)}


def report(*children, **more):
    return json.dumps({"decision": "GO", "root": entry("", children=children), "selection": None, **more})


def baseline(room, text: str, profile: str = PROFILE, *paths):
    (room.folder / "before.json").write_text(text)
    return room.bind(profile, *paths).plan.baseline


def test_without_one_there_is_none(room):
    assert room.bind("name: p\nchecks:\n  - {name: One, acme.healthy: {}}\n").plan.baseline is None


def test_the_last_attempt_of_a_check_that_passed_is_a_measure(room):
    found = baseline(
        room,
        report(
            entry("one", "pass", {"count": 1}, {"count": 2, "state": None}),
            entry("two", "fail", {"count": 3}),
            entry("three", "pass"),
            entry(
                "all", children=[entry("all/four", "pass", {"names": ["a"]}), entry("all/e[x:y]", "pass", {"count": 5})]
            ),
        ),
    )
    assert found == Baseline(
        {"one": {"count": 2, "state": None}, "all/four": {"names": ["a"]}, "all/e[x:y]": {"count": 5}}
    )


def test_of_a_run_of_several_profiles_the_one_of_this_name_counts(room):
    text = report(
        entry("shop:", children=[entry("shop:one", "pass", {"count": 1})]), entry("other:one", "pass", {"count": 2})
    )
    assert baseline(room, text).readings == {"one": {"count": 1}}


def test_in_a_run_of_several_profiles_each_has_its_own(room):
    room.write("a.yaml", PROFILE)
    room.write("b.yaml", PROFILE.replace("Shop", "Other").replace("before", "no"))
    single = baseline(room, report(entry("one", "pass", {"count": 1})), "", "a.yaml", "b.yaml")
    assert single == Baseline({"shop:one": {"count": 1}}, "there is no baseline 'no.json': no such file or directory")
    several = baseline(room, report(entry("shop:one", "pass", {"count": 3})), "", "a.yaml", "b.yaml")
    assert several.readings == {"shop:one": {"count": 3}}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("{", "the baseline 'before.json' is no JSON report: Input data was truncated"),
        ("[]", "the baseline 'before.json' is no JSON report: Expected `object`, got `array`"),
        ("{}", "the baseline 'before.json' is no JSON report: Object missing required field `decision`"),
        ('{"decision": "GO", "root": {"children": 5}}',
         "the baseline 'before.json' is no JSON report: Expected `array`, got `int` - at `$.root.children`"),
        (report(selection={"chosen": 1}), "the baseline 'before.json' is the report of a narrowed run"),
        ('{"decision": "GO", "root": ' + '{"children": [' * 100_000, "the baseline 'before.json' is no JSON report: nested too deep"),
    ],
)  # fmt: skip
def test_what_is_no_report_of_a_whole_run_is_no_baseline(room, text, missing):
    assert baseline(room, text) == Baseline(missing=missing)


def test_a_file_that_is_none_keeps_nobody_waiting(room):
    os.mkfifo(room.folder / "pipe")
    (room.folder / "folder").mkdir()
    with (room.folder / "huge").open("wb") as huge:
        huge.truncate(2**28 + 1)
    missing = [
        room.bind(PROFILE.replace("before.json", name)).plan.baseline.missing
        for name in ("pipe", "folder", "/dev/zero", "huge", '"a\\0b"')
    ]
    assert missing == [
        "the baseline 'pipe' is no JSON report: not a regular file",
        "there is no baseline 'folder': is a directory",
        "the baseline '/dev/zero' is no JSON report: not a regular file",
        "the baseline 'huge' is no JSON report: larger than 256 MiB",
        "there is no baseline 'a�b': no such file or directory",
    ]


def test_its_name_may_be_a_variable(room):
    (room.folder / "x.json").write_text(report())
    text = PROFILE.replace("before.json", "$(file).json").replace("checks:", "vars: {file: x}\nchecks:")
    assert room.bind(text).plan.baseline == Baseline()
