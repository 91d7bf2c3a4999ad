"""What holds for every policy and every target, on virtual time."""

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.agent.engine.test_course import follow


@settings(deadline=None)
@given(
    answers=st.text("pfe", min_size=1, max_size=30),
    takes=st.sampled_from([0.0, 0.5, 3.0, 30.0]),
    policy=st.fixed_dictionaries(
        {"every": st.sampled_from([0.5, 5.0, 20.0]), "tolerate": st.sampled_from([0.0, 3.0, 10.0])},
        optional={"within": st.sampled_from([1.0, 12.0, 60.0]), "hold": st.sampled_from([1.0, 12.0, 60.0])},
    ),
)
def test_a_pass_was_seen_last_and_a_failure_was_seen_and_time_is_kept(answers, takes, policy):
    async def run():
        return await follow(answers, takes, **policy)

    outcome, target = trio.run(run, clock=MockClock(autojump_threshold=0))
    seen = [answers[min(number, len(answers) - 1)] for number in range(len(target.times))]
    if outcome == "pass":
        assert seen[-1] == "p"
    else:
        assert {"fail": "f", "error": "e"}[outcome] in seen
        assert seen[-1] != "p" or policy["tolerate"] or "ee" in "".join(seen)
    if outcome == "error":
        assert "f" not in "".join(seen).rpartition("p")[2]
    within = policy.get("within")
    if within and "p" not in seen:
        assert target.times[-1] + target.turns[-1].timeout <= within + 0.001
    if policy.get("hold") and outcome == "pass":
        first = seen.index("p")
        assert target.times[-1] >= target.times[first] + policy["hold"]
        assert target.turns[-1].since is not None
    if not policy["tolerate"] and "p" in seen and policy.get("hold"):
        assert "f" not in seen[seen.index("p") : -1]
