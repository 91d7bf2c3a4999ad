"""The words that the formats for people have in common."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from agent.model import Outcome
from agent.reporters import evidence, standing, terminal, wording
from tests.agent.reporters import samples
from tests.agent.reporters.samples import check, look, report, section


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0s"),
        (0.0000004, "0.4us"),
        (0.00412, "4.1ms"),
        (0.0232, "23ms"),
        (0.8124, "812ms"),
        (1.204, "1.2s"),
        (11.149, "11.1s"),
        (59.97, "1m"),
        (90.6, "1m31s"),
        (7322, "2h2m"),
    ],
)
def test_a_duration_has_two_or_three_digits(seconds, told):
    assert wording.duration(seconds) == told


def test_a_moment_is_told_in_utc():
    assert wording.moment("2026-11-21T05:04:05.9+02:00") == "2026-11-21 03:04:05 UTC"


@pytest.mark.parametrize(
    ("metric", "value", "told"),
    [
        ("latency_seconds", 0.8125, "812.5ms"),
        ("size_bytes", 48213, "47.08KiB"),
        ("error_ratio", Decimal("0.0005"), "0.05%"),
        ("status", 200, "200"),
        ("share", float("nan"), "nan"),
        ("share_seconds", float("inf"), "inf"),
        ("open", True, "true"),
        ("open", False, "false"),
        ("state", "healthy", "healthy"),
        ("state", "", '""'),
        ("state", None, "absent"),
        ("at", datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC), "2026-11-21T03:04:05Z"),
        ("names", ["a", "ü"], "[a, ü]"),
        ("names", [], "[]"),
        ("hop_seconds", [2.0056995769996924, None], "[2.006s, absent]"),
        ("rows", [{"a": 1.5}, ["ü"]], '[{"a": 1.5}, ["ü"]]'),
        ("free", {"a": Decimal("1.5")}, '{"a": "1.5"}'),
    ],
)
def test_a_reading_is_told_with_the_unit_of_its_name(metric, value, told):
    assert wording.reading(metric, value) == told


def test_what_could_not_be_read_is_among_the_readings():
    attempt = look(1, 0, 1, "fail", readings={"status": 200}, unreadable={"state": "JSON ends early"})
    assert evidence.readings(attempt) == [("status", "200"), ("state", "unreadable: JSON ends early")]


def test_attempts_that_ended_alike_are_one_line():
    looks = (
        look(1, 0.0, 0.1, "fail", "no"),
        look(2, 1.0, 0.1, "fail", "no"),
        look(3, 2.0, 0.1, "fail", "still no"),
        look(4, 3.0, 0.1, "pass"),
    )
    told = [(run.number, run.when, run.ended) for run in evidence.runs(looks)]
    assert told == [
        ("1-2", "0s to 1.1s", "fail: no"),
        ("3", "at 2s for 100ms", "fail: still no"),
        ("4", "at 3s for 100ms", "pass"),
    ]


FAILED = check("a/failed", "failed", "tcp", "fail", look(1, 0, 1, "fail", "no"), reason="no")
PASSED = check("a/passed", "passed", "tcp", "pass", look(1, 0, 1, "pass"))


@pytest.mark.parametrize(
    ("tree", "forgiven"),
    [
        pytest.param(section("", "Root", FAILED, PASSED), {}, id="the-verdict-rests-on-it"),
        pytest.param(
            section("", "Root", section("a", "Half", FAILED, PASSED, require="1/2")),
            {"a/failed": "Half passed without it"},
            id="a-quorum-forgave-it",
        ),
        pytest.param(
            section("", "Root", section("a", "All", FAILED), PASSED, require="any"),
            {"a": "Root passed without it", "a/failed": "Root passed without it"},
            id="a-quorum-above-forgave-its-section",
        ),
        pytest.param(
            section("", "Root", section("a", "Tip", FAILED, severity="advisory"), PASSED),
            {"a": "advisory", "a/failed": "advisory"},
            id="its-section-is-advisory",
        ),
        pytest.param(
            section("", "Root", section("a", "All", samples.CERTIFICATE), PASSED),
            {
                "a": "waived",
                samples.CERTIFICATE.address: "waived: dana, renewal booked, OPS-12, until 2026-12-01",
            },
            id="it-is-waived",
        ),
    ],
)
def test_what_the_verdict_does_not_rest_on_is_known(tree, forgiven):
    assert standing.forgiven(report(tree).root) == forgiven


def test_troubles_come_heaviest_first_and_blocked_ones_not_at_all():
    troubles = [(entry.outcome, entry.name) for entry in standing.troubles(samples.NO_GO)]
    assert troubles == [
        ("fail", "Health endpoint answers with the new version"),
        ("fail", "Rollout is finished"),
        ("error", "Error budget is left"),
        ("pending", "Tech lead agrees"),
        ("fail", "Somebody is on call"),
        ("waived", "Certificate outlives the release"),
    ]


def test_a_skipped_section_says_why():
    skipped = msgspec.structs.replace(
        samples.GO.root.children[0], outcome=Outcome.SKIPPED, reason="cdn_url is '', expected matches '.'"
    )
    assert wording.remarks(skipped) == ["cdn_url is '', expected matches '.'"]


def test_what_a_check_proves_names_the_metric_where_there_is_one():
    entry = check("a", "a", "http", "pass", refs=("R-1", "R-2"), metric_refs={"state": ("R-2",)})
    assert dict(wording.facts(entry))["proves"] == "R-1, R-2 (state)"


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://wiki.example.com/a?b=c&d#e", True),
        ("http://10.0.0.1/x", True),
        ("javascript:alert(1)", False),
        ("HTTPS://wiki.example.com", False),
        ("ftp://example.com", False),
        ("https://a b", False),
        ('https://a"b', False),
        ("https://a>b", False),
        ("https://a|b", False),
        ("ask in #platform", False),
        ("", False),
    ],
)
def test_only_http_is_a_link(url, is_link):
    assert wording.is_link(url) is is_link


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("https://wiki.example.com/long x", ["https://wiki.example.com/long", "x"]),
        ("漢字 漢字 漢字", ["漢字 漢字", "漢字"]),
        ("cafe\u0301 olé x", ["cafe\u0301 olé", "x"]),
    ],
)
def test_text_is_wrapped_at_its_spaces_by_cells(text, lines):
    assert terminal.wrapped(text, 9) == lines
