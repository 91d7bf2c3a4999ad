"""How a mistake is shown."""

import pytest

from agent.problem import Mark, Problem, ProfileError, nearest


def shown(text: str, column: int, width: int = 1) -> str:
    return str(Problem("wrong", Mark("demo.yaml", 12, column, width), text)).partition("\n")[2]


def test_a_mistake_shows_its_place_its_line_and_a_caret_under_what_is_meant():
    problem = Problem("unknown setting 'methd'", Mark("demo.yaml", 12, 9, 5), "- http: {methd: GET}")
    assert str(problem) == (
        "demo.yaml:12:9: unknown setting 'methd'\n"
        "   12 | - http: {methd: GET}\n"
        "      |         ^^^^^"
    )  # fmt: skip


def test_what_stands_on_the_command_line_has_no_place():
    assert str(Problem("no such file")) == "no such file"


def test_a_place_without_its_line_is_named_alone():
    assert str(Problem("wrong", Mark("demo.yaml", 3, 1))) == "demo.yaml:3:1: wrong"


@pytest.mark.parametrize(
    ("text", "column", "width", "excerpt"),
    [
        pytest.param("name: x", 7, 40, "   12 | name: x\n      |       ^", id="no further than the line"),
        pytest.param("name:", 6, 1, "   12 | name:\n      |      ^", id="just behind the line"),
        pytest.param("\tname: x", 2, 4, "   12 |  name: x\n      |  ^^^^", id="a tab is one column"),
        pytest.param("名前: x", 1, 2, "   12 | 名前: x\n      | ^^^^", id="wide characters"),
        pytest.param("名前: x", 5, 1, "   12 | 名前: x\n      |       ^", id="behind wide characters"),
        pytest.param("cafe\u0301: x", 8, 1, "   12 | cafe\u0301: x\n      |       ^", id="behind a combining accent"),
        pytest.param("a: \x1b[31mred", 4, 1, "   12 | a: �[31mred\n      |    ^", id="the terminal is not obeyed"),
        pytest.param("a:\xa0b", 3, 1, "   12 | a:�b\n      |   ^", id="a no-break space can be seen"),
    ],
)
def test_the_caret_stands_where_the_eye_sees_the_place(text, column, width, excerpt):
    assert shown(text, column, width) == excerpt


def test_a_long_line_is_shown_around_the_place():
    line = "a" * 99 + "b" + "c" * 200
    excerpt = shown(line, 100, 300)
    assert excerpt == f"   12 | …{'a' * 40}b{'c' * 58}\n      | {' ' * 41}{'^' * 59}"


def test_a_long_line_is_cut_behind_the_place():
    assert shown("a" * 300, 1, 300) == f"   12 | {'a' * 100}\n      | {'^' * 100}"


def test_a_message_cannot_speak_to_the_terminal():
    assert str(Problem("key '\x1b[2J' twice")) == "key '�[2J' twice"


def test_all_mistakes_are_told_each_once():
    twice = Problem("wrong")
    error = ProfileError(iter([twice, Problem("also wrong"), twice]))
    assert error.problems == (Problem("wrong"), Problem("also wrong"))
    assert str(error) == "wrong\nalso wrong"


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        pytest.param("methd", ["url", "method"], ", did you mean 'method'?", id="near"),
        pytest.param("URL", ["url", "method"], ", did you mean 'url'?", id="another case"),
        pytest.param("get", ["Get", "Post"], ", did you mean 'Get'?", id="as it is written"),
        pytest.param("xyz", ["url", "method"], "; known: method, url", id="nothing near, few known"),
        pytest.param("xyz", [f"name{n}" for n in range(9)], "", id="nothing near, many known"),
        pytest.param("xyz", [], "", id="nothing known"),
    ],
)
def test_the_nearest_word_is_offered(word, known, said):
    assert nearest(word, known) == said
