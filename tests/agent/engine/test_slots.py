"""Slots: in all, and per host."""

from agent.engine.slots import Slots


def taken(slots):
    found = []
    while (item := slots.take()) is not None:
        found.append(item)
    return found


def test_no_more_run_than_there_are_slots_and_the_next_follows_when_one_is_free():
    slots = Slots(2, 9)
    for item in "abc":
        slots.queue("", item)
    assert taken(slots) == ["a", "b"]
    slots.free("")
    assert taken(slots) == ["c"]


def test_one_host_gets_no_more_than_its_share_and_holds_nobody_else_up():
    slots = Slots(9, 2)
    for target, item in [("x", "x1"), ("x", "x2"), ("x", "x3"), ("y", "y1"), ("", "free")]:
        slots.queue(target, item)
    assert taken(slots) == ["x1", "x2", "y1", "free"]
    slots.free("y")
    assert taken(slots) == []
    slots.free("x")
    assert taken(slots) == ["x3"]
    slots.free("x")
    slots.free("x")
    for item in ("x4", "x5", "x6"):
        slots.queue("x", item)
    assert taken(slots) == ["x4", "x5"]


def test_checks_without_a_host_are_limited_in_all_only():
    slots = Slots(9, 1)
    for item in "abc":
        slots.queue("", item)
    assert taken(slots) == ["a", "b", "c"]


def test_who_waits_for_a_host_takes_none_of_the_slots_of_all():
    slots = Slots(2, 1)
    for target, item in [("x", "x1"), ("x", "x2"), ("x", "x3"), ("y", "y1")]:
        slots.queue(target, item)
    assert taken(slots) == ["x1", "y1"]
