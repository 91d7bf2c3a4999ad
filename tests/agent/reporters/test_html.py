"""The page: nothing is loaded, nothing runs, everybody can read it."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from agent import reporters
from agent.model import Breach
from agent.reporters.html import detail, style
from agent.reporters.html.markup import anchor, link
from agent.reporters.html.timeline import Clock
from tests.agent.reporters import samples
from tests.agent.reporters.samples import check, look


class Page(HTMLParser):
    """What a browser makes of a page, as a flat list of tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(params=list(samples.SAMPLES))
def told(request):
    return reporters.load("html")(samples.SAMPLES[request.param])


def test_the_page_loads_and_runs_nothing(told):
    page = Page(told)
    loading = {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "form", "base"}
    assert not loading & {tag for tag, _ in page.tags}
    assert "url(" not in told
    assert "@import" not in told
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_the_policy_allows_exactly_our_style(told):
    (content,) = [meta["content"] for meta in Page(told).all("meta") if "http-equiv" in meta]
    (css,) = re.findall(r"<style>(.*?)</style>", told, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert content == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not [tag for tag, attributes in Page(told).tags if "style" in attributes]


def test_headings_go_down_one_level_at_a_time(told):
    levels = [int(tag[1]) for tag, _ in Page(told).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_item_can_be_linked_to_and_every_link_leads_somewhere(told):
    page = Page(told)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = [a["href"].removeprefix("#") for a in page.all("a") if a["href"].startswith("#")]
    assert set(inner) <= set(ids)
    outer = [a for a in page.all("a") if not a["href"].startswith("#")]
    assert all(a["rel"] == "noopener noreferrer" and a["href"].startswith("https://") for a in outer)


def test_what_is_wrong_stands_open_and_what_is_forgiven_or_well_is_folded():
    page = Page(reporters.load("html")(samples.NO_GO))
    open_ = [attributes["id"] for attributes in page.all("details") if "open" in attributes]
    assert open_ == [
        "item-smoke",
        "item-smoke/health",
        "item-smoke/rollout-is-finished",
        "item-smoke/error-budget-is-left",
        "item-smoke/customer",
        "item-on-call",
        "item-tech-lead-agrees",
    ]


def test_the_title_and_the_heading_are_the_headline():
    for report in samples.SAMPLES.values():
        told = reporters.load("html")(report)
        assert f"<title>{report.headline}</title>" in told
        (heading,) = re.findall(r"<h1>(.*)</h1>", told)
        assert re.sub(r"<[^>]*>", "", heading) == report.headline


def test_a_long_derivation_is_folded_and_a_short_one_is_not():
    folded = '<details class="more"><summary>all of it</summary><ul class="why"><li class="deep3">'
    assert folded in reporters.load("html")(samples.NO_GO)
    assert 'class="more"' not in reporters.load("html")(samples.GO)


def channel(value: int) -> float:
    """Linear light of one channel, WCAG 2.2."""
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def luminance(color: str) -> float:
    red, green, blue = (channel(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(palette):
    for ground in ("ground", "card"):
        for name in ("text", "soft", "link", "pass", "fail", "error", "open", "waived"):
            assert contrast(palette[name], palette[ground]) >= 4.5, (name, ground)
    for filled in ("fail", "error", "open"):
        assert contrast(palette["on"], palette[filled]) >= 4.5, filled
    for banner in ("go", "no-go", "inconclusive"):
        assert contrast("#ffffff", palette[banner]) >= 4.5, banner


def test_only_http_becomes_a_link():
    assert link("https://wiki.example.com/a?b&c") == (
        '<a href="https://wiki.example.com/a?b&amp;c" rel="noopener noreferrer">https://wiki.example.com/a?b&amp;c</a>'
    )
    assert link("javascript:alert('x')") == "javascript:alert(&#x27;x&#x27;)"


def test_an_anchor_holds_what_a_url_may():
    assert anchor("a/b[0].c d\"#'ü") == "item-a/b[0].c%20d%22%23%27%C3%BC"


def test_a_warned_metric_is_shown_once_or_with_the_limit_that_it_stood():
    warned = samples.WARNED
    rows = re.findall(r'<tr class="(\w+)"><th scope="row">(\w+)', detail.render(warned, "", Clock(1.0)))
    assert rows == [
        ("warned", "latency_seconds"),
        ("held", "status"),
        ("held", "state"),
        ("held", "release"),
        ("held", "latency_seconds"),
    ]
    only = check("a", "a", "http", "pass", look(1, 0, 1, "pass", readings={"x": 1}, warnings=(Breach("x", "1", "2"),)))
    assert re.findall(r'<tr class="(\w+)"><th scope="row">(\w+)', detail.render(only, "", Clock(1.0))) == [
        ("warned", "x")
    ]
    bare = check(
        "a", "a", "http", "pass", look(1, 0, 1, "pass", readings={"x": 1}, warnings=()), expectations=("y: 2",)
    )
    assert re.findall(r'<tr class="(\w+)"><th scope="row">(\w+)', detail.render(bare, "", Clock(1.0))) == [
        ("read", "x"),
        ("read", "y"),
    ]
