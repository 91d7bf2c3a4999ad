"""What all formats have in common."""

import subprocess
import sys

import pytest

from agent import reporters
from agent.model import Decision
from tests.agent.reporters import samples

HUMAN = ["text", "markdown"]


@pytest.mark.parametrize("name", reporters.REPORTERS)
def test_every_reporter_in_the_table_can_be_loaded(name):
    assert reporters.load(name).__module__.startswith(f"agent.reporters.{name}")


def test_an_unknown_format_is_a_key_error():
    with pytest.raises(KeyError, match=r"^'pdf'$"):
        reporters.load("pdf")


def test_no_format_is_imported_before_it_is_asked_for():
    code = "import sys, agent.reporters; print(sorted(m for m in sys.modules if m.startswith('agent.reporters.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_the_samples_are_what_their_names_say(sample):
    assert samples.SAMPLES[sample].decision is samples.DECISIONS[sample]


@pytest.mark.parametrize("sample", samples.SAMPLES)
@pytest.mark.parametrize("name", HUMAN)
def test_the_first_line_is_the_headline_and_the_derivation_follows(sample, name):
    report = samples.SAMPLES[sample]
    first, *rest = reporters.load(name)(report).splitlines()
    assert first.removeprefix("# ") == report.headline
    below = " ".join(" ".join(rest[:30]).replace(">", "").replace("&emsp;", "").split())
    for line in report.derivation:
        assert " ".join(line.split()) in below


@pytest.mark.parametrize("name", reporters.REPORTERS)
def test_the_decision_is_told_and_the_text_ends_with_one_newline(name):
    for report in samples.SAMPLES.values():
        told = reporters.load(name)(report)
        assert report.decision in told
        assert told.endswith("\n")
        assert not told.endswith("\n\n")


@pytest.mark.parametrize("name", reporters.REPORTERS)
def test_a_report_without_checks_is_told(name):
    assert samples.EMPTY.decision is Decision.INCONCLUSIVE
    assert "INCONCLUSIVE" in reporters.load(name)(samples.EMPTY)


@pytest.mark.parametrize("name", [name for name in reporters.REPORTERS if name not in ("prometheus", "json")])
def test_a_narrowed_or_interrupted_run_is_never_told_as_a_whole_one(name):
    told = reporters.load(name)(samples.NARROWED)
    assert "INCONCLUSIVE for 3 of 203 checks" in told.replace("%3A", ":")


@pytest.mark.parametrize("name", reporters.REPORTERS)
def test_rendering_is_pure(name):
    render = reporters.load(name)
    assert render(samples.NO_GO) == render(samples.NO_GO)


@pytest.mark.parametrize(
    "needle",
    [
        "status is 500, expected 200",
        "at 2.22s for 1.12s",
        "status is 503, expected 200",
        "payments",
        "https://wiki.example.com/health",
        "passed on attempt 2 of 3",
        "dana, renewal booked, OPS-12, until 2026-12-01",
        "no signature of the role tech-lead",
    ],
)
@pytest.mark.parametrize("name", ["text", "junit", "tap", "markdown", "html"])
def test_a_failure_is_told_whole(name, needle):
    told = reporters.load(name)(samples.NO_GO).replace("&#x27;", "'").replace("''", "'")
    if name in ("markdown", "html") and needle.startswith("status is 500"):
        assert "500" in told
    else:
        assert needle in " ".join(told.split())


@pytest.mark.parametrize("name", ["text", "junit", "markdown", "html", "github"])
def test_a_warning_is_told_for_a_check_that_passed(name):
    assert "warning: latency_seconds is 312ms, expected at most 200ms" in reporters.load(name)(samples.GO)
