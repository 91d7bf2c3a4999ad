"""The heart of the loop, heard from outside."""

import threading

import anyio

from agent.engine.heart import BEAT, Heart, where
from tests.agent.engine.kit import real_time


@real_time
async def test_silence_is_counted_in_times_listened():
    heart = Heart()
    assert heart.silence() == BEAT
    assert heart.silence() == 2 * BEAT
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heart.beat)
        await anyio.wait_all_tasks_blocked()
        assert heart.silence() == 0
        assert heart.silence() == BEAT


def test_the_place_of_a_blocked_thread_is_told():
    ready, release = threading.Event(), threading.Event()

    def stand() -> None:
        ready.set()
        release.wait()

    thread = threading.Thread(target=stand)
    thread.start()
    ready.wait()
    assert where(thread.ident).startswith(" at ")
    release.set()
    thread.join()
    assert where(thread.ident) == ""
    assert where(None) == ""
