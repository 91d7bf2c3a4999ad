"""A document is read in its language, dated by what stands in it, and never believed when it is broken."""

import json
import time
from decimal import Decimal

import pytest

from agent.probe import Need, Unknown, Unreadable
from probes.document import DocumentProbe

DRILL = {"outcome": "passed", "generated": "2026-01-01T00:00:00Z", "commit": "3b1f", "rate": 12.5, "steps": [1, 2]}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a document into the working directory and give its name."""
    monkeypatch.chdir(tmp_path)

    def write(name, content):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write


async def test_a_report_is_read(written, measured):
    data = json.dumps(DRILL)
    probe = DocumentProbe(
        path=written("drill.json", data),
        json={"outcome": "outcome", "rate": "rate", "steps": "length(steps)", "gone": "nothing"},
        regex={"word": '"outcome": "([a-z]+)"'},
        date="generated",
        revision="commit",
    )
    before = time.time()
    reading = await probe.measure()
    after = time.time()
    assert measured(reading) == {
        "exists": True,
        "size_bytes": len(data),
        "valid": True,
        "revision": "3b1f",
        "named": {"outcome": "passed", "rate": Decimal("12.5"), "steps": 2, "gone": None, "word": "passed"},
    }
    assert before - 1767225600 <= reading.age_seconds <= after - 1767225600
    assert 0 <= reading.modified_age_seconds < 60


@pytest.mark.parametrize(
    ("name", "text", "settings"),
    [
        ("a.yaml", "outcome: passed\nat: 2026-01-01\n", {"json": {"it": "outcome"}, "date": "at"}),
        ("a.toml", 'outcome = "passed"\nat = 2026-01-01T00:00:00Z\n', {"json": {"it": "outcome"}, "date": "at"}),
        ("a.ini", "[x]\noutcome = passed\nat = 2026-01-01\n", {"json": {"it": "x.outcome"}, "date": "x.at"}),
        ("a.csv", "outcome,at\npassed,2026-01-01\n", {"json": {"it": "[0].outcome"}, "date": "[0].at"}),
        ("a.tsv", "outcome\tat\npassed\t2026-01-01\n", {"json": {"it": "[0].outcome"}, "date": "[0].at"}),
        ("a.xml", '<r at="2026-01-01"><o>passed</o></r>', {"xpath": {"it": "/r/o"}, "date": "/r/@at"}),
        ("a.txt", "outcome: passed\nat: 2026-01-01\n", {"regex": {"it": "outcome: (.*)"}, "date": "at: (.*)"}),
        (
            "a.eml",
            "outcome: passed\nDate: Thu, 01 Jan 2026 00:00:00 +0000",
            {"regex": {"it": ": (passed)"}, "date": "Date: (.*)"},
        ),
        (
            "report",
            '{"outcome": "passed", "at": "2026-01-01"}',
            {"format": "json", "json": {"it": "outcome"}, "date": "at"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 8 else "",
)
async def test_every_format_is_read_in_its_language(written, name, text, settings):
    before = time.time()
    reading = await DocumentProbe(path=written(name, text), **settings).measure()
    assert (reading.valid, reading.problem, reading.named) == (True, None, {"it": "passed"})
    assert 0 <= reading.age_seconds - (before - 1767225600) < 60


async def test_nothing_there_is_a_reading_of_its_own(tmp_path, measured):
    probe = DocumentProbe(path=str(tmp_path / "none.json"), json={"it": "a"}, date="at")
    assert measured(await probe.measure()) == {"exists": False, "named": {}}


async def test_of_what_cannot_be_parsed_nothing_is_known(written, measured):
    probe = DocumentProbe(
        path=written("a.json", '{"outcome": "passed", '),
        json={"it": "outcome"},
        date="at",
        revision="commit",
        regex={"word": "passed"},
    )
    reading = await probe.measure()
    problem = "a.json is not JSON: it is cut short at line 1 column 23"
    assert measured(reading) == {
        "exists": True,
        "size_bytes": 22,
        "valid": False,
        "problem": problem,
        "revision": Unreadable(problem),
        "named": {"it": Unreadable(problem), "word": "passed"},
    }
    assert reading.age_seconds == Unreadable(problem)


async def test_text_in_another_encoding_is_told(written, measured):
    reading = await DocumentProbe(path=written("a.txt", "é".encode("latin-1")), regex={"it": "."}).measure()
    assert (reading.valid, reading.problem) == (False, "a.txt is not text: it is not UTF-8: byte 0xe9 at offset 0")
    assert reading.named == {"it": Unreadable("it is not UTF-8: byte 0xe9 at offset 0")}


async def test_a_document_over_the_limit_is_not_read(written):
    probe = DocumentProbe(path=written("a.json", b'"' + b"x" * 1000 + b'"'), json={"it": "@"}, limit=1000)
    reading = await probe.measure()
    why = "a.json has more than 1000 bytes, the limit"
    assert (reading.valid, reading.problem, reading.named) == (Unreadable(why), why, {"it": Unreadable(why)})
    assert reading.size_bytes == 1002


async def test_a_folder_is_no_document(tmp_path):
    reading = await DocumentProbe(path=str(tmp_path), json={"it": "@"}, format="json").measure()
    why = f"{tmp_path} is a directory, expected a file"
    assert (reading.exists, reading.size_bytes, reading.valid) == (True, None, Unreadable(why))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "no date at generated"),
        ('{"generated": "2099-01-01"}', None),
        ('{"generated": "2026-01-01T00:00:00"}', None),
        ('{"generated": {"at": 1}}', "the date at generated is neither a text nor a number"),
    ],
)
async def test_without_a_good_date_there_is_no_age(written, text, reason):
    reading = await DocumentProbe(path=written("a.json", text), date="generated").measure()
    assert isinstance(reading.age_seconds, Unreadable)
    assert reason is None or reading.age_seconds.reason == reason


async def test_without_a_date_the_last_commit_tells_the_age(repository):
    path = repository.commit("drill.json", json.dumps(DRILL))
    before = time.time()
    reading = await DocumentProbe(path=path, json={"it": "outcome"}).measure()
    assert reading.named == {"it": "passed"}
    assert 0 <= reading.age_seconds - (before - 1767225600) < 60


async def test_git_is_not_asked_where_nobody_wants_to_know(repository):
    path = repository.commit("drill.json", json.dumps(DRILL))
    reading = await DocumentProbe(path=path, commit=False).measure()
    assert reading.age_seconds == Unknown(f"{path}: no date is named and commit is false")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": ""}, "path is empty or holds a NUL character"),
        ({"path": "a\0b"}, "path is empty or holds a NUL character"),
        (
            {"path": "a.xml", "json": {"it": "a"}},
            "json reads json, yaml, toml, ini, csv, tsv, and a.xml is taken for xml: see format",
        ),
        ({"path": "a.json", "xpath": {"it": "/a"}}, "xpath reads xml, and a.json is taken for json: see format"),
        ({"path": "a.json", "json": {"it": "a"}, "regex": {"it": "a"}}, "the reading it is named twice"),
        ({"path": "a.xml", "xpath": {"it": "a"}, "regex": {"it": "a"}}, "the reading it is named twice"),
        ({"path": "a.json", "date": "a["}, "date: not JMESPath: it does not go on rightly at the end: a["),
        ({"path": "a.xml", "revision": "//["}, "revision: not XPath 1.0: invalid expression: //["),
        ({"path": "a.txt", "date": "("}, "date: not a regular expression: missing ) at position 1: ("),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings, message):
    with pytest.raises(ValueError, match=r".") as caught:
        DocumentProbe(**settings)
    assert str(caught.value) == message


def test_it_is_a_witness_that_needs_to_read_the_file():
    assert DocumentProbe.witness is True
    assert DocumentProbe(path="a.json").permissions() == (Need("file", "read", "a.json"),)
