"""What an expression reads, and what is seen to be wrong with it before anything runs."""

import re

import pytest

from probes.prometheus.matchers import Matcher, given, parse
from probes.prometheus.promql import check_promql, selectors

READS = {
    "a name": ("up", ["up"]),
    "labels": ('up{job="a", code=~"5..",x!="",y!~\'z\'}', ['up{job="a",code=~"5..",x!="",y!~"z"}']),
    "a comma at the end": ('up{job="a",}', ['up{job="a"}']),
    "nothing": ("1 + 2 * time()", []),
    "numbers": ("1e-5 + .5 - 0x1F * 1_000 ^ Inf % NaN", []),
    "durations": ("rate(a[5m]) + b offset 1h30m + c[1d:5m] @ 1609746000", ["a", "b", "c"]),
    "a subquery": ("max_over_time(rate(a:b[1m])[5m:15s])", ["a:b"]),
    "a subquery without step": ("max_over_time(a[5m:])", ["a"]),
    "times of the range": ("a @ start() + b @ end()", ["a", "b"]),
    "labels of an aggregation": ("sum by (job, code) (a) + sum(b) without (le)", ["a", "b"]),
    "labels of a match": ("a * on (x, y) group_left (z) b / ignoring (q) c", ["a", "b", "c"]),
    "words of operators": ("a and b or c unless d > bool 1 atan2 e", ["a", "b", "c", "d", "e"]),
    "words of newer and other servers": ("rate(a[5m]) smoothed + (b default 0) keep_metric_names", ["a", "b"]),
    "words in capitals": ("SUM BY (job) (a) AND ON (x) b", ["a", "b"]),
    "an aggregation without brackets": ("sum by (job) (rate(a[1m]))", ["a"]),
    "a parameter": ("topk(5, a) + quantile(0.9, b) + count_values('v', c)", ["a", "b", "c"]),
    "twice": ("a + a", ["a"]),
    "labels that are called like words": ('a{by="1",on="2",and="3"}', ['a{by="1",on="2",and="3"}']),
    "the name as a label": ('{__name__="a",b="c"}', ['a{b="c"}']),
    "names by a pattern": ('{__name__=~"a.*"}', ['{__name__=~"a.*"}']),
    "a name in quotes": ('{"a.b", "c d"="e"}', ['{__name__="a.b","c d"="e"}']),
    "comments and lines": ("a # b{\n + # c\n d", ["a", "d"]),
    "brackets in a text": ('a{b="}){"} + label_replace(c, "d", "$1", "e", "(.*)")', ['a{b="}){"}', "c"]),
    "escapes": (r'a{b="x\"y\\z\n\x41\u00e4\101"}', ['a{b="x\\"y\\\\z\\nAäA"}']),
    "raw": ('a{b=`x\\d"`}', ['a{b="x\\\\d\\""}']),
}


@pytest.mark.parametrize("name", READS)
def test_what_an_expression_reads(name):
    text, found = READS[name]
    assert [str(selector) for selector in selectors(text)] == found


def test_what_is_asked_to_be_absent():
    found = selectors('absent(a{x="1"}) or absent_over_time((b)[5m:]) or sum(c) or ABSENT(sum(d))')
    assert [(selector.name, selector.absence) for selector in found] == [
        ("a", True),
        ("b", True),
        ("c", False),
        ("d", True),
    ]


WRONG = {
    "nothing": ("", "is empty, expected PromQL"),
    "only a comment": (" # a\n", "is empty, expected PromQL"),
    "a bracket that is not closed": ("sum(rate(a[5m])", "has '(' at column 4 that is not closed"),
    "a bracket that closes nothing": ("sum(a))", "has ')' at column 7 that closes nothing"),
    "crossed brackets": ("sum(a[5m)]", "has ')' at column 9 that closes nothing"),
    "on a later line": ("sum(\n  a[5m]\n", "has '(' at line 1 column 4 that is not closed"),
    "a quote that is not closed": ('a{b="c}', "has a quote at column 5 that is not closed"),
    "a quote over two lines": ('a{b="c\nd"}', "has a quote at line 1 column 5 that is not closed"),
    "Grafana's variable": (
        "rate(a[$__rate_interval])",
        "has a $ at column 8: a variable of Grafana means nothing to Prometheus, write its value",
    ),
    "a template": ("a{b={{ x }}}", "has b= at column 3 without quotes around its value"),
    "a sign": ("a ; b", "has ';' at column 3, which is not PromQL"),
    "a letter": ("ä", "has 'ä' at column 1, which is not PromQL"),
    "no quotes": ("a{b=c}", "has b= at column 3 without quotes around its value"),
    "no comma": ('a{b="c" d="e"}', "has 'd' at column 9, expected , or }"),
    "no operator": ('a{b "c"}', "has 'b' at column 3, expected a matcher such as code=~\"5..\""),
    "a look ahead": (
        'a{b=~"(?!c).*"}',
        "has a pattern with '(?!', which RE2, the syntax of Prometheus, does not know",
    ),
    "an escape that is none": (r'a{b="\d"}', "has '\\\\d' in quotes, expected a doubled backslash"),
    "no character": (r'a{b="\UFFFFFFFF"}', "has \\UFFFFFFFF, which is no character"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_promql(name):
    text, message = WRONG[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_promql(text)


def test_a_very_long_expression_is_read_in_no_time():
    assert len(selectors(" + ".join(f'm{number}{{a="b"}}' for number in range(1000)))) == 1000
    with pytest.raises(ValueError, match="not closed"):
        check_promql("(" * 100_000)
    with pytest.raises(ValueError, match="quote at column 1 "):
        check_promql('"' + "\\\\" * 100_000)


MATCHERS = {
    "equal": ('severity="critical"', Matcher("severity", "=", "critical")),
    "without quotes": ("severity=critical", Matcher("severity", "=", "critical")),
    "blanks": (' a  !=  "b" ', Matcher("a", "!=", "b")),
    "empty": ('a=""', Matcher("a", "=", "")),
    "a pattern": ('a=~"b|c"', Matcher("a", "=~", "b|c")),
    "a name in quotes": ('"a b"!~c', Matcher("a b", "!~", "c")),
    "signs in a value": ('a="b=~c,{}"', Matcher("a", "=", "b=~c,{}")),
}


@pytest.mark.parametrize("name", MATCHERS)
def test_a_matcher_is_read(name):
    text, matcher = MATCHERS[name]
    assert parse(text) == matcher
    assert parse(str(matcher)) == matcher


NO_MATCHERS = {
    "a name": ("a", 'is no matcher such as severity="critical" or code=~"5.."'),
    "no name": ("=b", 'is no matcher such as severity="critical" or code=~"5.."'),
    "a quote": ('a="b', "has a quote that is not closed, or more behind it"),
    "two": ('a="b",c="d"', "has a quote that is not closed, or more behind it"),
    "no pattern": ("a=~(", "not a regular expression: missing ) at position 1: ("),
    "a reference": (r"a=~`(b)\1`", "has a pattern with '\\\\1', which RE2, the syntax of Prometheus, does not know"),
}


@pytest.mark.parametrize("name", NO_MATCHERS)
def test_what_is_no_matcher(name):
    text, message = NO_MATCHERS[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(text)


@pytest.mark.parametrize(
    ("matcher", "labels", "matches"),
    [
        ("a=b", {"a": "b"}, True),
        ("a=b", {}, False),
        ("a!=b", {}, True),
        ("a=~b", {"a": "bc"}, False),
        ("a=~b.*", {"a": "bc"}, True),
        ("a=~b|c", {"a": "bc"}, False),
        ("a!~b|c", {"a": "bc"}, True),
        ('a=~""', {}, True),
        ("a=~.+", {}, False),
        (r"a=~`\d+`", {"a": "٣"}, False),
        (r"a=~`\w+`", {"a": "ä"}, False),
    ],
)
def test_a_matcher_matches_all_of_a_label_as_prometheus_does(matcher, labels, matches):
    assert parse(matcher).matches(labels) is matches


def test_labels_and_matchers_together():
    assert list(map(str, given({"a": 'x"y'}, ["b=~c"]))) == ['a="x\\"y"', 'b=~"c"']
