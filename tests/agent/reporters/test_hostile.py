"""Text that attacks: no format breaks, no terminal obeys, nothing forged is believed.

Each format is read back by a parser that is not ours, and what it finds is only what we wrote.
"""

import re
from html.parser import HTMLParser
from itertools import cycle
from xml.etree import ElementTree as ET

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agent import reporters
from agent.events import CheckFinished
from agent.model import Outcome, Result
from agent.report import Report
from agent.reporters import clean, ndjson, text
from tests.agent.reporters import hostile, samples

EVERY = [*hostile.ATTACKS, None]
each_attack = pytest.mark.parametrize("attack", EVERY, ids=[*map(str, range(len(hostile.ATTACKS))), "all"])
CHECKS = 12
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200b\ufeff\ufffe\uffff\ud800-\udfff]")


@pytest.mark.parametrize("name", reporters.REPORTERS)
@each_attack
def test_nothing_that_cannot_be_seen_gets_into_a_report(name, attack):
    told = reporters.load(name)(hostile.report(attack))
    told.encode()
    if name == "json":
        told = told.replace("\x7f", "")  # JSON allows it; a browser or a terminal never sees this file as it is
        assert not re.search("[\x00-\x09\x0b-\x1f\ud800-\udfff]", told)
    else:
        assert not FORBIDDEN.search(told)


@each_attack
def test_the_terminal_is_told_nothing_but_our_own_colours(attack):
    told = text.render(hostile.report(attack), color=True)
    assert not FORBIDDEN.search(re.sub(r"\x1b\[[\d;]+m", "", told))


@pytest.mark.parametrize("name", ["text", "nagios"])
@each_attack
def test_no_line_is_an_order_to_a_ci_system(name, attack):
    for line in reporters.load(name)(hostile.report(attack)).splitlines():
        assert not re.match(r"\s*::(error|add-mask|\w+[- ]).*::", line)
        assert "##[" not in line
        assert "##vso[" not in line


@each_attack
def test_junit_has_exactly_its_cases(attack):
    root = ET.fromstring(reporters.load("junit")(hostile.report(attack)))
    assert [suite.tag for suite in root] == ["testsuite"]
    (suite,) = root
    assert [child.tag for child in suite] == ["properties", *["testcase"] * (CHECKS + 1)]
    tags = {child.tag for case in suite.findall("testcase") for child in case}
    assert tags <= {"properties", "failure", "error", "skipped", "system-out"}


@each_attack
def test_tap_has_exactly_its_points_and_its_blocks_are_yaml(attack):
    lines = reporters.load("tap")(hostile.report(attack)).splitlines()
    assert lines[:2] == ["TAP version 13", f"1..{CHECKS + 1}"]
    points = [line for line in lines if re.match(r"(not )?ok\b", line)]
    assert [re.match(r"(?:not )?ok (\d+) - ", point)[1] for point in points] == [
        str(number) for number in range(1, CHECKS + 2)
    ]
    assert points[-1].startswith("not ok")
    blocks = re.findall(r"^  ---\n(.*?)^  \.\.\.$", "\n".join(lines), re.MULTILINE | re.DOTALL)
    assert len(blocks) == sum(line == "  ---" for line in lines)
    for block in blocks:
        assert all(isinstance(value, str) for value in yaml.safe_load(block).values())
    rest = [line for line in lines[2:] if line not in points and not line.startswith(("#", "  "))]
    assert rest == []
    directives = [re.search(r"(?<!\\)#\s*(\w+)", point) for point in points]
    assert {match[1] for match in directives if match} == {"SKIP", "TODO"}
    assert sum(bool(match) for match in directives) == 3


@each_attack
def test_markdown_means_only_what_we_wrote(attack):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    kinds, tags, targets = set(), set(), []
    tokens = parser.parse(reporters.load("markdown")(hostile.report(attack)))
    for token in [inner for outer in tokens for inner in (outer, *(outer.children or ()))]:
        kinds.add(token.type)
        if token.type in ("html_inline", "html_block"):
            tags |= set(re.findall(r"</?[^>]*>", token.content))
        if token.type == "link_open":
            targets.append(token.attrs["href"])
    assert tags <= {"<br>", "<details open>", "</details>", "<summary>", "</summary>"}
    assert not kinds & {"image", "code_inline", "code_block", "fence", "s_open", "em_open", "hr", "lheading_open"}
    assert not targets
    assert sum(token.type == "table_open" for token in tokens) == 5
    assert sum(token.type == "heading_open" for token in tokens) == 7


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open = set(), set(), []
        self.links = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@each_attack
def test_html_has_only_our_tags_and_links(attack):
    page = Tags()
    page.feed(reporters.load("html")(hostile.report(attack)))
    assert page.open == []
    assert page.tags <= {
        "a", "body", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "head", "header", "html",
        "li", "main", "meta", "ol", "p", "rect", "span", "style", "summary", "svg", "table", "tbody", "td", "th",
        "thead", "title", "tr", "ul",
    }  # fmt: skip
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}
    assert all(link.startswith("#item-") for link in page.links)


@each_attack
def test_github_gets_one_whole_command_per_line(attack):
    lines = reporters.load("github")(hostile.report(attack)).splitlines()
    assert len(lines) == (10 if attack != "" else 9)  # a retry without its reason is a plain pass
    for line in lines:
        level, properties, _ = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line).groups()
        names = [pair.partition("=")[0] for pair in properties.split(",")]
        assert names in (["title"], ["file", "line", "title"])
        assert level


@each_attack
def test_prometheus_has_only_samples_of_ours(attack):
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\")*"'
    sample = re.compile(rf"gonogo_\w+\{{{label}(?:,{label})*\}} [-+.\de]+")
    comment = re.compile(r"# (HELP|TYPE) gonogo_\w+ .+")
    lines = reporters.load("prometheus")(hostile.report(attack)).splitlines()
    assert [line for line in lines if not sample.fullmatch(line) and not comment.fullmatch(line)] == []
    assert [line for line in lines if 'decision="GO"' in line] == [lines[2]]
    assert lines[2].endswith('decision="GO"} 0')


@each_attack
def test_nagios_has_one_state_and_its_performance_data(attack):
    first, *rest = reporters.load("nagios")(hostile.report(attack)).splitlines()
    assert first.startswith("GONOGO CRITICAL - NO-GO")
    assert first.count("|") == 1
    assert "|".join(rest).count("|") == len(rest) - 1 + 1
    timing = re.compile(r"'(?:[^'=|]|'')*'=[\d.]+s;;;0")
    performance = "\n".join(rest).partition("|")[2].split("\n")
    assert len(performance) == 8
    assert all(timing.fullmatch(line) for line in performance)


@each_attack
def test_json_keeps_every_text_but_what_cannot_be_encoded(attack):
    report = hostile.report(attack)
    back = msgspec.json.decode(reporters.load("json")(report), type=Report)
    if attack is not None and "\ud800" not in attack:
        assert back == report
    else:
        assert back.headline.encode()
        assert len(back.root.children) == len(report.root.children)


@each_attack
def test_an_event_is_one_line_of_json(attack):
    event = CheckFinished(
        at_seconds=1, name=attack or "", result=Result(address="a", outcome=Outcome.PASS, reason=attack or "")
    )
    line = ndjson.encode(event)
    assert len(line.splitlines()) == 1 or "\x85" in line or "\u2028" in line
    assert "\n" not in line
    assert msgspec.json.decode(line, type=CheckFinished).name == (attack or "").replace("\ud800", r"\ud800")


@pytest.mark.parametrize(
    ("text_", "told"),
    [
        ("plain ü 漢", "plain ü 漢"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202e\u2066", r"\u202e\u2066"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("12345678901", "1234567890… (11 characters)"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(text_, told):
    assert clean.line(text_, 10) == told


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("::error file=a::b", ": :error file=a::b"),
        ("x ::add-mask::y", "x : :add-mask::y"),
        ("::ENDGROUP::", ": :ENDGROUP::"),
        ("::stop-commands::t", ": :stop-commands::t"),
        ("##vso[task.complete]", "# #vso[task.complete]"),
        ("##[group]x", "# #[group]x"),
        ("##teamcity[x]", "# #teamcity[x]"),
        ("fe80::1 and std::vector::at and ::1", "fe80::1 and std::vector::at and ::1"),
        ("## a heading", "## a heading"),
    ],
)
def test_an_order_to_a_ci_system_is_taken_apart(order, told):
    assert clean.terminal(order) == told


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(), max_size=12), min_size=1, max_size=8), st.sampled_from(list(samples.SAMPLES)))
def test_any_text_can_be_told_in_every_format(texts, sample):
    turn = cycle(texts)
    report = hostile.replaced(samples.SAMPLES[sample], lambda: next(turn))
    for name in reporters.REPORTERS:
        reporters.load(name)(report).encode()
    ET.fromstring(reporters.load("junit")(report))
