"""The end of a run before its end."""

import anyio
import pytest

from agent.engine.stop import Stop, duration
from tests.agent.engine.kit import asyncio_only, virtual_time


async def test_at_first_nothing_is_stopped():
    stop = Stop()
    stop.limit(None)
    assert not stop.called


async def test_an_interrupt_cancels_and_says_why():
    stop = Stop()
    with stop.scope:
        stop.interrupt("SIGTERM")
        await anyio.sleep_forever()
    assert (stop.called, stop.signal, stop.why) == (True, "SIGTERM", "interrupted by SIGTERM")


@virtual_time
async def test_the_deadline_cancels_and_says_why():
    stop, started = Stop(), anyio.current_time()
    stop.limit(600)
    with stop.scope:
        await anyio.sleep(599)
        assert not stop.called
        await anyio.sleep_forever()
    assert anyio.current_time() - started == 600
    assert (stop.called, stop.signal, stop.why) == (True, "", "cut short by the run's deadline of 10m")


@asyncio_only
async def test_a_deadline_that_the_loop_has_not_noticed_yet_has_passed_all_the_same():
    stop = Stop()
    with stop.scope:
        stop.limit(0.001)
        while anyio.current_time() < stop.scope.deadline:
            pass  # nobody else gets a turn
        assert stop.called


@pytest.mark.parametrize(("seconds", "text"), [(0.3, "300ms"), (10, "10s"), (90, "1m30s"), (600.0, "10m")])
def test_durations_are_written_for_a_person(seconds, text):
    assert duration(seconds) == text
