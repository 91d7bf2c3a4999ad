"""Readings out of what was given: JSON strictly, JMESPath exactly, XPath safely, patterns in bounded time."""

import json
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from agent.probe import Unreadable
from probes.extract import (
    JmesPath,
    JmesPaths,
    Pattern,
    Patterns,
    XPath,
    XPaths,
    check_jmespath,
    check_pattern,
    check_xpath,
    full_match,
    json_readings,
    parse_json,
    parse_xml,
    regex_readings,
    select,
    select_xpath,
    xpath_readings,
)

fuzz = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def test_no_engine_is_loaded_before_an_expression_of_its_language_is_met():
    code = (
        "import sys; import probes.extract as x; engines = {'jmespath', 'lxml', 'regex'}\n"
        "x.json_readings(b'{', {}); x.regex_readings('', {}); x.xpath_readings(b'', {}); x.parse_json(b'1')\n"
        "print(sorted(engines & set(sys.modules)))\n"
        "x.check_jmespath('a'); print(sorted(engines & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n['jmespath']\n"


# JSON


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b'{"a": [1, true, null, "x"]}', {"a": [1, True, None, "x"]}, id="data"),
        pytest.param(b"0.1", Decimal("0.1"), id="a fraction is exact"),
        pytest.param(b"1e2", Decimal("1e2"), id="an exponent"),
        pytest.param(b"12345678901234567890123", 12345678901234567890123, id="a large integer"),
        pytest.param(b'"\\ud83d\\ude00"', "\U0001f600", id="a surrogate pair"),
        pytest.param(b"\xef\xbb\xbf[]", [], id="a byte order mark is ignored"),
        pytest.param(b" \r\n\t1\n", 1, id="white space"),
        pytest.param(b"[" * 100 + b"]" * 100, json.loads("[" * 100 + "]" * 100), id="a hundred levels"),
        pytest.param(b"[" + b"[]," * 200 + b"0]", [[]] * 200 + [0], id="wide is not deep"),
    ],
)
def test_json_is_read(data, value):
    assert parse_json(data) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b'{"a": 1', "it is cut short at line 1 column 8"),
        (b'{"a": [1,\n', "it is cut short at line 2 column 1"),
        (b'{"a": "x', "it is cut short at line 1 column 7"),
        (b"{'a': 1}", "expecting property name enclosed in double quotes at line 1 column 2"),
        (b"[1 2]", "expecting ',' delimiter at line 1 column 4"),
        (b'{"a": 1} x', "extra data at line 1 column 10"),
        (b"<html>", "expecting value at line 1 column 1"),
        (b'"a\x01"', "invalid control character at line 1 column 3"),
        (b'{"a": 1, "b": {"a": 1, "a": 2}}', 'the key "a" stands twice in one object'),
        (b"[NaN]", "NaN is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"[" * 101 + b"]" * 101, "it is nested deeper than 100 levels"),
        (b"[" * 100_000, "it is nested deeper than 100 levels"),
        (b'{"a":' * 100_000, "it is nested deeper than 100 levels"),
        (b'{"a": "\xe9"}', "it is not UTF-8: byte 0xe9 at offset 7"),
        ('{"a": 1}'.encode("utf-16"), "it is UTF-16, expected UTF-8"),
        (b'["\\ud800"]', "a text holds half of a surrogate pair"),
        (b'{"\\udc00": 1}', "a text holds half of a surrogate pair"),
        (b"1" * 5000, "a number has more than 4300 digits"),
        (b"0." + b"1" * 5000, "a number has more than 4300 digits"),
        (b"1e999999999", 'the number "1e999999999" is out of range'),
        (b"0e999999999", 'the number "0e999999999" is out of range'),
        (b"1e-999999999", 'the number "1e-999999999" is out of range'),
    ],
    ids=range(25),
)
def test_what_is_not_json_is_refused_with_its_reason(data, reason):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_json(data)
    assert str(caught.value) == reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@fuzz
@given(json_values)
def test_json_that_was_written_is_read_back(value):
    assert parse_json(json.dumps(value).encode()) == value


@fuzz
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_what_is_written(number):
    assert parse_json(repr(number).encode()) == Decimal(repr(number))


@fuzz
@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"[" * 3000 + b"1")
def test_no_bytes_at_all_raise_anything_but_a_value_error(data):
    with suppress(ValueError):
        parse_json(data)


# JMESPath

DOCUMENT = b"""{
  "state": "ok", "none": null, "yes": [true], "words": ["b", "a"], "numbers": [1, 2.10, 3],
  "items": [{"price": 0.1, "name": "x"}, {"price": 0.2, "name": "y"}], "app/name": "shop"
}"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("state", "ok"),
        ("nothing.at.all", None),
        ("none", None),
        ('"app/name"', "shop"),
        ("numbers[1]", Decimal("2.10")),
        ("numbers[-1]", 3),
        ("length(items)", 2),
        ("sum(numbers)", Decimal("6.10")),
        ("sum(items[].price)", Decimal("0.3")),
        ("avg(numbers[::2])", Decimal(2)),
        ("avg(`[]`)", None),
        ("min(numbers)", 1),
        ("max(items[].price)", Decimal("0.2")),
        ("max_by(items, &price).name", "y"),
        ("sort_by(items, &price)[0].name", "x"),
        ("sort(numbers)[1]", Decimal("2.10")),
        ("map(&name, items)", ["x", "y"]),
        ("items[?price > `0.1`].name", ["y"]),
        ("items[?price >= `0.1`].name", ["x", "y"]),
        ("items[?price == `0.2`].name", ["y"]),
        ("items[?name == 'x'] | [0].price", Decimal("0.1")),
        ("abs(`-1.5`)", Decimal("1.5")),
        ("ceil(numbers[1])", 3),
        ("floor(numbers[1])", 2),
        ("contains(yes, `1`)", False),
        ("contains(yes, `true`)", True),
        ("contains(state, 'o')", True),
        ("contains(state, `1`)", False),
        ("to_number('1.10')", Decimal("1.10")),
        ("to_number('-12')", -12),
        ("to_number('nan')", None),
        ("to_number('1_000')", None),
        ("to_number('1e999999999')", None),
        ("to_number(yes)", None),
        ("to_number(yes[0])", None),
        ("to_number(numbers[1])", Decimal("2.10")),
        ("to_string(numbers)", "[1,2.1,3]"),
        ("to_string(state)", "ok"),
        ("to_string(numbers[1])", "2.10"),
        ("type(numbers[1])", "number"),
        ("type(none)", "null"),
        ('`[1.5, {"a": 0.25}]`', [Decimal("1.5"), {"a": Decimal("0.25")}]),
        ("not_null(none, state)", "ok"),
        ("{s: state, n: numbers[0]}", {"s": "ok", "n": 1}),
    ],
)
def test_a_jmespath_reads(path, value):
    assert json_readings(DOCUMENT, {"it": path}) == {"it": value}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("length(none)", "length(none): length() was given null, expected string or array or object"),
        ("join(',', numbers)", "join(',', numbers): join() was given number, expected array of string"),
        ("sum(words)", "sum(words): sum() was given string, expected array of number"),
        ("avg(state)", "avg(state): avg() was given string, expected array of number"),
        ("items[?name > `1`]", "items[?name > `1`]: it compares a text with a number"),
        ("numbers[::0]", "numbers[::0]: slice step cannot be zero"),
    ],
)
def test_a_jmespath_that_cannot_be_evaluated_is_unreadable(path, reason):
    assert json_readings(DOCUMENT, {"it": path}) == {"it": Unreadable(reason)}


def test_one_bad_reading_does_not_take_the_others_with_it():
    found = select({"a": 1, "b": None}, {"good": "a", "bad": "length(b)", "absent": "c"})
    assert found["good"] == 1
    assert isinstance(found["bad"], Unreadable)
    assert found["absent"] is None


def test_readings_of_what_is_not_json_are_all_unreadable():
    why = Unreadable("the body is not JSON: it is cut short at line 1 column 8")
    assert json_readings(b'{"a": 1', {"x": "a", "y": "b"}) == {"x": why, "y": why}
    assert json_readings(b"", {"x": "a"}, what="stdout") == {"x": Unreadable("stdout is not JSON: it is empty")}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty, expected a JMESPath expression"),
        ("foo[", "not JMESPath: it does not go on rightly at the end: foo["),
        ("a b", "not JMESPath: it does not go on rightly at column 3: a b"),
        ("a.$", "not JMESPath: unknown token $ at column 3: a.$"),
        ("'x", "not JMESPath: unclosed ' delimiter at column 1: 'x"),
        ("(" * 5000, "not JMESPath: nested too deep"),
        ("lenght(a)", "lenght() is not a function of JMESPath, did you mean length()"),
        ("a[?frobnicate(@)]", "frobnicate() is not a function of JMESPath"),
        ("length(a, b)", "length() has 2 arguments, expected 1"),
        ("merge()", "merge() has 0 arguments, expected at least 1"),
        ("&a", "& stands only in the arguments of map, max_by, min_by, sort_by"),
        ("to_array(&a)", "& stands only in the arguments of map, max_by, min_by, sort_by"),
        ('[?state == "ok"]', '"ok" is a field in JMESPath: write \'ok\' for text, @."ok" for a field'),
        ("`NaN`", "nan is not JSON"),
    ],
    ids=range(14),
)
def test_a_mistake_in_a_jmespath_is_found_at_load(path, reason):
    with pytest.raises(ValueError, match=r".") as caught:
        check_jmespath(path)
    assert str(caught.value) == reason


def test_a_field_may_be_compared_with_a_field_that_needs_quotes():
    assert select([{"a": 1, "b-c": 1}], {"it": '[?a == @."b-c"].a'}) == {"it": [1]}
    assert select([{"a": 1, "b-c": 1}], {"it": '[?"b-c" == a].a'}) == {"it": [1]}


# XPath

XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a report --><suite xmlns:m="urn:m" tests="3"><case name="a"> one
</case><case name="b">t<b>w</b>o<!-- not this --></case><m:x>spaced</m:x><empty/></suite>"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/suite/@tests", "3"),
        ("//case[1]", "one"),
        ("//case", ["one", "two"]),
        ("//case/@name", ["a", "b"]),
        ("//nothing", None),
        ("//empty", ""),
        ("//*[local-name()='x']", "spaced"),
        ("count(//case)", 2),
        ("number(/suite/@tests) div 2", 1.5),
        ("count(//case) = 2", True),
        ("string(//nothing)", ""),
        ("/comment()", "a report"),
        ("name(/*)", "suite"),
        ("//m/namespace::*", None),
        ("/suite/namespace::m", "urn:m"),
    ],
)
def test_an_xpath_reads(path, value):
    found = xpath_readings(XML, {"it": path})["it"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("path", ["number(//nothing)", "1 div 0"])
def test_an_xpath_that_gives_no_number_is_unreadable(path):
    assert xpath_readings(XML, {"it": path}) == {"it": Unreadable(f"{path}: is not a number")}


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "yyyyyyyy">]><a b="&x;">&x;</a>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"<a><b></a>", "opening and ending tag mismatch: b line 1 and a at line 1 column 11"),
        (b"<a>", "premature end of data in tag a line 1 at line 1 column 4"),
        (b"<a/><b/>", "extra content at the end of the document at line 1 column 5"),
        (b"<a>\xff</a>", "invalid bytes in character encoding at line 1 column 4"),
        (b"<a>&nope;</a>", "entity 'nope' not defined at line 1 column 10"),
        (b"<a>" * 300, "excessive depth in document: 256 at line 1 column 771"),
        (b'<?xml version="1.0" encoding="bogus"?><a/>', "unsupported encoding: bogus at line 1 column 37"),
        (BOMB.encode(), "it declares a DTD, which is refused"),
        (BOMB.encode("utf-16"), "it declares a DTD, which is refused"),
        (b"<!-- x --><?p x?>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "it declares a DTD, which is refused"),
    ],
    ids=range(11),
)
def test_what_is_not_safe_xml_is_unreadable(data, reason):
    assert xpath_readings(data, {"it": "//a"}) == {"it": Unreadable(f"the body is not XML: {reason}")}


def test_a_doctype_in_text_is_text():
    data = b"<a><![CDATA[<!DOCTYPE html>]]></a>"
    assert xpath_readings(data, {"it": "/a"}) == {"it": "<!DOCTYPE html>"}


def test_an_external_entity_reaches_no_file(tmp_path):
    (tmp_path / "secret").write_text("hidden")
    data = f"<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a [<!ENTITY x SYSTEM '{tmp_path}/secret'>]><a>&x;</a>"
    found = xpath_readings(data.encode("utf-16"), {"it": "string(/a)"})
    assert found == {"it": Unreadable("the body is not XML: it declares a DTD, which is refused")}


def test_html_is_mended_as_browsers_do():
    data = "<title>Café</title><p>a<p>b".encode()
    assert xpath_readings(data, {"t": "//title", "p": "//p"}, html=True) == {"t": "Café", "p": ["a", "b"]}


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param("<p>é".encode("latin-1"), "iso-8859-1", id="as a header said"),
        pytest.param("<p>é".encode(), None, id="UTF-8 when it is that"),
        pytest.param(b'<meta charset="windows-1252"><p>\xe9', None, id="as it says itself"),
    ],
)
def test_html_is_read_in_its_encoding(data, encoding):
    assert xpath_readings(data, {"it": "//p"}, html=True, encoding=encoding) == {"it": "é"}


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (b" \n", None, "it is empty"),
        (b"<!-- -->", None, "it is empty"),
        (b"<div>" * 5000, None, "excessive depth in document: 256 at line 1"),
        (b"<p>x", "x-klingon", "its encoding x-klingon is unknown"),
    ],
)
def test_html_of_which_a_part_would_be_missing_is_unreadable(data, encoding, reason):
    found = xpath_readings(data, {"it": "//p"}, html=True, encoding=encoding)
    assert found == {"it": Unreadable(f"the body is not HTML: {reason}")}


def test_a_parsed_document_is_read_more_than_once():
    document = parse_xml(XML)
    assert select_xpath(document, {"it": "//case[2]"}) == {"it": "two"}
    assert select_xpath(document, {"it": "//case[1]"}) == {"it": "one"}
    assert select_xpath(document, {}) == {}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("//a[", "not XPath 1.0: invalid expression: //a["),
        ("", "not XPath 1.0: invalid expression: "),
        ("m:a", "not XPath 1.0: undefined namespace prefix: m:a"),
        ("ends-with(., 'a')", "not XPath 1.0: unregistered function: ends-with(., 'a')"),
        ("document('file:///etc/passwd')", "not XPath 1.0: unregistered function: document('file:///etc/passwd')"),
        ("$v", "not XPath 1.0: undefined variable: $v"),
    ],
)
def test_a_mistake_in_an_xpath_is_found_at_load(path, reason):
    with pytest.raises(ValueError, match=r".") as caught:
        check_xpath(path)
    assert str(caught.value) == reason


@fuzz
@given(st.binary(), st.booleans())
def test_no_bytes_make_xpath_raise(data, html):
    found = xpath_readings(data, {"it": "string(.)"}, html=html)["it"]
    assert isinstance(found, str | Unreadable)


# Regular expressions


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        pytest.param(r"version (\S+)", "1.4.0", id="the first group"),
        pytest.param(r"version (?P<v>\d+)\.(\d+)", "1", id="of two groups the first"),
        pytest.param(r"\d+\.\d+", "1.4", id="the match without a group"),
        pytest.param(r"absent", None, id="nothing"),
        pytest.param(r"(absent)|version", None, id="a group that took no part"),
        pytest.param(r"(?m)^build:\s*(.*)$", "77", id="flags"),
        pytest.param(r"(?:)", "", id="an empty match is one"),
    ],
)
def test_a_pattern_reads(pattern, value):
    assert regex_readings("version 1.4.0\nbuild: 77\n", {"it": pattern}) == {"it": value}


def test_a_pattern_that_backtracks_without_end_is_given_up():
    pattern = r"(a|aa)+$"
    found = regex_readings("a" * 60 + "b", {"slow": pattern, "quick": "b"})
    assert found == {"slow": Unreadable(f"{pattern}: the search took more than 1 s"), "quick": "b"}


def test_all_of_a_text_matches_or_not():
    assert full_match("verify-full", "verify-(full|ca)") is True
    assert full_match("verify-full\n", "verify-full") is False
    with pytest.raises(ValueError, match=r"^the match took more than 1 s$"):
        full_match("a" * 60 + "b", r"(a|aa)+")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "not a regular expression: missing ) at position 1: ("),
        ("[a", "not a regular expression: unterminated character set at position 2: [a"),
        (
            "a{9999999999999999999}",
            "not a regular expression: repeat count too big at position 2: a{9999999999999999999}",
        ),
        ("(" * 5000, "not a regular expression: nested too deep or counting too far"),
    ],
    ids=range(4),
)
def test_a_mistake_in_a_pattern_is_found_at_load(pattern, reason):
    with pytest.raises(ValueError, match=r".") as caught:
        check_pattern(pattern)
    assert str(caught.value) == reason


# Settings


class Kind(msgspec.Struct):
    one_json: JmesPath
    one_xml: XPath
    one_text: Pattern
    json: JmesPaths
    xml: XPaths
    text: Patterns


def test_the_settings_say_how_they_are_checked_and_which_name_readings():
    info = {field.name: field.type for field in inspect.type_info(Kind).fields}
    extras = {
        name: (kind.value_type if isinstance(kind, inspect.DictType) else kind).extra for name, kind in info.items()
    }
    assert extras == {
        "one_json": {"parse": check_jmespath, "readings": False},
        "one_xml": {"parse": check_xpath, "readings": False},
        "one_text": {"parse": check_pattern, "readings": False},
        "json": {"parse": check_jmespath, "readings": True},
        "xml": {"parse": check_xpath, "readings": True},
        "text": {"parse": check_pattern, "readings": True},
    }
