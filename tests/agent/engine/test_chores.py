"""Chores: one thread for all of them, and none of them holds the others up for long."""

import threading

from agent.engine import chores
from tests.agent.engine.kit import real_time

pytestmark = real_time


async def test_nothing_to_do_needs_no_thread():
    assert await chores.done([], patience=10) == []


async def test_all_are_done_in_order_in_one_thread():
    found = await chores.done([threading.get_ident] * 100, patience=10)
    assert len(found) == 100
    assert len(set(found)) == 1
    assert found[0] != threading.get_ident()


async def test_one_that_hangs_costs_the_others_nothing():
    release = threading.Event()
    wanted = [lambda: 1, release.wait, lambda: 2]
    try:
        assert await chores.done(wanted, patience=2) == [1, None, 2]
    finally:
        release.set()


async def test_patience_is_for_each_and_not_for_all():
    """Each is slow, but something gets done all the time."""
    pause = threading.Event()
    assert await chores.done([lambda: pause.wait(0.1)] * 12, patience=1) == [False] * 12
