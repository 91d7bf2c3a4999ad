"""What each format owes to its readers, beyond its golden files."""

import json
import re
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest

from agent import reporters
from agent.events import AttemptFinished
from agent.report import SCHEMA_VERSION, Report
from agent.reporters import github, markdown, ndjson, schema, text
from agent.reporters.html.timeline import Clock
from tests.agent.reporters import samples
from tests.agent.reporters.samples import check, look, report, section
from tests.agent.reporters.test_golden import events

OK = check("ok", "Fine", "tcp", "pass", look(1, 0, 0.1, "pass"))


def told(name: str, *items, **rest) -> str:
    return reporters.load(name)(report(section("", "Root", *items), "why", **rest))


# ---- json ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_json_satisfies_its_schema_and_reads_back_whole(sample):
    told = reporters.load("json")(samples.SAMPLES[sample])
    validator = jsonschema.Draft202012Validator(schema.of_report())
    validator.validate(json.loads(told))
    assert msgspec.json.decode(told, type=Report) == samples.SAMPLES[sample]


def test_the_schema_refuses_what_is_no_report():
    validator = jsonschema.Draft202012Validator(schema.of_report())
    good = json.loads(reporters.load("json")(samples.GO))
    assert validator.is_valid(good)
    assert not validator.is_valid(good | {"decision": "MAYBE"})
    assert not validator.is_valid({key: value for key, value in good.items() if key != "root"})


def test_every_line_of_ndjson_satisfies_the_schema_of_events():
    validator = jsonschema.Draft202012Validator(schema.of_event())
    lines = [json.loads(ndjson.encode(event)) for event in events()]
    for line in lines:
        validator.validate(line)
    assert [line["event"] for line in lines][:3] == ["run_started", "check_started", "attempt_finished"]


def test_the_schemas_are_schemas_and_say_what_fields_mean():
    for made in (schema.of_report(), schema.of_event()):
        jsonschema.Draft202012Validator.check_schema(made)
    properties = schema.of_report()["$defs"]["Report"]["properties"]
    assert properties["host"]["description"] == "Where it ran."
    assert schema.of_event()["$defs"]["CheckStarted"]["properties"]["at_seconds"]["description"] == (
        "Since the start of the run."
    )


def test_json_carries_the_version_of_its_schema():
    assert json.loads(reporters.load("json")(samples.GO))["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ([1.5, float("nan")], [1.5, "nan"]),
        ({"a": [float("inf")]}, {"a": ["inf"]}),
        (1.5, 1.5),
        (None, None),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_json_cannot_say_becomes_text_and_not_absent(value, written):
    attempt = look(1, 0, 1, "fail", readings={"x": value})
    checked = check("a", "a", "tcp", "fail", attempt, reason="no")
    whole = json.loads(told("json", checked))
    (entry,) = whole["root"]["children"]
    assert entry["result"]["attempts"][0]["readings"] == {"x": written}
    line = ndjson.encode(AttemptFinished(at_seconds=1, address="a", attempt=attempt))
    assert json.loads(line)["attempt"]["readings"] == {"x": written}


# ---- text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_but_for_what_must_stay_whole(width):
    wide = [line for line in text.render(samples.NO_GO, width=width).splitlines() if len(line) > width]
    words = [re.split(r" {2,}", line)[-1] for line in wide]
    assert not [word for word in words if " " in word]


def test_colour_adds_nothing_but_colour():
    plain = text.render(samples.NO_GO)
    painted = re.sub(r"\x1b\[[\d;]*m", "", text.render(samples.NO_GO, color=True))
    assert [line.rstrip() for line in painted.splitlines()] == plain.splitlines()


def test_a_long_report_says_its_headline_again_at_the_end_and_a_short_one_does_not():
    assert text.render(samples.NO_GO).splitlines()[-1] == samples.NO_GO.headline
    assert told("text", OK).splitlines()[-1] != "GO: Post-deploy smoke verification"


def test_a_failure_that_a_quorum_forgave_is_marked():
    bad = check("s/bad", "Bad", "tcp", "fail", look(1, 0, 0.2, "fail", "no"), reason="no")
    lines = told("text", section("s", "Half", bad, OK, require="1/2")).splitlines()
    assert "FAIL    Bad" + "forgiven · 200ms".rjust(69) in lines
    assert "  forgiven       Half passed without it" in lines


def test_many_attempts_that_all_differ_are_told_by_the_first_and_the_last():
    looks = [look(number, number, 0.5, "fail", f"replicas is {number}") for number in range(1, 31)]
    lines = told("text", check("a", "a", "tcp", "fail", *looks, reason="replicas is 30")).splitlines()
    attempts = [line.strip() for line in lines if "attempt" in line and "attempts" not in line]
    assert attempts[0] == "attempt 1      at 1s for 500ms, fail: replicas is 1"
    assert attempts[3] == "… to attempt 25: left out here, json and html have them"
    assert attempts[4] == "attempt 26     at 26s for 500ms, fail: replicas is 26"
    assert attempts[-1] == "attempt 30     at 30s for 500ms, fail, as above"


def test_a_check_of_which_nothing_is_known_is_told_all_the_same():
    assert told("text", check("", "", "", "error")).splitlines()[-1] == "ERROR"


# ---- junit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        ("pass", None),
        ("fail", "failure"),
        ("error", "error"),
        ("blocked", "error"),
        ("pending", "error"),
        ("skipped", "skipped"),
        ("waived", "skipped"),
    ],
)
def test_only_a_plain_pass_is_green_in_junit(outcome, tag):
    root = ET.fromstring(told("junit", check("a/b", "B", "tcp", outcome, reason="why"), OK))
    case = root.find(".//testcase[@name='B']")
    assert [child.tag for child in case if child.tag != "properties"] == ([tag] if tag else ["system-out"])
    numbers = {"failure": 0, "error": 0, "skipped": 0}
    for found in root.iter():
        if found.tag in numbers:
            numbers[found.tag] += 1
    assert (root.get("failures"), root.get("errors"), root.get("skipped"), root.get("tests")) == (
        str(numbers["failure"]),
        str(numbers["error"]),
        str(numbers["skipped"]),
        "3",
    )


@pytest.mark.parametrize(
    ("items", "tag"),
    [
        pytest.param([OK], "system-out", id="go"),
        pytest.param([check("a", "a", "tcp", "fail")], "failure", id="no-go"),
        pytest.param([], "error", id="nothing-ran"),
        pytest.param([check("a", "a", "tcp", "skipped", reason="no CDN")], "error", id="all-skipped"),
        pytest.param([check("a", "a", "tcp", "waived", waiver="dana")], "error", id="all-waived"),
    ],
)
def test_a_run_that_is_not_go_is_not_green_in_junit_even_if_no_check_is_red(items, tag):
    verdict = ET.fromstring(told("junit", *items)).find(".//testcase[@name='verdict']")
    assert [child.tag for child in verdict] == [tag]


def test_junit_names_a_case_by_its_section_and_its_line():
    root = ET.fromstring(reporters.load("junit")(samples.NO_GO))
    case = root.find(".//testcase[@name='Log in']")
    assert {key: case.get(key) for key in ("classname", "file", "line", "time")} == {
        "classname": "post-deploy.smoke.customer",
        "file": "profiles/post-deploy.yaml",
        "line": "55",
        "time": "0.000",
    }
    properties = {found.get("name"): found.get("value") for found in root.iter("property")}
    assert properties["runbook"] == "https://wiki.example.com/sign-off?step=1&role=tech-lead"


# ---- tap -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_a_consumer_of_tap_comes_to_our_verdict(sample):
    points = re.findall(
        r"^(ok|not ok) \d+ - .*?((?<!\\)# TODO.*)?$", reporters.load("tap")(samples.SAMPLES[sample]), re.MULTILINE
    )
    passes = all(ok == "ok" or todo for ok, todo in points)
    assert passes is (samples.SAMPLES[sample].decision == "GO")


# ---- markdown --------------------------------------------------------------------------------------


def test_markdown_stays_below_what_github_takes():
    many = [
        check(f"c{number}", "x" * 1500, "tcp", "fail", look(1, 0, 1, "fail", "y" * 900), reason="y" * 900)
        for number in range(400)
    ]
    summary = told("markdown", *many)
    assert 900_000 < len(summary.encode()) < 1024 * 1024
    assert summary.endswith(
        "**The rest is left out, because a job summary may have 1 MiB; the json and html reports have it.**\n"
        "<details>\n</details>\n"
    )


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("# head", r"\# head"),
        ("=====", r"\====="),
        ("a - b", "a - b"),
        ("latency_seconds", "latency_seconds"),
        ("_em_ *b* `c` ~s~ $m$ [l](u) a|b \\", r"\_em\_ \*b\* \`c\` \~s\~ \$m\$ \[l\](u) a\|b \\"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("@dana", "@&#8203;dana"),
    ],
)
def test_markdown_takes_nothing_for_its_own(said, written):
    assert markdown.md(said, opening=True) == written


# ---- github ----------------------------------------------------------------------------------------


def test_an_annotation_without_a_place_has_none():
    lines = told("github", check("a", "A, b: c", "tcp", "error", reason="50% of\nit")).splitlines()
    assert lines == [
        "::error title=INCONCLUSIVE%3A Post-deploy smoke verification::why",
        r"::error title=ERROR%3A A%2C b%3A c::50%25 of\nit",
    ]


def test_a_run_without_a_derivation_says_its_headline_and_a_check_without_a_reason_its_outcome():
    bare = report(section("", "Root", check("a", "a", "tcp", "error")))
    assert github.render(bare).splitlines() == [
        "::error title=INCONCLUSIVE%3A Post-deploy smoke verification::INCONCLUSIVE: Post-deploy smoke verification",
        "::error title=ERROR%3A a::error",
    ]


def test_levels_say_what_the_verdict_rests_on():
    levels = [line.split()[0] for line in reporters.load("github")(samples.GO).splitlines()]
    assert levels == ["::notice", "::warning", "::notice", "::warning", "::notice"]


# ---- prometheus ------------------------------------------------------------------------------------


def test_each_family_is_announced_once_and_stands_together():
    lines = reporters.load("prometheus")(samples.NO_GO).splitlines()
    names = [re.match(r"(?:# TYPE )?(\w+)", line)[1] for line in lines if not line.startswith("# HELP")]
    seen = list(dict.fromkeys(names))
    assert names == sorted(names, key=seen.index)
    announced = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert announced == [line.split()[2] for line in lines if line.startswith("# HELP")] == seen


def test_exactly_one_decision_is_one():
    for sample, told_report in samples.SAMPLES.items():
        lines = reporters.load("prometheus")(told_report).splitlines()
        ones = [line for line in lines if line.startswith("gonogo_run_decision") and line.endswith(" 1")]
        assert ones == [f'gonogo_run_decision{{profile="post-deploy",decision="{samples.DECISIONS[sample]}"}} 1']


def test_the_subject_becomes_labels():
    lines = told("prometheus", OK, subject={"name": "a", "git-commit": 'x"\\'}).splitlines()
    (info,) = [line for line in lines if line.startswith("gonogo_run_info")]
    assert info.endswith('subject_name="a",subject_git_commit="x\\"\\\\"} 1')


def test_a_narrowed_and_interrupted_run_says_so_in_metrics():
    lines = reporters.load("prometheus")(samples.NARROWED).splitlines()
    assert 'gonogo_run_narrowed{profile="post-deploy"} 1' in lines
    assert 'gonogo_run_interrupted{profile="post-deploy"} 1' in lines


# ---- nagios ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "state"), [("go", "OK"), ("no-go", "CRITICAL"), ("inconclusive", "UNKNOWN"), ("narrowed", "UNKNOWN")]
)
def test_nagios_has_a_state_for_each_decision(sample, state):
    first = reporters.load("nagios")(samples.SAMPLES[sample]).partition("\n")[0]
    assert first.startswith(f"GONOGO {state} - {samples.SAMPLES[sample].headline}|time=")


def test_nagios_without_reasons_still_has_its_performance_data():
    told_report = reporters.load("nagios")(report(section("", "Root", OK)))
    assert told_report.splitlines()[1:] == ["|'ok'=0.100000s;;;0"]


def test_nagios_cuts_long_text_and_keeps_the_timings():
    many = [check(f"c{n}", f"c{n}", "tcp", "fail", look(1, 0, 1, "fail"), reason="no") for n in range(50)]
    lines = told("nagios", *many).splitlines()
    assert lines[20].startswith("FAIL c18: no|'c0'=")
    assert len(lines) == 21 + 49


# ---- the timeline of html --------------------------------------------------------------------------


def test_a_bar_stands_where_its_look_was_and_never_outside():
    clock = Clock(10.0)
    bars = clock.bars((look(1, 0, 5, "fail"), look(2, 9.999, 0.0001, "pass")))
    rects = re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', bars)
    assert rects == [("fail", "0.0", "500.0"), ("pass", "994.0", "6.0")]
    assert "<title>attempt 1: fail, at 0s for 5s</title>" in bars
    assert 'aria-label="2 looks from 0s to 10s"' in bars


def test_the_clock_covers_clean_up_after_the_run_and_a_run_without_time():
    late = check("a", "a", "tcp", "fail", look(1, 4, 3, "fail"))
    assert Clock.of(report(section("", "Root", late)).root, 5.0) == Clock(7.0)
    assert Clock.of(samples.EMPTY.root, 0.0) == Clock(1e-6)
