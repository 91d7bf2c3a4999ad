"""The rule of the verdict, case by case, with the whole message of each."""

import re

import pytest

from agent.model import Decision, Outcome, Severity
from agent.verdict import Branch, Leaf, Require, Tally, decide

LETTERS = {
    "p": Outcome.PASS,
    "f": Outcome.FAIL,
    "e": Outcome.ERROR,
    "b": Outcome.BLOCKED,
    "?": Outcome.PENDING,
    "s": Outcome.SKIPPED,
    "w": Outcome.WAIVED,
}


def check(letter: str, severity: Severity = Severity.NORMAL, name: str = "") -> Leaf:
    """`p` is a check that passed, `!f` a critical one that failed, `~e` an advisory one that erred."""
    if letter[0] in "!~":
        severity = Severity.CRITICAL if letter[0] == "!" else Severity.ADVISORY
    outcome = LETTERS[letter[-1]]
    return Leaf(address=letter, name=name or letter, outcome=outcome, severity=severity, reason=f"{letter}!")


def section(require: str, *children: str | Leaf | Branch, severity=Severity.NORMAL, skipped="", name="S"):
    nodes = tuple(check(child) if isinstance(child, str) else child for child in children)
    return Branch(
        address=name.lower(),
        name=name,
        children=nodes,
        severity=severity,
        require=Require.parse(require),
        skipped=skipped,
    )


GO, NO_GO, OPEN = Decision.GO, Decision.NO_GO, Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("require", "children", "decision", "reason"),
    [
        pytest.param("all", "p", GO, "1/1, needs 1", id="one-passes"),
        pytest.param("all", "f", NO_GO, "0/1, needs 1", id="one-fails"),
        pytest.param("all", "e", OPEN, "0/1 (1 undecided), needs 1", id="one-errs"),
        pytest.param("all", "b", OPEN, "0/1 (1 undecided), needs 1", id="one-is-blocked"),
        pytest.param("all", "?", OPEN, "0/1 (1 undecided), needs 1", id="one-is-pending"),
        pytest.param("all", "s", OPEN, "nothing that counts was checked", id="one-is-skipped"),
        pytest.param("all", "w", OPEN, "0/1 (1 waived), needs 0", id="one-is-waived"),
        pytest.param("all", "~p", OPEN, "nothing that counts was checked", id="one-advisory-passes"),
        pytest.param("all", "~f", OPEN, "nothing that counts was checked", id="one-advisory-fails"),
        pytest.param("all", "!p", GO, "1/1, needs 1", id="one-critical-passes"),
        pytest.param("all", "!f", NO_GO, "0/1, needs 1; critical: !f failed", id="one-critical-fails"),
        pytest.param("all", "!e", OPEN, "0/1 (1 undecided), needs 1", id="one-critical-errs"),
        pytest.param("all", "!w", OPEN, "0/1 (1 waived), needs 0", id="one-critical-is-waived"),
        pytest.param("all", "!s", OPEN, "nothing that counts was checked", id="one-critical-is-skipped"),
        pytest.param("all", "", OPEN, "nothing that counts was checked", id="nothing"),
        pytest.param("any", "", OPEN, "nothing that counts was checked", id="any-of-nothing"),
        pytest.param("50%", "", OPEN, "nothing that counts was checked", id="half-of-nothing"),
        pytest.param("1/2", "", OPEN, "nothing that counts was checked", id="one-of-two-of-nothing"),
        pytest.param("all", "s ~f", OPEN, "nothing that counts was checked", id="only-what-never-counts"),
        pytest.param("all", "w w", OPEN, "0/2 (2 waived), needs 0", id="all-waived"),
        pytest.param("any", "w w", OPEN, "0/2 (2 waived), needs 0", id="any-of-all-waived"),
        pytest.param("all", "e b ?", OPEN, "0/3 (3 undecided), needs 3", id="all-undecided"),
        pytest.param("any", "e b ?", OPEN, "0/3 (3 undecided), needs 1", id="any-of-all-undecided"),
        pytest.param("all", "p p f", NO_GO, "2/3, needs 3", id="all-but-one"),
        pytest.param("all", "p p e", OPEN, "2/3 (1 undecided), needs 3", id="all-but-an-undecided-one"),
        pytest.param("all", "p f e", NO_GO, "1/3 (1 undecided), needs 3", id="a-failure-beats-an-undecided"),
        pytest.param("all", "p w", GO, "1/2 (1 waived), needs 1", id="a-waiver-takes-one-out"),
        pytest.param("all", "w f", NO_GO, "0/2 (1 waived), needs 1", id="a-waiver-is-only-for-its-check"),
        pytest.param("all", "w e", OPEN, "0/2 (1 waived, 1 undecided), needs 1", id="waived-and-undecided"),
        pytest.param("all", "p s s s", GO, "1/1 (3 do not apply), needs 1", id="three-do-not-apply"),
        pytest.param("all", "p s", GO, "1/1 (1 does not apply), needs 1", id="one-does-not-apply"),
        pytest.param("all", "p ~f ~s", GO, "1/1 (1 does not apply, 1 advisory), needs 1", id="advisory-fails"),
        pytest.param("any", "f f p", GO, "1/3, needs 1", id="any-finds-one"),
        pytest.param("any", "f f f", NO_GO, "0/3, needs 1", id="any-finds-none"),
        pytest.param("any", "f f e", OPEN, "0/3 (1 undecided), needs 1", id="any-may-find-one"),
        pytest.param("any", "p e e", GO, "1/3 (2 undecided), needs 1", id="any-needs-no-more"),
        pytest.param("2/3", "p p f", GO, "2/3, needs 2", id="two-of-three"),
        pytest.param("2/3", "p f f", NO_GO, "1/3, needs 2", id="one-of-three"),
        pytest.param("2/3", "p f e", OPEN, "1/3 (1 undecided), needs 2", id="one-or-two-of-three"),
        pytest.param("2/3", "p f s", NO_GO, "1/2 (1 does not apply), needs 2", id="the-share-of-what-applies"),
        pytest.param("2/3", "p f w", NO_GO, "1/3 (1 waived), needs 2", id="a-waiver-lowers-no-quorum"),
        pytest.param("2/3", "p w w", GO, "1/3 (2 waived), needs 1", id="waivers-leave-one"),
        pytest.param("50%", "p f f", NO_GO, "1/3, needs 2", id="half-is-rounded-up"),
        pytest.param("50%", "p p f f", GO, "2/4, needs 2", id="half-is-half"),
        pytest.param("0.1%", "f f p", GO, "1/3, needs 1", id="never-less-than-one"),
        pytest.param("100%", "p p f", NO_GO, "2/3, needs 3", id="all-as-a-share"),
        pytest.param("any", "p !f", NO_GO, "1/2, needs 1; critical: !f failed", id="a-veto"),
        pytest.param(
            "any",
            "!f p !f",
            NO_GO,
            "1/3, needs 1; critical: !f, !f failed",
            id="two-vetoes",
        ),
        pytest.param(
            "any",
            "p !e",
            OPEN,
            "1/2 (1 undecided), needs 1; critical: !e undecided",
            id="a-veto-that-may-come",
        ),
        pytest.param("any", "f !e", OPEN, "0/2 (1 undecided), needs 1", id="the-critical-one-would-be-enough"),
        pytest.param("any", "!f !e", NO_GO, "0/2 (1 undecided), needs 1; critical: !f failed", id="both"),
        pytest.param("all", "f !e", NO_GO, "0/2 (1 undecided), needs 2", id="out-of-reach"),
        pytest.param("all", "!w p", GO, "1/2 (1 waived), needs 1", id="a-waived-veto"),
    ],
)
def test_a_section_of_checks(require, children, decision, reason):
    verdict = decide(section(require, *children.split()))
    assert (verdict.decision, verdict.root.reason) == (decision, reason)


def test_nineteen_of_twenty_forgives_one_failure_while_all_twenty_apply():
    assert decide(section("19/20", *"p" * 19, "f")).decision is GO
    assert decide(section("19/20", *"p" * 18, "f", "f")).decision is NO_GO
    fewer = decide(section("19/20", *"p" * 18, "f", "s"))
    assert (fewer.decision, fewer.root.reason) == (NO_GO, "18/19 (1 does not apply), needs 19")


def test_the_tally_names_everything():
    judged = decide(section("2/3", "p", "p", "p", "f", "f", "e", "b", "b", "w", "s", "~p", "~f", "~s", "!?")).root
    assert judged.tally == Tally(
        counted=10, required=7, passed=3, failed=2, undecided=4, waived=1, skipped=2, advisory=2
    )
    assert judged.reason == "3/10 (1 waived, 4 undecided, 2 do not apply, 2 advisory), needs 7"
    assert (judged.outcome, judged.require) == (Outcome.INCONCLUSIVE, "2/3")


def test_the_tree_is_kept_with_the_reason_of_each_check():
    inner = section("any", "f", "!p", severity=Severity.CRITICAL, name="Inner")
    root = decide(section("all", "p", inner, name="Root")).root
    assert [child.name for child in root.children] == ["p", "Inner"]
    assert [child.reason for child in root.children] == ["p!", "1/2, needs 1"]
    leaf = root.children[1].children[0]
    assert (leaf.address, leaf.name, leaf.outcome, leaf.reason) == ("f", "f", Outcome.FAIL, "f!")
    assert (leaf.tally, leaf.require, leaf.children, leaf.severity) == (None, "", (), Severity.NORMAL)
    assert root.children[1].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("root", "decision", "outcomes"),
    [
        pytest.param(section("all", "p", section("all", "p")), GO, "pass", id="all-good"),
        pytest.param(section("all", "p", section("all", "f")), NO_GO, "fail", id="a-section-fails"),
        pytest.param(section("any", "p", section("all", "f")), GO, "fail", id="a-failed-section-is-forgiven"),
        pytest.param(section("any", "p", section("all", "!f")), NO_GO, "fail", id="a-veto-rises"),
        pytest.param(
            section("any", "p", section("any", section("any", "p", "!f"), "p")),
            NO_GO,
            "fail",
            id="a-veto-rises-two-floors-through-quorums",
        ),
        pytest.param(
            section("any", "p", section("any", "p", "!e")),
            OPEN,
            "inconclusive",
            id="an-undecided-veto-rises",
        ),
        pytest.param(
            section("any", "p", section("all", "!f", severity=Severity.ADVISORY)),
            GO,
            "fail",
            id="an-advisory-section-stops-a-veto",
        ),
        pytest.param(
            section("all", section("all", "p", "!f", severity=Severity.ADVISORY)),
            OPEN,
            "fail",
            id="nothing-but-advice",
        ),
        pytest.param(
            section("all", "p", section("all", "!f", skipped="cdn_url is empty")),
            GO,
            "skipped",
            id="a-section-that-does-not-apply",
        ),
        pytest.param(
            section("all", section("all", "p", skipped="cdn_url is empty")),
            OPEN,
            "skipped",
            id="nothing-but-a-section-that-does-not-apply",
        ),
        pytest.param(
            section("all", "p", section("all", "f", severity=Severity.CRITICAL)),
            NO_GO,
            "fail",
            id="a-critical-section-fails",
        ),
        pytest.param(
            section("any", "p", section("all", "f", severity=Severity.CRITICAL)),
            NO_GO,
            "fail",
            id="a-critical-section-is-a-veto",
        ),
        pytest.param(
            section("any", "p", section("all", "e", severity=Severity.CRITICAL)),
            OPEN,
            "inconclusive",
            id="an-undecided-critical-section-is-an-open-veto",
        ),
        pytest.param(
            section("any", "p", section("all", "w", severity=Severity.CRITICAL)),
            GO,
            "waived",
            id="a-waived-critical-section",
        ),
        pytest.param(section("all", "p", section("all", "w")), GO, "waived", id="a-waived-section-is-taken-out"),
        pytest.param(section("all", section("all", "w")), OPEN, "waived", id="nothing-but-a-waived-section"),
        pytest.param(section("all", "p", section("all")), OPEN, "inconclusive", id="an-empty-section"),
        pytest.param(section("all", "p", section("all", "s")), OPEN, "inconclusive", id="all-of-it-skipped"),
        pytest.param(section("any", "p", section("all", "s")), GO, "inconclusive", id="one-is-enough"),
        pytest.param(
            section("any", "p", section("all", "s", severity=Severity.CRITICAL)),
            OPEN,
            "inconclusive",
            id="a-critical-section-in-which-nothing-counts",
        ),
    ],
)
def test_sections_in_sections(root, decision, outcomes):
    verdict = decide(root)
    assert (verdict.decision, verdict.root.children[-1].outcome) == (decision, outcomes)


def test_a_veto_in_a_section_that_does_not_apply_is_not_seen_above():
    skipped = decide(section("all", "p", section("all", "!f", skipped="no CDN here"))).root.children[1]
    assert (skipped.outcome, skipped.reason, skipped.veto) == (Outcome.SKIPPED, "no CDN here", None)


def test_the_veto_tells_the_section_it_comes_from():
    root = section("any", "p", section("any", "p", "!f", name="Database"))
    assert decide(root).root.reason == "1/2, needs 1; critical: Database failed"


@pytest.mark.parametrize(
    ("children", "before", "after"),
    [("p", GO, OPEN), ("f", NO_GO, NO_GO), ("e", OPEN, OPEN), ("w", OPEN, OPEN)],
)
def test_an_interrupted_run_is_never_go_and_keeps_its_failures(children, before, after):
    root = section("all", *children)
    assert decide(root).decision is before
    assert decide(root, cut_short=True).decision is after
    assert decide(root, cut_short=True).root == decide(root).root


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("all", [0, 1, 2, 3, 20], id="all"),
        pytest.param("any", [1, 1, 1, 1, 1], id="any"),
        pytest.param("19/20", [0, 1, 2, 3, 19], id="nineteen-of-twenty"),
        pytest.param("2/4", [0, 1, 1, 2, 10], id="a-half-as-a-census"),
        pytest.param("95%", [0, 1, 2, 3, 19], id="95-percent"),
        pytest.param("33.3%", [0, 1, 1, 1, 7], id="a-third-nearly"),
        pytest.param("33.4%", [0, 1, 1, 2, 7], id="a-third-and-a-bit"),
        pytest.param("5%", [0, 1, 1, 1, 1], id="5-percent-of-twenty-is-exactly-one"),
        pytest.param("100%", [0, 1, 2, 3, 20], id="all-of-it"),
    ],
)
def test_how_many_must_pass(text, asked):
    require = Require.parse(text)
    assert [require.asked(count) for count in (0, 1, 2, 3, 20)] == asked
    assert require.text == text


@pytest.mark.parametrize(("text", "census"), [("all", None), ("any", None), ("95%", None), ("19/20", 20), ("1/1", 1)])
def test_only_a_fraction_is_a_census(text, census):
    assert Require.parse(text).census == census


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("0/5", "'0/5' asks for 0 of 5; write N/M with 1 <= N <= M", id="none-of-five"),
        pytest.param("6/5", "'6/5' asks for 6 of 5; write N/M with 1 <= N <= M", id="six-of-five"),
        pytest.param("0/0", "'0/0' asks for 0 of 0; write N/M with 1 <= N <= M", id="none-of-none"),
        pytest.param("0%", "'0%' is not a share above 0% and up to 100%", id="no-percent"),
        pytest.param("100.1%", "'100.1%' is not a share above 0% and up to 100%", id="too-many-percent"),
        pytest.param("most", "'most' is none of all, any, N/M (19/20) and P% (95%)", id="a-word"),
        pytest.param("ALL", "'ALL' is none of all, any, N/M (19/20) and P% (95%)", id="capitals"),
        pytest.param("", "'' is none of all, any, N/M (19/20) and P% (95%)", id="empty"),
        pytest.param("5", "'5' is none of all, any, N/M (19/20) and P% (95%)", id="a-bare-number"),
        pytest.param("-1/5", "'-1/5' is none of all, any, N/M (19/20) and P% (95%)", id="negative"),
        pytest.param("1 / 5", "'1 / 5' is none of all, any, N/M (19/20) and P% (95%)", id="spaces"),
        pytest.param("٣/٤", "'٣/٤' is none of all, any, N/M (19/20) and P% (95%)", id="other-digits"),
        pytest.param("٣%", "'٣%' is none of all, any, N/M (19/20) and P% (95%)", id="other-percents"),
        pytest.param("1e1%", "'1e1%' is none of all, any, N/M (19/20) and P% (95%)", id="an-exponent"),
    ],
)
def test_a_require_that_cannot_be(text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Require.parse(text)
    assert str(caught.value) == message


def test_a_require_may_ask_for_all_of_its_census_and_for_one():
    assert [Require.parse(text).asked(5) for text in ("5/5", "1/5")] == [5, 1]
