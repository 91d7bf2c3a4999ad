"""Many pods: others get their turn, and one page is held at a time."""

import json
import time
import tracemalloc

import anyio
import pytest

from probes.kubernetes.pods import PodsProbe
from probes.kubernetes.resource import ResourceProbe
from probes.kubernetes.rollout import RolloutProbe

from .server import Answer

PAGE = 250


@pytest.fixture
def pages(api, scene):
    """A finished rollout of so many pods of so many bytes, in pages that are made beforehand."""

    def make(count, size):
        deployment, *sets = (one for one in scene("deployment-finished") if one["kind"] != "Pod")
        deployment["spec"]["replicas"] = count
        deployment["status"] |= dict.fromkeys(
            ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count
        )
        api.add(deployment, *sets)
        pod = scene("deployment-finished")[-1]
        pod["metadata"]["annotations"] = {"padding": "x" * max(0, size - len(json.dumps(pod)))}
        text = json.dumps(pod).replace(pod["metadata"]["name"], "%s")
        head, tail = (part.encode() for part in text.split("%s"))
        items = [head + b"shop-api-7d4b9c6f5d-%05d" % number + tail for number in range(count)]
        bodies = {}
        for start in range(0, count, PAGE):
            more = b'"continue":"%d"' % (start + PAGE) if start + PAGE < count else b""
            listed = b",".join(items[start : start + PAGE])
            bodies[str(start)] = b'{"kind":"PodList","metadata":{%s},"items":[%s]}' % (more, listed)

        def answer(asked):
            assert asked.query["limit"] == str(PAGE)
            return Answer(200, bodies[asked.query.get("continue", "0")], {"content-encoding": "identity"})

        api.say("/api/v1/namespaces/shop/pods", answer)

    return make


LOOKS = [
    pytest.param((PodsProbe, {}), id="pods"),
    pytest.param((RolloutProbe, {"deployment": "shop-api"}), id="rollout"),
    pytest.param((ResourceProbe, {"kind": "Pod"}), id="names"),
    pytest.param((ResourceProbe, {"kind": "Pod", "json": {"phases": "items[].status.phase"}}), id="a reading"),
]


async def longest_turn(work):
    """Do it, and give the most CPU that the event loop's thread took between two turns of somebody else."""
    turns = []

    async def others():
        last = time.thread_time()
        while True:
            await anyio.sleep(0)
            now = time.thread_time()
            turns.append(now - last)
            last = now

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        await anyio.lowlevel.checkpoint()
        await work()
        tasks.cancel_scope.cancel()
    return max(turns)


@pytest.mark.parametrize("of", LOOKS)
async def test_others_get_their_turn(pages, look, of):
    kind, settings = of
    pages(2000, 8000)
    await look(kind, **settings)  # what is loaded once is loaded
    assert await longest_turn(lambda: look(kind, **settings)) < 0.02


@pytest.mark.parametrize("of", LOOKS)
async def test_one_page_is_held_at_a_time(pages, look, of):
    """The list is 20 MB; a page is 5 MB, once in pieces and once whole."""
    kind, settings = of
    pages(1000, 20_000)
    await look(kind, **settings)
    tracemalloc.start()
    try:
        await look(kind, **settings)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 14_000_000


async def test_ten_thousand(pages, look):
    pages(10_000, 0)
    found = await look(RolloutProbe, deployment="shop-api", image="registry.example.com/shop-api:1.4.2")
    assert (found.finished, found.updated, found.ready, found.problems) == (True, 10_000, 10_000, [])
