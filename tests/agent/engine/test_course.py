"""One check over time, on virtual time: when it is looked at, and what that comes to."""

import anyio
import pytest

from agent.engine.attempt import Turn
from agent.engine.course import Course
from agent.engine.judge import Observation
from agent.model import Outcome
from agent.plan.steps import Policy
from tests.agent.engine.kit import virtual_time

pytestmark = virtual_time

OUTCOMES = {"p": Outcome.PASS, "f": Outcome.FAIL, "e": Outcome.ERROR}


class Target:
    """Answers as written: `p`, `f`, `e` (could not look), each after `takes` seconds; the last for ever."""

    def __init__(self, answers: str, takes: float = 0.0, **seen):
        self.answers, self.takes, self.seen = answers, takes, seen
        self.turns: list[Turn] = []
        self.times: list[float] = []
        self.begun = anyio.current_time()

    async def attempt(self, turn: Turn) -> Observation:
        self.times.append(round(anyio.current_time() - self.begun, 3))
        self.turns.append(turn)
        await anyio.sleep(min(self.takes, turn.timeout))
        outcome = OUTCOMES[self.answers[min(len(self.turns), len(self.answers)) - 1]]
        return Observation(outcome=outcome, **self.seen)


async def follow(answers, takes=0.0, *, seen=None, **policy):
    """Give what a policy comes to and when it looked."""
    target = Target(answers, takes, **(seen or {}))
    outcome = await Course(Policy(**policy), target.attempt).run()
    return outcome.value, target


# ---- retry


@pytest.mark.parametrize(
    ("answers", "attempts", "outcome", "times"),
    [
        ("p", 1, "pass", [0]),
        ("f", 1, "fail", [0]),
        ("e", 1, "error", [0]),
        ("p", 3, "pass", [0]),
        ("fp", 3, "pass", [0, 2]),
        ("eep", 3, "pass", [0, 2, 4]),
        ("fff", 3, "fail", [0, 2, 4]),
        ("efe", 3, "fail", [0, 2, 4]),
        ("fee", 3, "fail", [0, 2, 4]),
        ("eee", 3, "error", [0, 2, 4]),
        ("fffp", 3, "fail", [0, 2, 4]),
    ],
)
async def test_retry_passes_if_one_passes_else_fails_if_one_failed_else_is_an_error(answers, attempts, outcome, times):
    got, target = await follow(answers, attempts=attempts, delay=2)
    assert (got, target.times) == (outcome, times)
    assert set(target.turns) == {Turn(timeout=10)}


async def test_the_delay_is_between_the_end_of_one_attempt_and_the_next():
    _, target = await follow("ff", takes=5, attempts=2, delay=2)
    assert target.times == [0, 7]


@pytest.mark.parametrize(
    ("asked", "second"),
    [
        (0.5, 2),
        (5, 5),
        (5.5, 5.5),
        (3600, 10),
        (-1, 2),
        (float("nan"), 2),
        (float("inf"), 2),
        ("5", 2),
        (None, 2),
        (True, 2),
    ],
)
async def test_a_target_may_ask_for_time_up_to_the_timeout(asked, second):
    _, target = await follow("fp", attempts=2, delay=2, seen={"values": {"retry_after_seconds": asked}})
    assert target.times == [0, second]


async def test_what_no_attempt_can_change_is_not_tried_again():
    assert (await follow("f", attempts=3, seen={"final": True}))[1].times == [0]
    assert (await follow("f", within=60, seen={"final": True}))[1].times == [0]


# ---- within


@pytest.mark.parametrize(
    ("answers", "outcome", "times"),
    [
        ("p", "pass", [0]),
        ("ffp", "pass", [0, 5, 10]),
        ("eep", "pass", [0, 5, 10]),
        ("f", "fail", [0, 5, 10, 15]),
        ("fe", "fail", [0, 5, 10, 15]),
        ("eeef", "fail", [0, 5, 10, 15]),
        ("e", "error", [0, 5, 10, 15]),
        ("ffffp", "fail", [0, 5, 10, 15]),
    ],
)
async def test_within_waits_for_the_first_pass(answers, outcome, times):
    got, target = await follow(answers, within=20, every=5)
    assert (got, target.times) == (outcome, times)


async def test_every_is_from_start_to_start_unless_an_attempt_takes_longer():
    assert (await follow("f", takes=2, within=20, every=5))[1].times == [0, 5, 10, 15]
    assert (await follow("f", takes=7, within=20, every=5))[1].times == [0, 7, 14]


async def test_an_attempt_has_what_is_left_of_within_and_is_cut_when_that_is_too_little():
    _, target = await follow("f", takes=99, within=25, timeout=10, every=5)
    assert target.times == [0, 10, 20]
    assert target.turns == [
        Turn(timeout=10, since=target.begun),
        Turn(timeout=10, since=target.begun),
        Turn(timeout=5, since=target.begun, cut=True),
    ]


async def test_an_attempt_that_may_take_all_of_within_is_not_cut():
    _, target = await follow("f", takes=99, within=5, timeout=10)
    assert target.turns == [Turn(timeout=5, since=target.begun)]


async def test_a_target_that_asks_for_more_time_than_there_is_gets_no_further_look():
    _, target = await follow("f", within=8, every=1, timeout=10, seen={"values": {"retry_after_seconds": 9}})
    assert target.times == [0]
    _, target = await follow("f", within=8, every=1, timeout=10, seen={"values": {"retry_after_seconds": 3}})
    assert target.times == [0, 3, 6]


# ---- hold


@pytest.mark.parametrize(
    ("answers", "tolerate", "outcome", "times"),
    [
        pytest.param("p", 0, "pass", [0, 5, 10, 12], id="keeps passing, and is looked at once more at the end"),
        pytest.param("f", 0, "fail", [0], id="never passed"),
        pytest.param("e", 0, "error", [0], id="never seen"),
        pytest.param("pf", 0, "fail", [0, 5], id="a breach ends it"),
        pytest.param("pppf", 0, "fail", [0, 5, 10, 12], id="a breach at the very end"),
        pytest.param("pep", 0, "pass", [0, 5, 10, 12], id="blind for a while"),
        pytest.param("pe", 0, "error", [0, 5, 10, 12], id="blind until the end"),
        pytest.param("pppe", 0, "error", [0, 5, 10, 12], id="blind at the end"),
        pytest.param("pfp", 5, "pass", [0, 5, 10, 12], id="a breach over in time is forgiven"),
        pytest.param("pfp", 4.9, "fail", [0, 5, 10], id="one that lasted longer is not"),
        pytest.param("pff", 5, "fail", [0, 5, 10], id="one that is still there after that time is not"),
        pytest.param("pfep", 6, "fail", [0, 5, 10, 12], id="blindness does not end a breach"),
        pytest.param("pfep", 7, "pass", [0, 5, 10, 12], id="unless it is over in time"),
        pytest.param("pfe", 20, "fail", [0, 5, 10, 12], id="failed and never seen to pass again"),
        pytest.param("pppf", 20, "fail", [0, 5, 10, 12], id="no tolerance beyond the end"),
        pytest.param("pfpf", 5, "fail", [0, 5, 10, 12], id="each breach is one of its own, the last is open"),
    ],
)
async def test_hold(answers, tolerate, outcome, times):
    got, target = await follow(answers, hold=12, every=5, tolerate=tolerate)
    assert (got, target.times) == (outcome, times)


async def test_hold_begins_where_within_ends():
    got, target = await follow("ffp", within=20, hold=7, every=5)
    assert (got, target.times) == ("pass", [0, 5, 10, 15, 17])
    assert [turn.since for turn in target.turns] == [None, None, None, None, target.begun]


async def test_hold_counts_from_the_end_of_the_first_pass():
    got, target = await follow("p", takes=2, hold=10, every=5)
    assert (got, target.times) == ("pass", [0, 5, 10, 12])


async def test_only_the_last_look_of_a_hold_ends_it():
    _, target = await follow("p", hold=8, every=5)
    assert target.turns == [Turn(timeout=10), Turn(timeout=10), Turn(timeout=10, since=target.begun)]


async def test_a_hold_shorter_than_every_has_its_look_at_the_end():
    assert (await follow("pf", hold=2, every=5))[0] == "fail"
    assert (await follow("p", hold=2, every=5))[1].times == [0, 2]


async def test_retry_may_find_the_first_pass_of_a_hold():
    got, target = await follow("fp", attempts=2, delay=1, hold=5, every=5)
    assert (got, target.times) == ("pass", [0, 1, 6])


async def test_a_hold_that_nothing_can_change_any_more_ends():
    target = Target("pe")

    async def attempt(turn):
        seen = await target.attempt(turn)
        return Observation(outcome=seen.outcome, final=seen.outcome is Outcome.ERROR)

    assert await Course(Policy(hold=60), attempt).run() is Outcome.ERROR
    assert target.times == [0, 5]


@pytest.mark.parametrize(
    ("answers", "tolerate", "outcome"),
    [
        ("pep", 0, "pass"),
        ("peep", 0, "error"),
        ("peepp", 0, "error"),
        ("pepep", 0, "pass"),
        ("peep", 15, "pass"),
        ("pppeep", 15, "pass"),
        ("peeep", 15, "error"),
        ("pefp", 20, "pass"),
        ("peepppppppppf", 12, "fail"),
    ],
)
async def test_what_nobody_saw_was_not_held(answers, tolerate, outcome):
    """One look may be lost; more of them, in a row and longer than is tolerated, leave nobody who knows."""
    assert (await follow(answers, hold=60, every=5, tolerate=tolerate))[0] == outcome
