"""A draft as a page: names, ids, needs, variables, what is too long; and the proof that takes out what is wrong."""

import pytest

from agent.drafts.draft import Check, Draft, Group, Template, Variable
from agent.drafts.page import write
from agent.drafts.proof import proved
from agent.problem import ProfileError
from tests.agent.drafts.sources import TITLE, bound


def knock(name="Open", address="127.0.0.1:80", **more):
    return Check(name=name, kind="tcp", settings={"address": address}, **more)


def group(name, *checks, **more):
    return Group(name=name, checks=checks or (knock(),), **more)


def addresses(draft):
    return [item.address for item in bound(write(draft, TITLE).text).root.walk()][1:]


def test_every_name_gets_an_id_that_no_sibling_has():
    draft = Draft(
        groups=(
            group(
                "web",
                knock("a/b"),
                knock("a-b"),
                knock("a b"),
                knock("a b"),
                knock("日本"),
                knock("日本"),
                knock("item"),
            ),
            group("web"),
            group("Web"),
            group("key"),
            group("", knock("")),
            group("検"),
        )
    )
    assert addresses(draft) == [
        "web",
        "web/a-b",
        "web/a-b-2",
        "web/a-b-3",
        "web/a-b-2-2",
        "web/check",
        "web/2",
        "web/item-2",
        "web-2",
        "web-2/open",
        "web-3",
        "web-3/open",
        "key-2",
        "key-2/open",
        "check",
        "check/check",
        "check-2",
        "check-2/open",
    ]


def test_a_section_needs_what_is_drafted():
    draft = Draft(groups=(group("Data base"), group("web", needs=("Data base", "cache"))))
    page = write(draft, TITLE)
    assert "    needs: [data-base]\n" in page.text
    assert [step.needs for step in bound(page.text).steps] == [(), ("data-base",)]


def test_variables_that_nothing_uses_are_left_out():
    variables = {
        "host": Variable("127.0.0.1", "where it is"),
        "port": Variable(),
        "inside": Variable("true"),
        "unused": Variable("x"),
        "literal": Variable("x"),
    }
    checks = (knock(address=Template("$(host):$(port)")), knock("Other", "$(literal):1"))
    page = write(Draft(groups=(group("a", *checks, when={"inside": True}),), variables=variables), TITLE)
    assert "vars:\n  # where it is\n  host: 127.0.0.1\n  port:\n  inside: true\n\nchecks:" in page.text
    assert "#   gonogo plan shop.yaml --var port=…" in page.text


def test_what_is_too_long_for_a_line_stands_below_its_key():
    long = Check(name="x" * 300, kind="http", settings={"url": f"http://127.0.0.1/{'y' * 99}", "headers": {"a b": "c"}})
    text = write(Draft(groups=(group("a", long),)), TITLE).text
    assert f"        http:\n          url: http://127.0.0.1/{'y' * 99}\n          headers: {{a b: c}}\n" in text
    assert f"      - name: '{'x' * 99}…'\n" in text


def test_a_page_knows_what_stands_in_a_line():
    first, second = knock("One", notes=("a note", "another")), knock("Two")
    page = write(Draft(groups=(group("a", first, second, notes=("of a",)),)), TITLE)
    lines = page.text.splitlines()
    assert page.at(1) is None
    assert page.at(lines.index("  # of a") + 1).name == "a"
    assert page.at(lines.index("      # a note") + 1) is first
    assert page.at(lines.index("      - name: One") + 1) is first
    assert page.at(lines.index("      - name: Two") + 2) is second


def test_what_gonogo_refuses_is_taken_out_and_told():
    wrong = knock("Wrong", "no port", notes=("wrong",))
    draft, page = proved(Draft(groups=(group("a", wrong, knock()), group("b", wrong))), TITLE)
    assert [[check.name for check in found.checks] for found in draft.groups] == [["Open"]]
    assert [step.address for step in bound(page.text).steps] == ["a/open"]
    (told,) = set(draft.left)
    assert told.startswith("Wrong (tcp): address: ")
    assert page.text.endswith(f"# In the source, and not in the checks above:\n#   {told}\n")


def test_needs_that_go_in_a_circle_are_taken_out_and_told():
    draft, page = proved(Draft(groups=(group("a", needs=("b",)), group("b", needs=("a",)))), TITLE)
    assert [found.needs for found in draft.groups].count(()) == 1
    assert len(draft.left) == 1
    assert "needs go in a circle" in draft.left[0]
    assert bound(page.text).steps


def test_nothing_to_check_is_refused_with_the_reasons():
    with pytest.raises(ProfileError) as caught:
        proved(Draft(groups=(group("a", knock("Wrong", "x")), Group(name="b", checks=())), left=("UDP", "UDP")), TITLE)
    first, *reasons = str(caught.value).splitlines()
    assert first == "source.yaml: there is nothing to check in it"
    assert reasons[0] == "  UDP"
    assert reasons[1].startswith("  Wrong (tcp): ")
    assert len(reasons) == 2


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft(groups=(group("a", when={"nowhere": True}),)), "variable 'nowhere' is not declared"),
        (
            Draft(groups=(group("a", knock(address=Template("$(x)"))),), variables={"x": Variable(Template("$(y)"))}),
            "variable 'y' is not declared",
        ),
    ],
)
def test_a_draft_that_no_source_could_make_is_a_bug(draft, said):
    with pytest.raises(AssertionError, match=said):
        proved(draft, TITLE)


def test_what_only_a_secret_hides_is_found():
    bearer, basic = Template("$(secret:TOKEN)"), {"user": "u", "password": Template("$(secret:PASSWORD)")}
    both = Check(name="Both", kind="http", settings={"url": "http://a/", "bearer": bearer, "basic": basic})
    draft, _ = proved(Draft(groups=(group("a", both, knock()),)), TITLE)
    assert draft.left == ("Both (http): `basic` and `bearer` exclude each other",)
