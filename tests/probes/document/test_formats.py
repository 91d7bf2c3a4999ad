"""Each format is read whole or refused with the place and the reason, whatever stands in the file."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes import formats
from probes.formats import Format

YAML_TYPES = """
number: 1
negative: -12
fraction: 1.10
exponent: 1e3
hexadecimal: 0x1F
octal: 0o17
zeros: 0012345
underscores: 1_000
words: [yes, no, on, off, y, n]
bools: [true, False, TRUE]
nulls: [null, ~, NULL, ]
empty:
quoted: ['1', "true", '']
tagged: !!str 12
time: 10:30
day: 2026-12-01
nan: .nan
infinite: -.inf
1: one
block: |
  two
  lines
"""


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("json", '{"a": 1.5}', {"a": Decimal("1.5")}),
        (
            "yaml",
            YAML_TYPES,
            {
                "number": 1,
                "negative": -12,
                "fraction": Decimal("1.10"),
                "exponent": Decimal("1e3"),
                "hexadecimal": 31,
                "octal": 15,
                "zeros": "0012345",
                "underscores": "1_000",
                "words": ["yes", "no", "on", "off", "y", "n"],
                "bools": [True, False, True],
                "nulls": [None, None, None],
                "empty": None,
                "quoted": ["1", "true", ""],
                "tagged": "12",
                "time": "10:30",
                "day": "2026-12-01",
                "nan": ".nan",
                "infinite": "-.inf",
                "1": "one",
                "block": "two\nlines\n",
            },
        ),
        ("yaml", "a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1, 2]}),
        ("yaml", "&k a: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("yaml", "a: &k x\n*k : 1\n", {"a": "x", "x": 1}),
        (
            "yaml",
            "one: &one {x: 1, y: 2}\ntwo: {<<: *one, y: 3}\nboth: {y: 4, <<: [*one, {x: 9, z: 5}]}\n",
            {"one": {"x": 1, "y": 2}, "two": {"x": 1, "y": 3}, "both": {"x": 1, "y": 4, "z": 5}},
        ),
        ("yaml", "{'<<': 1}", {"<<": 1}),
        ("yaml", "a: 1\n---\nb: 2\n---\n", [{"a": 1}, {"b": 2}]),
        ("yaml", "---\na: 1\n---\n", {"a": 1}),
        ("yaml", "# nothing\n", None),
        ("yaml", "just words", "just words"),
        (
            "toml",
            "a = 1\nb = 1.10\nc = 2026-12-01\nd = 2026-12-01T10:00:00Z\ne = 2026-12-01T10:00:00\n"
            'f = 10:00:00\ng = -inf\nh = 1_000.5\n[t]\nx = ["y", {z = true}]\n',
            {
                "a": 1,
                "b": Decimal("1.10"),
                "c": "2026-12-01",
                "d": datetime(2026, 12, 1, 10, tzinfo=UTC),
                "e": "2026-12-01T10:00:00",
                "f": "10:00:00",
                "g": "-inf",
                "h": Decimal("1000.5"),
                "t": {"x": ["y", {"z": True}]},
            },
        ),
        (
            "ini",
            "; note\n[server]\nHost = db # not a note\npath = %(home)s/x\nflag\n[DEFAULT]\nkey: value\n",
            {"server": {"Host": "db # not a note", "path": "%(home)s/x", "flag": None}, "DEFAULT": {"key": "value"}},
        ),
        ("ini", "", {}),
        ("csv", 'a,b\r\n1,"x,\n""y"""\r\n\r\n2,z\r\n', [{"a": "1", "b": 'x,\n"y"'}, {"a": "2", "b": "z"}]),
        ("csv", "a,b\n", []),
        ("tsv", "a\tb\n1,5\tx\n", [{"a": "1,5", "b": "x"}]),
        ("text", "\ufeffone\r\ntwo\n", "one\ntwo\n"),
    ],
    ids=range(18),
)
def test_a_document_is_read(form, text, value):
    assert formats.parse(text.encode(), form) == value


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)
LADDER = "\n".join(["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)])


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ("json", '{"a": 1, "a": 2}', 'the key "a" stands twice in one object'),
        ("yaml", "a: 1\nb:\n  c: 1\n  c: 2", "the key 'c' stands twice in one mapping at line 4 column 3"),
        ("yaml", "a: &k x\nx: 1\n*k : 2", "the key 'x' stands twice in one mapping at line 3 column 1"),
        ("yaml", "&a [1, *a]", "the alias *a stands for nothing that is complete at line 1 column 8"),
        ("yaml", "a: *b", "the alias *b stands for nothing that is complete at line 1 column 4"),
        ("yaml", "a: &b 1\n---\na: *b", "the alias *b stands for nothing that is complete at line 3 column 4"),
        ("yaml", "a: !Ref b", "the tag !Ref has no meaning here at line 1 column 4"),
        (
            "yaml",
            "a: !!python/object:os.system [x]",
            "the tag tag:yaml.org,2002:python/object:os.system has no meaning here at line 1 column 4",
        ),
        ("yaml", "? [1]\n: 2", "a key is a list or a mapping, expected text at line 1 column 3"),
        ("yaml", "a: &k [1]\n*k : 2", "a key is a list, a mapping or a number, expected text at line 2 column 1"),
        ("yaml", "<<: 3", "<< merges something else than mappings at line 1 column 5"),
        ("yaml", "- " * 100_000, "it is nested deeper than 100 levels at line 1 column 201"),
        ("yaml", "[" * 200_000, "it is nested deeper than 100 levels at line 1 column 101"),
        ("yaml", LADDER, "it is nested deeper than 100 levels at line 100 column 12"),
        ("yaml", LAUGHS, "it is more than 500000 values with its aliases written out at line 6 column 30"),
        ("yaml", "a: 1e9999", 'the number "1e9999" is out of range at line 1 column 4'),
        ("yaml", "a: b: c", "mapping values are not allowed in this context at line 1 column 5"),
        ("yaml", "a: [1, 2", "did not find expected ',' or ']' at line 2 column 1"),
        ("yaml", "a: \x07", "control characters are not allowed at position 3"),
        ("toml", "a = ", "invalid value at end of document"),
        ("toml", "a = 1\na = 2\n", "cannot overwrite a value at line 2, column 6"),
        ("toml", "a = 0x" + "f" * 17, "an integer has more than 64 bits"),
        ("toml", "a = " + "[" * 5000, "it is nested deeper than 100 levels"),
        ("toml", "a = " + "[" * 150 + "]" * 150, "it is nested deeper than 100 levels"),
        ("toml", "a = 1e9999", 'the number "1e9999" is out of range'),
        ("ini", "a = 1", "line 1 stands before the first [section]"),
        ("ini", "[a]\nx = 1\nx = 2", "x stands twice in [a], again in line 3"),
        ("ini", "[a]\n[b]\n[a]", "the section [a] stands twice, again in line 3"),
        ("ini", "[a]\n= 3", "line 2 is neither a section nor a name"),
        ("csv", "", "it has no line of names"),
        ("csv", "a,b,a\n1,2,3", "the column 'a' stands twice"),
        ("csv", "a,b\n1,2\n3", "line 3 has 1 fields, expected 2"),
        ("csv", "a,b\n1,2,3", "line 2 has 3 fields, expected 2"),
        ("csv", 'a,b\n1,"2', "unexpected end of data in line 2"),
        ("csv", 'a\n"x"y', "',' expected after '\"' in line 2"),
        ("csv", "a\n" + "x" * 200_000, "field larger than field limit (131072) in line 2"),
        ("xml", "<!DOCTYPE a><a/>", "it declares a DTD, which is refused"),
        ("xml", "<a>", "premature end of data in tag a line 1 at line 1 column 4"),
    ],
    ids=range(38),
)
def test_a_broken_or_hostile_document_is_refused(form, text, reason):
    with pytest.raises(ValueError, match=r".") as caught:
        formats.parse(text.encode(), form)
    assert str(caught.value) == reason


@pytest.mark.parametrize("form", [form for form in get_args(Format) if form != "xml"])
def test_what_is_not_utf_8_is_told_by_its_first_wrong_byte(form):
    with pytest.raises(ValueError, match=r"^it is not UTF-8: byte 0xe9 at offset 2$"):
        formats.parse(b"# \xe9", form)
    with pytest.raises(ValueError, match=r"^it is UTF-16, expected UTF-8$"):
        formats.parse("a".encode("utf-16"), form)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("drills/restore.json", "json"),
        ("a.b/values.YAML", "yaml"),
        ("x.yml", "yaml"),
        ("pyproject.toml", "toml"),
        ("setup.cfg", "ini"),
        ("php.ini", "ini"),
        ("junit.xml", "xml"),
        ("attendance.csv", "csv"),
        ("attendance.tsv", "tsv"),
        ("notes.md", "text"),
        ("json", "text"),
        (".json", "text"),
    ],
)
def test_the_end_of_a_name_tells_the_format(path, form):
    assert formats.by_suffix(path) == form


@pytest.mark.parametrize(
    ("form", "text", "expression", "value"),
    [
        ("json", '{"a": [1]}', "a[0]", 1),
        ("yaml", "a: [1]", "a[0]", 1),
        ("toml", "a = [1]", "a[0]", 1),
        ("ini", "[a]\nb = 1", "a.b", "1"),
        ("csv", "a\n1\n2", "[-1].a", "2"),
        ("tsv", "a\n1\n2", "length(@)", 2),
        ("xml", "<a><b>1</b></a>", "/a/b", "1"),
        ("text", "a: 1", r"a: (\d)", "1"),
    ],
)
def test_each_format_is_asked_in_its_language(form, text, expression, value):
    formats.check(expression, form)
    assert formats.pick(formats.parse(text.encode(), form), form, {"it": expression}) == {"it": value}


@pytest.mark.parametrize("form", get_args(Format))
def test_an_expression_in_another_language_is_refused(form):
    with pytest.raises(ValueError, match=r"^not "):
        formats.check("([", form)


@pytest.mark.parametrize("form", get_args(Format))
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(data=st.binary() | st.text(alphabet="ab1 \n\t:-[]{}#&*!|>'\"%=.,<>/\u00e9\x00", max_size=60).map(str.encode))
@example(data=b"a: |\n" + b" " * 1000)
def test_no_bytes_raise_anything_but_a_value_error(form, data):
    with suppress(ValueError):
        formats.parse(data, form)
