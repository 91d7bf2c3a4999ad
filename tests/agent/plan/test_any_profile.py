"""Whatever stands in a profile, it is bound or refused with its mistakes; nothing else ever happens."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.plan.steps import Step
from agent.planned import tell, tree
from agent.problem import ProfileError
from agent.profile.keys import BODIES, CHECK, COMMON, HEAD, SECTION

TEXTS = st.sampled_from(
    [
        "", "x", "a", "b", "one", "null", "true", "false", "0", "5", "-1", "1e30", "10%", "5s", "1/2", "all", "any", "critical",
        "2099-01-01", "$(a)", "$(b)", "$(c)", "$(item)", "$(item.a)", "$(key)", "$(one.state)", "$(two[a].state)", "$(secret:S)",
        "$(env:NOPE)", "$(file:nope)", "$(file:.)", "$$(a)", "$(", "$()", "v$(a)$(b)", "part.yaml", "p.yaml", "gonogo:x", "../x", ".",
        "two[a]", "all/one", "(", "\u001b[31m", "a\nb", "«»", "\0", "x" * 300,
    ]
)  # fmt: skip
WORDS = st.sampled_from(["a", "b", "c", "one", "two", "state", "count", "ok", "min", "max", "matches", "not", "equals", "exists",
                         "contains", "one_of", "max_increase", "host", "port", "json", "regex", "body", "attempts", "delay", "$(a)", ""])  # fmt: skip
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
KINDS = st.sampled_from(["acme.thing", "acme.healthy", "acme.query", "acme.gone", "exec"])
ITEM = st.dictionaries(
    st.sampled_from([*COMMON, *SECTION, *CHECK, "include", "vars", "remove", "ownr"]), VALUES, max_size=5
)
NAMED = st.fixed_dictionaries({"name": st.sampled_from(["One", "Two", "Three", "$(a)", "$(item)"])}, optional={})


def merged(*parts):
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


CHECKS = merged(ITEM, NAMED, st.dictionaries(KINDS, VALUES, min_size=1, max_size=1))
ITEMS = st.recursive(
    CHECKS | ITEM,
    lambda inner: merged(ITEM, NAMED, st.fixed_dictionaries({"checks": st.lists(inner, max_size=3)})),
    max_leaves=6,
)
VARIABLES = st.dictionaries(st.sampled_from(["a", "b", "c", "item", "1"]), VALUES, max_size=3)
HEADS = st.dictionaries(st.sampled_from([*HEAD, *COMMON, *SECTION, *BODIES]), VALUES, max_size=3)
WAIVERS = st.dictionaries(st.sampled_from(["check", "owner", "reason", "ticket", "expires"]), TEXTS, max_size=5)
PROFILES = merged(
    HEADS,
    st.fixed_dictionaries({"name": TEXTS, "checks": st.lists(ITEMS, min_size=1, max_size=4)}),
    st.fixed_dictionaries({}, optional={"vars": VARIABLES, "waivers": st.lists(WAIVERS, max_size=2)}),
)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(PROFILES, PROFILES, st.booleans(), st.booleans())
def test_any_profile_is_bound_or_refused(room, profile, part, demanded, several):
    (room.folder / "p.yaml").write_text(json.dumps(profile))
    (room.folder / "part.yaml").write_text(json.dumps(part))
    paths = ("p.yaml", "part.yaml") if several else ("p.yaml",)
    try:
        bound = room.bind("", *paths, demanded=demanded, options=("a=$(b)", "b="))
    except ProfileError:
        return
    addresses = [item.address for item in bound.plan.root.walk()]
    assert len(addresses) == len(set(addresses))
    assert all(set(item.needs) <= set(addresses) for item in bound.plan.root.walk() if isinstance(item, Step))
    assert tell(bound.plan)
    assert tree(bound.plan)
