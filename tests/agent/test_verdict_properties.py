"""What must hold for every tree: the list of DESIGN section 3, and an independent model of the rule.

Nobody can think of every tree.  Hypothesis looks for the one that breaks a law; beside it, all small
trees are judged twice, by the agent and by `model` below, which is written from the design's prose.
"""

import itertools
import math
from collections import Counter
from fractions import Fraction

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.model import UNDECIDED, Decision, Outcome, Severity
from agent.verdict import Branch, Judged, Leaf, Require, decide

RANK = {Decision.NO_GO: 0, Decision.INCONCLUSIVE: 1, Decision.GO: 2}
REQUIRES = ("any", "1%", "1/4", "34%", "1/2", "60%", "2/3", "75%", "19/20", "100%", "all")
"""From the smallest to the largest: what each asks of any number of children never gets less."""
CHECK_OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.INCONCLUSIVE)
OPEN_OUTCOMES = (Outcome.ERROR, Outcome.BLOCKED, Outcome.PENDING)
WORSE = {
    Outcome.PASS: (Outcome.WAIVED, *OPEN_OUTCOMES, Outcome.FAIL),
    Outcome.WAIVED: (Outcome.FAIL,),
    **dict.fromkeys(OPEN_OUTCOMES, (Outcome.FAIL,)),
}


def leaf(outcome, severity=Severity.NORMAL):
    return Leaf(address="x", name="x", outcome=outcome, severity=severity)


def branch(require, children, severity=Severity.NORMAL, applies=True):
    return Branch(
        address="x",
        name="x",
        children=tuple(children),
        severity=severity,
        require=Require.parse(require),
        skipped="" if applies else "does not apply",
    )


# ---- the model, from the prose of DESIGN section 3 -------------------------------------------------


def model(node):
    """Outcome of a node, and the outcomes of all critical nodes at or below that can veto."""
    if isinstance(node, Leaf):
        return node.outcome.value, {node.outcome.value} if node.severity == "critical" else set()
    if node.skipped:
        return "skipped", set()
    judged = [(child.severity, *model(child)) for child in node.children]
    kept = [one for one in judged if one[0] != "advisory" and one[1] != "skipped"]
    vetoes = set().union(*(critical for _, _, critical in kept))
    outcome = model_outcome(Counter(outcome for _, outcome, _ in kept), vetoes, node.require.text)
    return outcome, vetoes | ({outcome} if node.severity == "critical" else set())


def model_outcome(counts, vetoes, require):
    n, p, w, f = counts.total(), counts["pass"], counts["waived"], counts["fail"]
    u = n - p - w - f
    k = min(model_asked(require, n), n - w)
    open_veto = vetoes & {"error", "blocked", "pending", "inconclusive"}
    if "fail" in vetoes:
        return "fail"
    if n == 0:
        return "inconclusive"
    if w == n:
        return "waived"
    if p + u < k:
        return "fail"
    return "pass" if p >= k and not open_veto else "inconclusive"


def model_asked(require, n):
    if require in ("all", "any"):
        return n if require == "all" else 1
    if "/" in require:
        wanted, total = require.split("/")
        return math.ceil(Fraction(n) * Fraction(int(wanted), int(total)))
    return math.ceil(Fraction(n) * Fraction(require.rstrip("%")) / 100)


def model_decision(root):
    return {"pass": "GO", "fail": "NO-GO"}.get(model(root)[0], "INCONCLUSIVE")


ALL_LEAVES = [leaf(o, s) for o in CHECK_OUTCOMES for s in Severity if o not in (Outcome.BLOCKED, Outcome.PENDING)]
FEW_LEAVES = [
    leaf(Outcome.PASS),
    leaf(Outcome.FAIL),
    leaf(Outcome.ERROR),
    leaf(Outcome.WAIVED),
    leaf(Outcome.SKIPPED),
    leaf(Outcome.FAIL, Severity.CRITICAL),
    leaf(Outcome.PENDING, Severity.CRITICAL),
    leaf(Outcome.PASS, Severity.ADVISORY),
]


def flat_trees():
    for count in range(5):
        for children in itertools.combinations_with_replacement(ALL_LEAVES, count):
            for require in ("all", "any", "1/2", "2/3", "34%", "75%"):
                yield branch(require, children)


def small_sections():
    for count in range(3):
        for children in itertools.combinations_with_replacement(FEW_LEAVES, count):
            for require, severity in itertools.product(("all", "any"), Severity):
                yield branch(require, children, severity)
    yield from (branch("all", [one], severity, applies=False) for one in FEW_LEAVES for severity in Severity)


def nested_trees():
    inner = list(small_sections())
    for one, other in itertools.product(inner, [*FEW_LEAVES, *inner[::29]]):
        yield branch("all", (one, other))
        yield branch("any", (other, one))
    for one, middle, severity in itertools.product(inner, FEW_LEAVES, Severity):
        yield branch("any", (leaf(Outcome.PASS), branch("any", (one, middle), severity)))


@pytest.mark.parametrize(("trees", "count"), [(flat_trees, 23_256), (nested_trees, 17_000)])
def test_every_small_tree_is_judged_as_the_model_judges_it(trees, count):
    seen = Counter()
    for tree in trees():
        verdict = decide(tree)
        assert (verdict.decision, verdict.root.outcome) == (model_decision(tree), model(tree)[0]), tree
        seen[verdict.decision] += 1
    assert seen.total() >= count
    assert all(seen[decision] > count // 50 for decision in Decision)


# ---- random trees ----------------------------------------------------------------------------------

severities = st.sampled_from([Severity.NORMAL] * 3 + [Severity.CRITICAL] * 2 + [Severity.ADVISORY])
likely = st.sampled_from([Outcome.PASS] * 6 + list(CHECK_OUTCOMES))
leaves = st.builds(leaf, likely, severities)
applies = st.sampled_from([True] * 7 + [False])
requires = st.sampled_from(("all", "all", *REQUIRES))


def branches(children):
    return st.builds(branch, requires, st.lists(children, max_size=4), severities, applies)


roots = st.builds(branch, requires, st.lists(st.recursive(leaves, branches, max_leaves=12), max_size=5), severities)
laws = settings(max_examples=100, deadline=None, derandomize=True)


def paths(node, wanted, path=()):
    """Where in the tree the nodes stand for which `wanted` holds."""
    if wanted(node):
        yield path
    if isinstance(node, Branch):
        for index, child in enumerate(node.children):
            yield from paths(child, wanted, (*path, index))


def changed(node, path, change):
    """The same tree with one node changed; a change to None takes it out."""
    if not path:
        return change(node)
    children = list(node.children)
    new = changed(children[path[0]], path[1:], change)
    children[path[0] : path[0] + 1] = [] if new is None else [new]
    return msgspec.structs.replace(node, children=tuple(children))


def draw_path(data, root, wanted):
    found = list(paths(root, wanted))
    assume(found)
    return data.draw(st.sampled_from(found))


def with_outcome(outcome):
    return lambda node: msgspec.structs.replace(node, outcome=outcome)


def is_leaf(node):
    return isinstance(node, Leaf)


def is_undecided(node):
    return is_leaf(node) and node.outcome in UNDECIDED


def rank(root):
    return RANK[decide(root).decision]


def walk(judged: Judged):
    yield judged
    for child in judged.children:
        yield from walk(child)


def counts(judged):
    return judged.severity is not Severity.ADVISORY and judged.outcome is not Outcome.SKIPPED


@laws
@given(roots)
def test_any_tree_is_judged_as_the_model_judges_it(root):
    assert decide(root).decision == model_decision(root)


@laws
@given(roots, st.randoms(use_true_random=False))
def test_the_order_of_children_does_not_matter(root, random):
    def shuffled(node):
        if is_leaf(node):
            return node
        children = [shuffled(child) for child in node.children]
        random.shuffle(children)
        return msgspec.structs.replace(node, children=tuple(children))

    one, other = decide(root), decide(shuffled(root))
    assert (one.decision, one.root.outcome, one.root.tally) == (
        other.decision,
        other.root.outcome,
        other.root.tally,
    )


@laws
@given(st.data(), roots)
def test_a_worse_child_never_improves_the_verdict(data, root):
    path = draw_path(data, root, lambda node: is_leaf(node) and node.outcome in WORSE)
    worse = changed(root, path, lambda node: with_outcome(data.draw(st.sampled_from(WORSE[node.outcome])))(node))
    assert rank(worse) <= rank(root)


@laws
@given(st.data(), roots)
def test_a_more_severe_child_never_improves_the_verdict(data, root):
    path = draw_path(data, root, lambda node: node.severity is Severity.NORMAL)
    severe = changed(root, path, lambda node: msgspec.structs.replace(node, severity=Severity.CRITICAL))
    assert rank(severe) <= rank(root)


@laws
@given(st.data(), roots)
def test_an_advisory_check_that_did_not_pass_never_makes_go_by_counting(data, root):
    def advice(node):
        return is_leaf(node) and node.severity is Severity.ADVISORY and node.outcome is not Outcome.PASS

    path = draw_path(data, root, advice)
    severity = data.draw(st.sampled_from((Severity.NORMAL, Severity.CRITICAL)))
    counted = changed(root, path, lambda node: msgspec.structs.replace(node, severity=severity))
    assert decide(counted).decision is not Decision.GO or decide(root).decision is Decision.GO


@laws
@given(st.data(), roots)
def test_a_larger_require_never_improves_the_verdict(data, root):
    path = draw_path(data, root, lambda node: isinstance(node, Branch))

    def stricter(node):
        larger = REQUIRES[REQUIRES.index(node.require.text) :]
        return msgspec.structs.replace(node, require=Require.parse(data.draw(st.sampled_from(larger))))

    assert rank(changed(root, path, stricter)) <= rank(root)


@laws
@given(st.data(), roots, severities)
def test_one_more_pass_never_hurts(data, root, severity):
    path = draw_path(data, root, lambda node: isinstance(node, Branch))
    more = changed(
        root,
        path,
        lambda node: msgspec.structs.replace(node, children=(*node.children, leaf(Outcome.PASS, severity))),
    )
    assert rank(more) >= rank(root)


@laws
@given(roots)
def test_skipped_and_advisory_children_are_as_if_absent(root):
    def pruned(node):
        if is_leaf(node):
            return node
        kept = [child for child in node.children if child.severity is not Severity.ADVISORY and not skipped(child)]
        return msgspec.structs.replace(node, children=tuple(map(pruned, kept)))

    def skipped(node):
        return node.outcome is Outcome.SKIPPED if is_leaf(node) else bool(node.skipped)

    one, other = decide(root), decide(pruned(root))
    assert (one.decision, one.root.outcome) == (other.decision, other.root.outcome)
    bare = msgspec.structs.replace(one.root.tally, skipped=0, advisory=0)
    assert bare == other.root.tally


@laws
@given(st.data(), roots)
def test_undecided_children_are_alike(data, root):
    path = draw_path(data, root, is_undecided)
    other = changed(root, path, with_outcome(data.draw(st.sampled_from(OPEN_OUTCOMES))))
    assert decide(other).decision == decide(root).decision


@laws
@given(st.data(), roots)
def test_what_is_certain_no_undecided_child_can_turn(data, root):
    before = decide(root)
    assume(before.root.outcome in (Outcome.PASS, Outcome.FAIL))
    settled = root
    for path in paths(root, is_undecided):
        into = data.draw(st.sampled_from((Outcome.PASS, Outcome.FAIL, Outcome.WAIVED)))
        settled = changed(settled, path, with_outcome(into))
    assert decide(settled).root.outcome is before.root.outcome


@laws
@given(roots)
def test_go_needs_a_pass_at_every_section_that_it_rests_on(root):
    verdict = decide(root)
    passing = [judged for judged in walk(verdict.root) if judged.tally and judged.outcome is Outcome.PASS]
    assert (verdict.decision is Decision.GO) is (verdict.root in passing)
    for judged in passing:
        assert any(counts(child) and child.outcome is Outcome.PASS for child in judged.children)


@laws
@given(roots)
def test_no_go_needs_a_failure_that_counts(root):
    def failures(judged):
        if not judged.tally:
            return judged.outcome is Outcome.FAIL
        return judged.outcome is not Outcome.SKIPPED and any(failures(c) for c in judged.children if counts(c))

    verdict = decide(root)
    assert verdict.decision is not Decision.NO_GO or failures(verdict.root)


@laws
@given(st.data(), roots)
def test_a_waiver_is_at_most_as_good_as_deleting_the_check(data, root):
    """Deleting also takes out a section that has nothing left that counts."""

    def without(node, path):
        inner = without(node.children[path[0]], path[1:]) if len(path) > 1 else None
        kept = inner is not None and decide(inner).root.tally.counted > 0
        return changed(node, path[:1], lambda _: inner if kept else None)

    path = draw_path(data, root, lambda node: is_leaf(node) and node.outcome is Outcome.WAIVED)
    assert rank(root) <= rank(without(root, path))


@laws
@given(st.data(), roots)
def test_a_waiver_never_hurts(data, root):
    path = draw_path(data, root, lambda node: is_leaf(node) and node.outcome is Outcome.FAIL)
    assert rank(changed(root, path, with_outcome(Outcome.WAIVED))) >= rank(root)


@laws
@given(roots)
def test_without_a_pass_it_is_never_go(root):
    barren = root
    for path in paths(root, lambda node: is_leaf(node) and node.outcome is Outcome.PASS):
        barren = changed(barren, path, with_outcome(Outcome.ERROR))
    assert decide(barren).decision is not Decision.GO


@laws
@given(st.data(), st.sampled_from([outcome for outcome in CHECK_OUTCOMES if outcome is not Outcome.PASS]))
def test_nothing_but_one_other_outcome_is_never_go(data, outcome):
    same = st.builds(leaf, st.just(outcome), severities)
    root = data.draw(st.builds(branch, requires, st.lists(st.recursive(same, branches, max_leaves=8), max_size=4)))
    assert decide(root).decision is not Decision.GO


@laws
@given(roots)
def test_an_interrupted_run_is_never_go(root):
    verdict = decide(root, cut_short=True)
    assert verdict.decision is not Decision.GO
    assert RANK[verdict.decision] <= rank(root)
    assert (verdict.decision is Decision.NO_GO) is (decide(root).decision is Decision.NO_GO)


@laws
@given(roots)
def test_a_tally_adds_up(root):
    for judged in walk(decide(root).root):
        if judged.tally:
            tally = judged.tally
            assert tally.passed + tally.failed + tally.undecided + tally.waived == tally.counted
            assert tally.counted + tally.skipped + tally.advisory == len(judged.children)
            assert 0 <= tally.required <= tally.counted


@laws
@given(st.sampled_from(REQUIRES), st.integers(1, 10_000))
def test_what_is_asked_is_exact(require, count):
    assert Require.parse(require).asked(count) == model_asked(require, count)
