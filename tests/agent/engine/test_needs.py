"""What a check needs, from results that are in."""

import pytest

from agent.engine.needs import Needs, branch, cleaned, reason
from agent.model import Outcome, Result, Severity
from agent.verdict import Branch, Leaf, Require
from tests.agent.engine.kit import check, plan, section


def needs(*children, **outcomes):
    results = {address: Result(address=address, outcome=outcome) for address, outcome in outcomes.items()}
    return Needs(plan(*children), results)


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.WAIVED])
def test_pass_and_waived_meet_a_need(outcome):
    step = check("b", needs=("a",))
    assert needs(check("a"), step, a=outcome).unmet(step) == {}


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.FAIL, "needs a, which failed"),
        (Outcome.ERROR, "needs a, which could not be checked"),
        (Outcome.BLOCKED, "needs a, which was blocked"),
        (Outcome.PENDING, "needs a, which is pending"),
        (Outcome.SKIPPED, "needs a, which does not apply"),
    ],
)
def test_all_else_blocks_and_says_so(outcome, told):
    step = check("b", needs=("a",))
    unmet = needs(check("a"), step, a=outcome).unmet(step)
    assert unmet == {"a": outcome}
    assert reason(unmet) == told


def test_several_unmet_needs_are_all_named():
    step = check("d", needs=("a", "b", "c"))
    found = needs(check("a"), check("b"), check("c"), step, a=Outcome.FAIL, b=Outcome.PASS, c=Outcome.ERROR).unmet(step)
    assert reason(found) == "needs a, which failed and c, which could not be checked"


@pytest.mark.parametrize(
    ("outcomes", "require", "unmet"),
    [
        ({"x": Outcome.PASS, "y": Outcome.PASS}, "all", {}),
        ({"x": Outcome.PASS, "y": Outcome.FAIL}, "any", {}),
        ({"x": Outcome.WAIVED, "y": Outcome.WAIVED}, "all", {}),
        ({"x": Outcome.PASS, "y": Outcome.FAIL}, "all", {"s": Outcome.FAIL}),
        ({"x": Outcome.PASS, "y": Outcome.ERROR}, "all", {"s": Outcome.INCONCLUSIVE}),
        ({"x": Outcome.SKIPPED, "y": Outcome.SKIPPED}, "all", {"s": Outcome.INCONCLUSIVE}),
    ],
)
def test_a_section_meets_a_need_by_its_own_verdict(outcomes, require, unmet):
    step = check("b", needs=("s",))
    found = needs(section("s", check("x"), check("y"), require=Require.parse(require)), step, **outcomes)
    assert found.unmet(step) == unmet
    assert found.unmet(step) == unmet


def test_a_branch_has_all_that_the_verdict_asks_for():
    tree = section(
        "s", check("a", severity=Severity.CRITICAL), section("t", skipped="not here"), require=Require.parse("any")
    )
    assert branch(tree, {"a": Result(address="a", outcome=Outcome.FAIL, reason="down")}) == Branch(
        address="s",
        name="s",
        require=Require.parse("any"),
        children=(
            Leaf(address="a", name="a", outcome=Outcome.FAIL, severity=Severity.CRITICAL, reason="down"),
            Branch(address="t", name="t", children=(), skipped="not here"),
        ),
    )


def test_clean_up_is_for_the_active_checks_before_it_in_its_own_section():
    tree = section(
        "",
        check("a", active=True),
        section(
            "s",
            check("s/b", active=True),
            check("s/c"),
            section("s/t", check("s/t/d", active=True), check("s/t/e", active=True, always=True)),
            check("s/f", active=True, always=True),
            check("s/g", active=True),
            check("s/h", active=True, always=True),
        ),
    )
    assert cleaned(tree) == {
        "s/t/e": {"s/t/d"},
        "s/f": {"s/b", "s/t/d", "s/t/e"},
        "s/h": {"s/b", "s/t/d", "s/t/e", "s/f", "s/g"},
    }
