"""Bytes as text: encodings, line ends, and characters that nobody sees."""

import pytest

from agent.problem import ProfileError
from agent.source import text


def refused(data):
    with pytest.raises(ProfileError) as caught:
        text.decode("x.yaml", data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param("a: b".encode("utf-16-le"), "UTF-16 or UTF-32", id="UTF-16, low byte first"),
        pytest.param("a: b".encode("utf-16-be"), "UTF-16 or UTF-32", id="UTF-16, high byte first"),
        pytest.param("a: b".encode("utf-32-be"), "UTF-16 or UTF-32", id="UTF-32"),
        pytest.param(b"\xff\xfe" + "a: b".encode("utf-16-le"), "UTF-16", id="UTF-16 with its mark"),
        pytest.param(b"\xfe\xff" + "a: b".encode("utf-16-be"), "UTF-16", id="UTF-16 with its other mark"),
        pytest.param("a: b".encode("utf-32"), "UTF-32", id="UTF-32 with its mark"),
    ],
)
def test_only_utf_8_is_read(data, encoding):
    assert refused(data) == f"x.yaml: is {encoding}, expected UTF-8"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            b"a: b\r\nname: Pr\xfcfung\r\n",
            "x.yaml:2:9: byte 0xfc is not UTF-8; save the file as UTF-8\n    2 | name: Pr�fung\n      |         ^",
            id="Latin-1",
        ),
        pytest.param(
            b"\xef\xbb\xbf\xc3",
            "x.yaml:1:1: byte 0xc3 is not UTF-8; save the file as UTF-8\n    1 | �\n      | ^",
            id="cut short, behind a mark",
        ),
        pytest.param(
            "é: ".encode() + b"\xed\xa0\x80",
            "x.yaml:1:4: byte 0xed is not UTF-8; save the file as UTF-8\n    1 | é: ���\n      |    ^",
            id="half of a pair",
        ),
    ],
)
def test_a_byte_that_is_not_utf_8_has_a_place(data, message):
    assert refused(data) == message


def test_a_byte_order_mark_is_no_text():
    assert text.decode("x.yaml", b"\xef\xbb\xbfa: b") == text.of("x.yaml", "a: b")


def test_lines_end_as_they_like_and_the_last_need_not():
    assert text.of("x.yaml", "a\r\nb\rc\nd").lines == ("a", "b", "c", "d")
    assert text.of("x.yaml", "a\n\n").lines == ("a", "")
    assert (text.of("x.yaml", "").body, text.of("x.yaml", "").lines) == ("\n", ("",))


def test_only_what_separates_lines_for_everybody_does_so():
    assert text.of("x.yaml", "a\x0bb\x0cc\u2028d").lines == ("a\x0bb\x0cc\u2028d",)


def test_what_nobody_sees_is_told_once_each_in_order():
    found = text.forbidden(text.of("x.yaml", "a: \u202eb\nc: \x07\x07\u200b\nd: \ufeff\n"))
    assert [str(problem).splitlines()[0] for problem in found] == [
        r"x.yaml:1:4: U+202E (right-to-left override) cannot be seen here; remove it, or write \u202e in double quotes",
        r"x.yaml:2:4: U+0007 (a control character) cannot be seen here; remove it, or write \x07 in double quotes",
        r"x.yaml:2:6: U+200B (zero width space) cannot be seen here; remove it, or write \u200b in double quotes",
        r"x.yaml:3:4: U+FEFF (zero width no-break space) cannot be seen here;"
        r" remove it, or write \ufeff in double quotes",
    ]


@pytest.mark.parametrize("seen", ["b\tc", "é", "日本", "🚀", "b\xa0c", "👩\u200d🚒", "\u0647\u200c\u0647"])
def test_what_people_write_is_allowed(seen):
    assert text.forbidden(text.of("x.yaml", seen)) == []


def test_messages_quote_no_more_than_can_be_read():
    assert (text.short("a" * 40), text.short("a" * 41)) == ("a" * 40, "a" * 39 + "…")
