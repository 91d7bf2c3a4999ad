"""One call into a probe: on time, whatever the probe does."""

import math
import threading

import anyio
import pytest
from anyio import to_thread

from agent.engine.look import Look
from agent.probe import ProbeError
from tests.agent.engine.kit import DOWN, FAIL, PASS, Script, asyncio_only, real_time, script, takes, virtual_time

PATIENCE = 5


async def taken(look, *, cut_after=math.inf):
    async with anyio.create_task_group() as ward:
        with anyio.move_on_after(cut_after):
            await look.take(ward)
        ward.cancel_scope.cancel()
    return look


async def test_an_answer_is_kept():
    look = await taken(Look(script(FAIL), 1, PATIENCE))
    assert (look.reading, look.guard.error, look.over, look.late) == (FAIL, None, True, False)


async def test_an_error_is_kept():
    look = await taken(Look(script(DOWN), 1, PATIENCE))
    assert (look.reading, look.guard.error, look.over, look.late) == (None, DOWN, True, False)


@virtual_time
async def test_times_are_those_of_the_call():
    started = anyio.current_time()
    look = await taken(Look(script(takes(3)), 10, PATIENCE))
    assert (look.started - started, look.ended - look.started) == (0, 3)


@virtual_time
async def test_silence_ends_at_the_timeout():
    look = await taken(Look(script(takes(math.inf)), 10, PATIENCE))
    assert (look.late, look.over, look.ended - look.started) == (True, True, 10)


@virtual_time
@pytest.mark.parametrize("after", ["answer", "error"])
async def test_what_a_probe_says_after_it_was_cancelled_does_not_count(after):
    async def late():
        try:
            await anyio.sleep_forever()
        finally:
            if after == "error":
                raise ValueError("late")
            return PASS  # noqa: B012

    assert (await taken(Look(script(late), 10, PATIENCE))).late


@virtual_time
async def test_a_probe_has_time_to_clean_up():
    async def slow():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(PATIENCE - 1)

    look = await taken(Look(script(slow), 10, PATIENCE))
    assert (look.late, look.over, look.ended - look.started) == (True, True, 10 + PATIENCE - 1)


@virtual_time
async def test_a_probe_that_ignores_its_cancellation_is_left_behind():
    released = anyio.Event()

    async def stubborn():
        with anyio.CancelScope(shield=True):
            await released.wait()

    look = Look(script(stubborn), 10, PATIENCE)
    async with anyio.create_task_group() as ward:
        await look.take(ward)
        assert (look.over, look.ended - look.started) == (False, 10 + PATIENCE)
        released.set()


@virtual_time
async def test_cutting_short_cancels_the_call_and_waits_for_its_end():
    ended = []

    async def slow():
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(1)
            ended.append(anyio.current_time())

    look = await taken(Look(script(slow), 100, PATIENCE), cut_after=5)
    assert ended == [look.ended]
    assert look.ended - look.started == 6


@virtual_time
async def test_cutting_short_does_not_wait_for_one_that_ignores_it():
    released = anyio.Event()

    async def stubborn():
        with anyio.CancelScope(shield=True):
            await released.wait()

    look = Look(script(stubborn), 100, PATIENCE)
    async with anyio.create_task_group() as ward:
        with anyio.move_on_after(1):
            await look.take(ward)
        assert (look.over, look.ended - look.started) == (False, 1 + PATIENCE)
        released.set()


@real_time
async def test_a_call_that_was_cut_before_it_began_took_no_time():
    look = Look(script(takes(math.inf)), 10, PATIENCE)
    async with anyio.create_task_group() as ward:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await look.take(ward)
    assert look.ended - look.started < 1


@asyncio_only
async def test_a_probe_that_cancels_itself_cancels_nothing_else():
    class Suicidal(Script, frozen=True):
        async def measure(self):
            raise anyio.get_cancelled_exc_class()

    look = await taken(Look(Suicidal(), 1, PATIENCE))
    assert isinstance(look.guard.error, ProbeError)
    assert str(look.guard.error) == "probe failed: it cancelled itself"


@real_time
async def test_a_thread_that_is_left_behind_holds_nothing_up():
    release = threading.Event()

    async def blocking():
        await to_thread.run_sync(release.wait, abandon_on_cancel=True)

    try:
        assert (await taken(Look(script(blocking), 0.05, PATIENCE))).late
    finally:
        release.set()
