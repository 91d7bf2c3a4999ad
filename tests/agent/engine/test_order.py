"""Whose turn it is, without a clock."""

import random
from graphlib import CycleError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine.order import Order
from tests.agent.engine.kit import check, section


def waves(*children):
    """Run everything that is due at once, again and again: what is in one wave could run together."""
    order = Order(section("", *children))
    found = []
    while steps := order.due():
        found.append(" ".join(step.address for step in steps))
        for step in steps:
            order.done(step)
    assert order.over
    return found


def active(address, *needs, always=False):
    return check(address, needs=needs, active=True, always=always)


def passive(address, *needs):
    return check(address, needs=needs)


def test_nothing_to_do_is_over_at_once():
    assert waves() == []


def test_passive_checks_run_together():
    assert waves(passive("a"), section("s", passive("s/b"), passive("s/c")), passive("d")) == ["a s/b s/c d"]


def test_a_check_waits_for_what_it_needs():
    assert waves(passive("a", "c"), passive("b"), passive("c", "b")) == ["b", "c", "a"]


def test_a_check_waits_for_all_of_a_section_that_it_needs():
    children = section("s", passive("s/a"), section("s/t", passive("s/t/b", "s/a"))), passive("c", "s")
    assert waves(*children) == ["s/a", "s/t/b", "c"]


def test_an_empty_section_is_over_at_once():
    assert waves(passive("a", "s"), section("s")) == ["a"]


def test_active_checks_run_one_at_a_time_as_written_after_the_passive_ones():
    assert waves(active("a"), passive("b"), active("c"), passive("d", "b")) == ["b", "d", "a", "c"]


def test_a_passive_check_that_needs_an_active_one_stands_where_it_is_written():
    """Or the fault would be mended before anybody looked."""
    children = active("break"), passive("look", "break"), passive("look-too", "break"), active("mend"), passive("other")
    assert waves(*children) == ["other", "break", "look look-too", "mend"]


def test_nothing_written_after_an_active_check_overtakes_it():
    assert waves(active("a"), active("b"), passive("c", "a")) == ["a", "b", "c"]


def test_what_needs_an_active_check_through_others_comes_later_too():
    children = passive("a", "s"), section("s", passive("s/b", "c"), passive("s/d")), active("c")
    assert waves(*children) == ["s/d", "c", "s/b", "a"]


def test_a_need_goes_before_the_order_written():
    assert waves(active("a", "c"), active("b"), active("c")) == ["b", "c", "a"]
    assert waves(passive("a", "b"), active("b")) == ["b", "a"]


def test_clean_up_takes_its_turn_among_the_active_ones():
    children = active("a"), active("clean", always=True), active("b"), check("c", always=True)
    assert waves(*children) == ["a", "clean", "b", "c"]


def test_an_active_check_may_need_passive_ones():
    assert waves(active("a", "b"), passive("b"), passive("c", "b")) == ["b", "c", "a"]


def test_a_circle_is_refused_even_if_the_binder_let_it_through():
    with pytest.raises(CycleError):
        waves(passive("a", "b"), passive("b", "a"))


@settings(deadline=None)
@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_every_step_has_one_turn_after_its_needs_and_active_ones_are_alone(count, chance: random.Random):
    steps = []
    for number in range(count):
        needs = tuple(step.address for step in steps if chance.random() < 0.2)
        kind = chance.choice([active, passive, passive])
        steps.append(kind(f"s{number}", *needs))
    chance.shuffle(steps)
    order = Order(section("", *steps))
    by_address = {step.address: step for step in steps}
    running, done = [], []
    while not order.over:
        running += order.due()
        alone = [step for step in running if step.active]
        assert not alone or len(running) == 1
        step = running.pop(chance.randrange(len(running)))
        assert set(step.needs) <= set(done)
        done.append(step.address)
        order.done(step)
    assert sorted(done) == sorted(by_address)
    if any(step.active for step in steps):
        free = [step.address for step in steps if not _needs_active(step, by_address)]
        assert set(done[: len(free)]) == set(free)


def _needs_active(step, by_address):
    return step.active or any(_needs_active(by_address[need], by_address) for need in step.needs)
