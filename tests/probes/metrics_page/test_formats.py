"""The two formats: what is allowed in each, what is not, and where promtool agrees."""

import shutil
import subprocess

import pytest

from probes.metrics_page import openmetrics, text

TEXT = {
    "nothing": "",
    "a sample": "a 1\n",
    "blanks and empty lines": "\n \t\na   1 \t 5 \n\n",
    "blanks everywhere": '  a  { b = "c" , d="e" , } 1\n',
    "no blank behind labels": 'a{b="c"}1\n',
    "comments": "# just a remark\n#\n# TYPED a nothing\n#HELPLESS\na 1\n",
    "declarations in any order": "# HELP a \\n help \\\\ {\n# TYPE a gauge\na 1\n",
    "a help without words": "# HELP a\n# TYPE a gauge\na 1\n",
    "blanks in declarations": "#  TYPE \t a  gauge \na 1\n",
    "a declaration without a blank": "#TYPE a gauge\na 1\n",
    "numbers": "".join(
        f"a{n} {value}\n"
        for n, value in enumerate(["1", "-1", "+1", ".5", "5.", "1e5", "1E-5", "NaN", "+Inf", "-Inf", "inf"])
    ),
    "escapes": 'a{b="\\\\ \\" \\n }{,="} 1\n',
    "other letters": 'a{b="ä€\U0001f600"} 1\n',
    "colons and underscores": "_a:b_1 1\n",
    "times": "a 1 -5\nb 1 1395066363000\n",
    "a histogram": '# TYPE h histogram\nh_bucket{le="0.1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 1\nh_count 2\n',
    "two histograms": (
        '# TYPE h histogram\nh_bucket{a="1",le="1"} 1\nh_bucket{a="1",le="+Inf"} 2\nh_count{a="1"} 2\nh_sum{a="1"} 2\n'
        'h_bucket{a="2",le="1"} 0\nh_bucket{a="2",le="+Inf"} 0\nh_count{a="2"} 0\nh_sum{a="2"} 0\n'
    ),
    "a summary": '# TYPE s summary\ns{quantile="0.5"} NaN\ns{quantile="0.9"} 2\ns_sum 1\ns_count 2\n',
    "untyped": "# TYPE a untyped\na 1\n",
    "a counter that is negative": "# TYPE a counter\na -1\n",
    "declared and without samples": "# HELP a x\n# TYPE a gauge\n# TYPE b gauge\nb 1\n",
}

NO_TEXT = {
    "cut short": ("a 1\nb", ["line 2: the page does not end with a line feed: it is cut short"]),
    "no value": ("a\n", ["line 1: is no sample: 'a'"]),
    "no value behind labels": ('a{b="c"}\n', ["line 1: is no sample: 'a{b=\"c\"}'"]),
    "three numbers": ("a 1 2 3\n", ["line 1: is no sample: 'a 1 2 3'"]),
    "a digit first": ("1a 1\n", ["line 1: is no sample: '1a 1'"]),
    "a dot": ("a.b 1\n", ["line 1: is no sample: 'a.b 1'"]),
    "a carriage return": ("a 1\r\n", ["line 1: a has the value '1\\r', expected a number"]),
    "words": ("a one\n", ["line 1: a has the value 'one', expected a number"]),
    "underscores": ("a 1_0\n", ["line 1: a has the value '1_0', expected a number"]),
    "hexadecimal": ("a 0x1p-2\n", ["line 1: a has the value '0x1p-2', expected a number"]),
    "a comma for a point": ("a 1,5\n", ["line 1: a has the value '1,5', expected a number"]),
    "out of range": ("a 1e400\n", ["line 1: a has the value 1e400, which is out of range"]),
    "a time with a fraction": ("a 1 1.5\n", ["line 1: a has the time '1.5', expected whole milliseconds"]),
    "an exemplar": ('a 1 # {b="c"} 1\n', ["line 1: is no sample: 'a 1 # {b=\"c\"} 1'"]),
    "labels without quotes": ("a{b=c} 1\n", ["line 1: has labels that are not written as a=\"b\": 'a{b=c} 1'"]),
    "single quotes": ("a{b='c'} 1\n", ['line 1: has labels that are not written as a="b": "a{b=\'c\'} 1"']),
    "labels that do not end": ('a{b="c" 1\n', ["line 1: has labels without a comma between them: 'a{b=\"c\" 1'"]),
    "a quote that does not end": ('a{b="c} 1\n', ['line 1: has labels that are not written as a="b": \'a{b="c} 1\'']),
    "no comma": (
        'a{b="c" d="e"} 1\n',
        ['line 1: has labels without a comma between them: \'a{b="c" d="e"} 1\''],
    ),
    "two commas": ('a{b="c",,d="e"} 1\n', ['line 1: has labels that are not written as a="b": \'a{b="c",,d="e"} 1\'']),
    "a label twice": ('a{b="c",b="d"} 1\n', ["line 1: has the label b twice"]),
    "the name as a label": ('a{__name__="b"} 1\n', ["line 1: has a label __name__"]),
    "a label with a dash": ('a{b-c="d"} 1\n', ['line 1: has labels that are not written as a="b": \'a{b-c="d"} 1\'']),
    "another escape": ('a{b="\\t"} 1\n', ['line 1: has \\t in the value of a label, expected \\\\, \\" or \\n']),
    "no type": ("# TYPE a\n", ["line 1: a has the type nothing, expected counter, gauge, histogram, summary, untyped"]),
    "another type": (
        "# TYPE a info\na 1\n",
        ["line 1: a has the type info, expected counter, gauge, histogram, summary, untyped"],
    ),
    "a type of nothing": ("# TYPE\n", ["line 1: TYPE of nothing, expected the name of a metric"]),
    "a help for a name that is none": ("# HELP a-b c\n", ["line 1: HELP of a-b, expected the name of a metric"]),
    "two types": ("# TYPE a gauge\n# TYPE a gauge\na 1\n", ["line 2: a has a second TYPE"]),
    "two helps": ("# HELP a b\n# HELP a c\na 1\n", ["line 2: a has a second HELP"]),
    "a type too late": ("a 1\n# TYPE a gauge\n", ["line 2: a has its TYPE after its samples"]),
    "the same twice": ("a 1\na 1\n", ["line 2: a has the same labels twice"]),
    "the same in another order": (
        'a{b="c",d="e"} 1\na{d="e",b="c"} 2\n',
        ["line 2: a has the same labels twice"],
    ),
    "the same at another time": ("a 1 1\na 1 2\n", ["line 2: a has the same labels twice"]),
    "in two pieces": (
        'a{x="1"} 1\nb 1\na{x="2"} 1\n',
        ["line 3: a goes on after another metric, expected all of it in one piece"],
    ),
    "declared elsewhere": (
        "# TYPE a gauge\n# TYPE b gauge\na 1\nb 1\n",
        [
            "line 3: a goes on after another metric, expected all of it in one piece",
            "line 4: b goes on after another metric, expected all of it in one piece",
        ],
    ),
    "a histogram without buckets' names": (
        '# TYPE h histogram\nh{le="+Inf"} 1\n',
        [
            "line 2: h is a histogram, whose samples are h_bucket, h_sum, h_count",
            'line 3: h{le="+Inf"} has no bucket for +Inf',
        ],
    ),
    "a histogram without +Inf": (
        '# TYPE h histogram\nh_bucket{a="b",le="1"} 1\nh_sum{a="b"} 1\nh_count{a="b"} 1\nb 1\n',
        ['line 5: h{a="b"} has no bucket for +Inf'],
    ),
    "a histogram without buckets": ("# TYPE h histogram\nh_sum 1\nh_count 1\n", ["line 4: h has no bucket for +Inf"]),
    "another count": (
        '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_count 2\n',
        ["line 4: h has the count 2, and 1 in the bucket for +Inf"],
    ),
    "buckets in disorder": (
        '# TYPE h histogram\nh_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\n',
        ['line 3: h_bucket has le="1" after 2, expected increasing bounds'],
    ),
    "buckets that shrink": (
        '# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\n',
        ["line 3: h_bucket is 1 after 2, expected buckets that count everything below"],
    ),
    "a bucket that is no number": (
        '# TYPE h histogram\nh_bucket{le="1"} NaN\nh_bucket{le="+Inf"} 1\n',
        ["line 2: h_bucket is nan after -inf, expected buckets that count everything below"],
    ),
    "a bucket without bound": (
        '# TYPE h histogram\nh_bucket 1\nh_bucket{le="+Inf"} 1\n',
        ["line 2: h_bucket has no number as the label le"],
    ),
    "a quantile of 2": ('# TYPE s summary\ns{quantile="2"} 1\n', ['line 2: s has quantile="2"']),
    "no quantile": ("# TYPE s summary\ns 1\n", ["line 2: s has no number as the label quantile"]),
    "quantiles in disorder": (
        '# TYPE s summary\ns{quantile="0.9"} 1\ns{quantile="0.5"} 1\n',
        ['line 3: s has quantile="0.5" after 0.9, expected increasing bounds'],
    ),
    "names of two families": (
        "# TYPE h summary\nh_count 1\n# TYPE h_count gauge\n",
        [
            "line 3: h_count is a family, and a sample of h as well",
            "line 3: samples of h_count and of h are both called h_count",
        ],
    ),
    "everything at once": ("a\nb\na 1\n", ["line 1: is no sample: 'a'", "line 2: is no sample: 'b'"]),
}


@pytest.mark.parametrize("name", TEXT)
def test_what_the_text_format_allows(name):
    assert text.read(TEXT[name]).problems == []


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_the_text_format_does_not_allow(name):
    page, problems = NO_TEXT[name]
    assert text.read(page).problems == problems


def promtool(page):
    """Whether promtool can read a page; what it finds unusual does not count."""
    command = [shutil.which("promtool"), "check", "metrics"]
    return subprocess.run(command, input=page.encode(), capture_output=True, check=False).returncode != 1


LENIENT = {
    "the same twice",
    "the same in another order",
    "the same at another time",
    "in two pieces",
    "declared elsewhere",
    "a histogram without buckets' names",
    "a histogram without +Inf",
    "a histogram without buckets",
    "another count",
    "buckets in disorder",
    "buckets that shrink",
    "a bucket that is no number",
    "a bucket without bound",
    "a quantile of 2",
    "no quantile",
    "quantiles in disorder",
    "names of two families",
    "no type",
    "a type of nothing",
}
"""What the format forbids and promtool takes."""

STRICT = {"blanks and empty lines", "blanks in declarations"}
"""What the format allows and promtool does not take: blanks at the end of a line."""


@pytest.mark.parametrize("name", sorted(TEXT.keys() - STRICT))
def test_promtool_takes_what_is_allowed(name):
    assert promtool(TEXT[name])


@pytest.mark.parametrize("name", sorted(NO_TEXT.keys() - LENIENT))
def test_promtool_refuses_it_too(name):
    assert not promtool(NO_TEXT[name][0])


# ---- OpenMetrics


def ended(*lines):
    return "\n".join((*lines, "# EOF")) + "\n"


BUCKETS = ('h_bucket{le="1.0"} 1', 'h_bucket{le="+Inf"} 2', "h_count 2", "h_sum 3")

OPEN = {
    "nothing": "# EOF\n",
    "no line feed at the end": "a 1\n# EOF",
    "a counter": ended("# TYPE a counter", "# HELP a x", "a_total 1", "a_created 5"),
    "counters": ended("# TYPE a counter", 'a_total{b="1"} 1', 'a_total{b="2"} 2 5.5'),
    "a gauge": ended("# TYPE a gauge", "a NaN"),
    "a unit": ended("# TYPE a_seconds gauge", "# UNIT a_seconds seconds", "a_seconds -1"),
    "a unit of nothing": ended("# UNIT a ", "# TYPE a info", 'a_info{v="1"} 1'),
    "a histogram": ended("# TYPE h histogram", *BUCKETS, "h_created 5"),
    "a histogram without sum": ended("# TYPE h histogram", *BUCKETS[:2]),
    "a histogram below zero": ended("# TYPE h histogram", 'h_bucket{le="-1.0"} 1', 'h_bucket{le="+Inf"} 2'),
    "a gauge histogram": ended("# TYPE g gaugehistogram", 'g_bucket{le="+Inf"} 1', "g_gcount 1", "g_gsum 3"),
    "a summary": ended("# TYPE s summary", 's{quantile="0.5"} NaN', "s_count 1", "s_sum 2", "s_created 5"),
    "a state set": ended("# TYPE s stateset", 's{s="on"} 1', 's{s="off"} 0'),
    "an info": ended("# TYPE b info", 'b_info{version="1"} 1'),
    "an exemplar": ended("# TYPE a counter", 'a_total{b="x # y"} 1 5 # {trace="1"} 0.5 4'),
    "an empty exemplar": ended("# TYPE h histogram", 'h_bucket{le="+Inf"} 1 # {} 1', "h_count 1", "h_sum 1"),
    "unknown": ended("# TYPE a unknown", "a 1"),
    "undeclared": ended("a{} 1", 'b{c="d"} -Inf'),
    "escapes": ended('a{b="\\\\ \\" \\n \\x"} 1'),
    "a help of several words": ended('# HELP a x "y" \\\\ \\n z ', "a 1"),
    "the same at another time": ended("a 1 1", "a 1 2"),
}

NO_OPEN = {
    "no end": ("a 1\n", ["line 1: the page does not end with # EOF: it is cut short"]),
    "nothing": ("", ["line 1: the page does not end with # EOF: it is cut short"]),
    "more behind the end": (
        "# EOF\na 1\n",
        [
            "line 1: is neither TYPE, HELP, UNIT nor a sample: '# EOF'",
            "line 2: the page does not end with # EOF: it is cut short",
        ],
    ),
    "two line feeds at the end": (
        "# EOF\n\n",
        [
            "line 1: is neither TYPE, HELP, UNIT nor a sample: '# EOF'",
            "line 2: the page does not end with # EOF: it is cut short",
        ],
    ),
    "an empty line": (ended("a 1", "", "b 1"), ["line 2: is no sample: ''"]),
    "a comment": (ended("# remark"), ["line 1: is neither TYPE, HELP, UNIT nor a sample: '# remark'"]),
    "two blanks": (ended("a  1"), ["line 1: is no sample: 'a  1'"]),
    "a blank at the end": (ended("a 1 "), ["line 1: is no sample: 'a 1 '"]),
    "a blank at the start": (ended(" a 1"), ["line 1: is no sample: ' a 1'"]),
    "a tab": (ended("a\t1"), ["line 1: is no sample: 'a\\t1'"]),
    "a comma at the end": (ended('a{b="c",} 1'), ["line 1: has a comma at the end of its labels: 'a{b=\"c\",} 1'"]),
    "blanks in labels": (
        ended('a{b="c", d="e"} 1'),
        ['line 1: has labels that are not written as a="b": \'a{b="c", d="e"} 1\''],
    ),
    "another type": (
        ended("# TYPE a untyped", "a 1"),
        [
            "line 1: a has the type 'untyped', expected counter, gauge, histogram, gaugehistogram, summary, info,"
            " stateset, unknown"
        ],
    ),
    "a counter without its suffix": (
        ended("# TYPE a counter", "a 1"),
        ["line 2: a is a counter, whose samples are a_total, a_created"],
    ),
    "a counter below zero": (
        ended("# TYPE a counter", "a_total -1"),
        ["line 2: a_total of a is -1, expected 0 or more"],
    ),
    "a counter of no number": (
        ended("# TYPE a counter", "a_total NaN"),
        ["line 2: a_total of a is nan, expected 0 or more"],
    ),
    "created at no time": (
        ended("# TYPE a counter", "a_total 1", "a_created +Inf"),
        ["line 3: a_created is inf, expected a time"],
    ),
    "a time that is none": (ended("a 1 NaN"), ["line 1: a has the time NaN"]),
    "a unit that is not in the name": (
        ended("# UNIT a seconds"),
        ["line 1: a has the unit seconds, expected a name that ends in it"],
    ),
    "a unit of an info": (
        ended("# TYPE a_u info", "# UNIT a_u u"),
        ["line 2: a_u is of type info and has a unit"],
    ),
    "a unit before an info": (
        ended("# UNIT a_u u", "# TYPE a_u stateset"),
        ["line 2: a_u is of type stateset and has a unit"],
    ),
    "a sum without count": (
        ended("# TYPE h histogram", *BUCKETS[:2], BUCKETS[3]),
        ["line 5: h has a sum but no count, expected both or none"],
    ),
    "a count without sum": (
        ended("# TYPE h histogram", *BUCKETS[:3]),
        ["line 5: h has a count but no sum, expected both or none"],
    ),
    "a sum below zero": (
        ended("# TYPE g gaugehistogram", 'g_bucket{le="+Inf"} 1', "g_gcount 1", "g_gsum -3"),
        ["line 5: g has the sum -3 and no bucket below zero"],
    ),
    "a sum with buckets below zero": (
        ended("# TYPE h histogram", 'h_bucket{le="-1.0"} 1', *BUCKETS[1:]),
        ["line 6: h has a sum and buckets below zero"],
    ),
    "infinity written otherwise": (
        ended("# TYPE h histogram", 'h_bucket{le="Inf"} 1'),
        ['line 2: h_bucket has le="Inf"', "line 3: h has no bucket for +Inf"],
    ),
    "times of some": (
        ended("# TYPE h histogram", *BUCKETS[:2], "h_count 2 5", "h_sum 3"),
        ["line 4: h_count has a time, expected all of h to be alike"],
    ),
    "a quantile below zero": (
        ended("# TYPE s summary", 's{quantile="0.5"} -1'),
        ["line 2: s has a quantile of -1, expected 0 or more"],
    ),
    "an info of 2": (ended("# TYPE b info", "b_info 2"), ["line 2: b_info is 2, expected 1"]),
    "a state of 2": (ended("# TYPE s stateset", 's{s="a"} 2'), ["line 2: s is 2, expected 0 or 1"]),
    "a state without its label": (
        ended("# TYPE s stateset", 's{t="a"} 1'),
        ["line 2: s is a state set without the label s"],
    ),
    "an exemplar of a gauge": (
        ended("# TYPE a gauge", 'a 1 # {b="c"} 1'),
        ["line 2: a of type gauge has an exemplar"],
    ),
    "an exemplar of a count": (
        ended("# TYPE h histogram", *BUCKETS[:2], "h_count 2 # {} 1", "h_sum 3"),
        [
            "line 4: h_count of type histogram has an exemplar",
            "line 6: h has a sum but no count, expected both or none",
        ],
    ),
    "an exemplar without labels": (
        ended("# TYPE a counter", "a_total 1 # 1"),
        ["line 2: is no sample: 'a_total 1 # 1'"],
    ),
    "an exemplar without a value": (
        ended("# TYPE a counter", 'a_total 1 # {b="c"}'),
        ["line 2: is no sample: 'a_total 1 # {b=\"c\"}'"],
    ),
    "an exemplar that is long": (
        ended("# TYPE a counter", f'a_total 1 # {{b="{"c" * 128}"}} 1'),
        ["line 2: a_total has an exemplar whose labels have more than 128 characters"],
    ),
    "the same twice": (ended("a 1", "a 2"), ["line 2: a has the same labels twice"]),
    "in two pieces": (
        ended('a{x="1"} 1', "b 1", 'a{x="2"} 1'),
        ["line 3: a goes on after another metric, expected all of it in one piece"],
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_openmetrics_allows(name):
    assert openmetrics.read(OPEN[name]).problems == []


@pytest.mark.parametrize("name", NO_OPEN)
def test_what_openmetrics_does_not_allow(name):
    page, problems = NO_OPEN[name]
    assert openmetrics.read(page).problems == problems


def test_only_the_first_problems_are_told_and_all_are_counted():
    page = text.read("-\n" * 50)
    assert (len(page.problems), page.problem_count, page.valid) == (20, 50, False)


def test_after_very_many_problems_nobody_reads_on():
    page = text.read("-\n" * 5000 + "a 1\n")
    assert (page.problem_count, page.samples) == (1001, [])
