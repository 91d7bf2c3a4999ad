"""What `$(…)` in a text means."""

import pytest

from agent.template import Ref, Source, TemplateError, parse


def variable(name):
    return Ref(Source.VARIABLE, name, f"$({name})")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", ("",), id="nothing"),
        pytest.param("plain", ("plain",), id="no substitution"),
        pytest.param("a $ b", ("a $ b",), id="a dollar is a dollar"),
        pytest.param("${a}", ("${a}",), id="braces mean nothing"),
        pytest.param("$(version)", (variable("version"),), id="a variable alone"),
        pytest.param("v$(version)-x", ("v", variable("version"), "-x"), id="a variable in a text"),
        pytest.param("$(a)$(b-c_1)", (variable("a"), variable("b-c_1")), id="two beside each other"),
        pytest.param("$$(a)", ("$(", "a)"), id="the text itself"),
        pytest.param("$$$(a)", ("$", "$(", "a)"), id="a dollar before the text itself"),
        pytest.param("$$$$(a)", ("$$", "$(", "a)"), id="two dollars before it"),
        pytest.param("$(item)", (Ref(Source.ITEM, "item", "$(item)"),), id="item"),
        pytest.param("$(key)", (Ref(Source.KEY, "key", "$(key)"),), id="key"),
        pytest.param(
            "$(item.host.name)", (Ref(Source.ITEM, "item", "$(item.host.name)", "host.name"),), id="a field of a field"
        ),
        pytest.param("$(items)", (variable("items"),), id="a variable that starts like item"),
        pytest.param("$(env:HOME)", (Ref(Source.ENV, "HOME", "$(env:HOME)"),), id="environment"),
        pytest.param("$(file:a b/c.pem)", (Ref(Source.FILE, "a b/c.pem", "$(file:a b/c.pem)"),), id="file"),
        pytest.param("$(secret:db/url)", (Ref(Source.SECRET, "db/url", "$(secret:db/url)"),), id="secret"),
        pytest.param("$(login.token)", (Ref(Source.READING, "login", "$(login.token)", "token"),), id="a reading"),
        pytest.param("$(a/b-c.d)", (Ref(Source.READING, "a/b-c", "$(a/b-c.d)", "d"),), id="a reading further in"),
        pytest.param(
            "$(metrics[a/b.c].value)",
            (Ref(Source.READING, "metrics[a/b.c]", "$(metrics[a/b.c].value)", "value"),),
            id="a reading of an element",
        ),
    ],
)  # fmt: skip
def test_a_text_is_taken_apart(text, parts):
    assert parse(text) == parts


NONSENSE = (
    "is no substitution: there are $(variable), $(item), $(key), $(check.metric), $(env:NAME), "
    "$(file:PATH) and $(secret:NAME); write '$$(' for the text '$('"
)


@pytest.mark.parametrize(
    ("text", "meant", "message"),
    [
        ("$()", "$()", f"'$()' {NONSENSE}"),
        ("$(a b)", "$(a b)", f"'$(a b)' {NONSENSE}"),
        ("x $(1) y", "$(1)", f"'$(1)' {NONSENSE}"),
        ("$(a.1)", "$(a.1)", f"'$(a.1)' {NONSENSE}"),
        ("$(env:)", "$(env:)", f"'$(env:)' {NONSENSE}"),
        ("$(env: X)", "$(env: X)", f"'$(env: X)' {NONSENSE}"),
        ("$(vault:X)", "$(vault:X)", f"'$(vault:X)' {NONSENSE}"),
        ("$(ümlaut)", "$(ümlaut)", f"'$(ümlaut)' {NONSENSE}"),
        ("$(a), $(b", "$(b", "'$(' is not closed; write '$$(' for the text '$('"),
        ("$(a$(b)", "$(a$(b)", "'$(' is not closed; write '$$(' for the text '$('"),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(text, meant, message):
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert (str(caught.value), caught.value.text) == (message, meant)


@pytest.mark.parametrize("text", ["$(" * 200_000, "$(" + "a" * 1_000_000, "$(a" * 200_000])
def test_a_hostile_text_takes_no_time(text):
    with pytest.raises(TemplateError, match=r"^'\$\(' is not closed; "):
        parse(text)


def test_a_text_may_be_made_of_dollars():
    assert parse("$$(" * 100_000) == ("$(",) * 100_000
    assert parse("$(a)" * 100_000) == (variable("a"),) * 100_000
