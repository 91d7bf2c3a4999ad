"""Mistakes are collected, told once, at their place, and never without end."""

import hashlib
from pathlib import Path

import pytest

from agent import findings as module
from agent.findings import SHIPPED, Findings, locate, real
from agent.problem import Mark, Problem, ProfileError


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Findings()


def write(name, text):
    Path(name).write_text(text)
    return Path(name)


def test_a_file_is_read_once_and_quoted(found):
    path = write("p.yaml", "name: x\nowner: me\n")
    source = found.read(path)
    assert found.read(path) is source
    found.wrong("owner is nobody", Mark("p.yaml", 2, 8, 2))
    assert found.problems == (Problem("owner is nobody", Mark("p.yaml", 2, 8, 2), "owner: me"),)


def test_a_file_that_is_not_there_is_told_wherever_it_is_named(found):
    assert found.read(Path("no.yaml")) is None
    assert found.read(Path("no.yaml"), Mark("p.yaml", 3, 5)) is None
    assert found.read(Path("no.yaml"), Mark("p.yaml", 4, 5)) is None
    message = "no.yaml: no such file"
    assert found.problems == (
        Problem(message), Problem(message, Mark("p.yaml", 3, 5)), Problem(message, Mark("p.yaml", 4, 5)),
    )  # fmt: skip


def test_a_file_that_is_no_yaml_is_told_at_its_own_place_and_once(found):
    path = write("p.yaml", "a: [\n")
    assert found.read(path, Mark("q.yaml", 1, 1)) is None
    assert found.read(path, Mark("q.yaml", 2, 1)) is None
    assert found.problems == (Problem("this '[' is never closed", Mark("p.yaml", 1, 4), "a: ["),)


def test_mistakes_are_told_in_the_order_of_files_and_lines_and_each_once(found):
    found.read(write("a.yaml", "name: a\nowner: x\n"))
    found.read(write("b.yaml", "name: b\n"))
    found.wrong("three", Mark("b.yaml", 1, 1))
    found.wrong("four", Mark("unknown.yaml", 1, 1))
    found.wrong("two", Mark("a.yaml", 2, 1))
    found.wrong("one", Mark("a.yaml", 1, 7))
    found.wrong("one", Mark("a.yaml", 1, 7))
    found.wrong("zero", None)
    with pytest.raises(ProfileError) as caught:
        found.stop_if_any()
    assert [problem.message for problem in caught.value.problems] == ["zero", "one", "two", "three", "four"]


def test_without_mistakes_nothing_is_raised(found):
    found.stop_if_any()
    assert found.problems == ()


@pytest.mark.parametrize(
    ("about", "column", "width"),
    [
        pytest.param("", 6, 20, id="all of it"),
        pytest.param("$(b)", 19, 4, id="the part that is meant"),
        pytest.param("$(a)", 14, 4, id="the last of several"),
        pytest.param("$(c)", 6, 20, id="a part that is not there as it is"),
        pytest.param("url", 6, 20, id="a part that stands outside"),
    ],
)
def test_the_caret_goes_to_the_part_that_is_meant(found, about, column, width):
    found.read(write("p.yaml", 'url: "x/$(a)/$(a)/$(b)"\n'))
    found.wrong("m", Mark("p.yaml", 1, 6, 20), about)
    (problem,) = found.problems
    assert (problem.mark.column, problem.mark.width) == (column, width)


def test_a_message_is_cut(found):
    found.wrong("x" * 10_000, None)
    assert found.problems == (Problem("x" * 600 + "…"),)


def test_there_is_an_end_to_mistakes(found):
    for number in range(module.MOST):
        found.wrong(f"{number}", Mark("p.yaml", 1, 1))
    found.wrong("5", Mark("p.yaml", 1, 1))
    with pytest.raises(ProfileError) as caught:
        found.wrong("one more", Mark("p.yaml", 7, 1))
    assert len(caught.value.problems) == module.MOST + 1
    assert caught.value.problems[-1] == Problem(
        "there are more than 1000 mistakes; these were found first", Mark("p.yaml", 7, 1)
    )


def test_what_must_not_be_looked_at_any_further_stops_at_once(found):
    found.wrong("before", None)
    with pytest.raises(ProfileError) as caught:
        found.stop("a bomb", Mark("p.yaml", 1, 1))
    assert caught.value.problems == (Problem("before"), Problem("a bomb", Mark("p.yaml", 1, 1)))


def test_a_hint_is_given_within_reason(found):
    words = [f"word-{number}" for number in range(20_000)]
    assert found.hint("wrd-7", ["word-7"]) == ", did you mean 'word-7'?"
    assert found.hint("x" * 101, ["x" * 100]) == ""
    assert found.hint("zzz", words) == ""
    assert found.hint("word-7x", words).startswith(", did you mean 'word-7")
    assert found.hint("word-7x", words) == ""  # enough is enough
    assert found.hint("wrd-7", ["word-7"]) == ""


def test_the_digest_is_of_all_files(found):
    found.read(write("a.yaml", "name: a\n"))
    found.read(write("b.yaml", "name: b\n"))
    each = [hashlib.sha256(text).hexdigest() for text in (b"name: a\n", b"name: b\n")]
    assert found.digest() == f"sha256:{hashlib.sha256(''.join(each).encode()).hexdigest()}"


def test_what_ships_is_found_by_name_and_other_files_beside_the_profile():
    mark = Mark("deploy/p.yaml", 1, 1)
    assert locate("a.yaml", mark) == Path("deploy/a.yaml")
    assert locate("/a.yaml", mark) == Path("/a.yaml")
    assert locate("gonogo:on-call", mark) == SHIPPED / "lib" / "on-call.yaml"
    assert locate("gonogo:demo", mark, shipped=SHIPPED) == SHIPPED / "demo.yaml"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("lib/no-such-thing", "fragment 'no-such-thing'"),
        ("lib/../demo", "fragment '../demo'"),
        ("lib/" + "x" * 300, "fragment '" + "x" * 300 + "'"),
        ("lib/\0", "fragment '\0'"),
        ("no-such-thing", "profile 'no-such-thing'"),
    ],
)
def test_what_does_not_ship_is_told_without_a_machines_path(found, name, what):
    assert found.read(SHIPPED / f"{name}.yaml", Mark("p.yaml", 1, 1)) is None
    (problem,) = found.problems
    assert problem.message.startswith(f"gonogo ships no {what}")
    assert str(SHIPPED) not in problem.message


def test_what_ships_is_read(found):
    assert found.read(SHIPPED / "demo.yaml") is not None


def test_a_file_has_one_name_by_whatever_way_it_is_reached(found):
    write("p.yaml", "name: x\n")
    Path("link.yaml").symlink_to("p.yaml")
    Path("loop.yaml").symlink_to("loop.yaml")
    assert real(Path("link.yaml")) == real(Path("./p.yaml")) == str(Path.cwd() / "p.yaml")
    assert real(Path("loop.yaml")) == str(Path.cwd() / "loop.yaml")
    assert real(Path("a\0b")) == "a\0b"
