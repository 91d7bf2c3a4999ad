"""kubernetes.events."""

import copy
import re

import pytest

from agent.probe import ProbeError
from probes.kubernetes.events import EventsProbe, EventsReading

NONE = EventsReading(count=0, occurrences=0, reasons=[], objects=[], kinds=[], messages=[])


async def test_warnings_within_the_window(api, scene, look):
    api.add(*scene("events"))
    assert await look(EventsProbe) == EventsReading(
        count=2,
        occurrences=16,
        reasons=["BackOff", "FailedScheduling"],
        objects=["Pod/shop-api-7d4b9c6f5d-crash", "Pod/shop-api-7d4b9c6f5d-waits"],
        kinds=["Pod"],
        messages=[
            "Pod/shop-api-7d4b9c6f5d-crash: BackOff: Back-off restarting failed container app in pod "
            "shop-api-7d4b9c6f5d-crash_shop(0b1e) (12 times)",
            "Pod/shop-api-7d4b9c6f5d-waits: FailedScheduling: 0/3 nodes are available: 2 Insufficient cpu. (4 times)",
        ],
        newest_age_seconds=120.0,
    )


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({"window": 150.0}, ["BackOff"]),
        ({"window": 3600.0}, ["BackOff", "FailedCreate", "FailedScheduling"]),
        ({"window": 30.0}, []),
        ({"type": "Normal"}, ["Pulled"]),
        ({"type": "all"}, ["BackOff", "FailedScheduling", "Pulled"]),
        ({"only": ["FailedScheduling", "FailedMount"]}, ["FailedScheduling"]),
        ({"ignore": ["BackOff"]}, ["FailedScheduling"]),
        ({"window": 3600.0, "kind": "ReplicaSet"}, ["FailedCreate"]),
        ({"name": "shop-api-7d4b9c6f5d-waits"}, ["FailedScheduling"]),
        ({"all_namespaces": True}, ["BackOff", "FailedScheduling"]),
    ],
)
@pytest.mark.parametrize("obeys", [True, False], ids=["chosen by the server", "chosen by us"])
async def test_which_events(api, fed, settings, reasons, obeys):
    if not obeys:
        api.before.append(lambda asked: asked.query.pop("fieldSelector", None) and None)
    assert (await fed("events", EventsProbe, **settings)).reasons == reasons


async def test_none(api, scene, look):
    assert await look(EventsProbe) == NONE


async def test_none_in_a_namespace_that_does_not_exist_proves_nothing(api, look):
    with pytest.raises(ProbeError, match=f"^API server {re.escape(api.place)}: namespace shpo does not exist$"):
        await look(EventsProbe, namespace="shpo")


async def test_an_event_without_any_time_may_be_of_now(api, scene, look):
    (event, *_) = scene("events")
    event |= {"firstTimestamp": None, "lastTimestamp": None}
    event["metadata"].pop("creationTimestamp")
    api.add(event)
    found = await look(EventsProbe)
    assert (found.count, found.newest_age_seconds) == (1, None)


async def test_one_of_just_after_the_servers_answer_is_of_now(api, scene, look):
    (event, *_) = scene("events")
    event["lastTimestamp"] = "2026-03-01T11:05:01Z"
    api.add(event)
    assert (await look(EventsProbe)).newest_age_seconds == 0.0


async def test_the_latest_of_many_are_told(api, scene, look):
    (event, *_) = scene("events")
    event["message"] = "long " * 100
    for number in range(60):
        one = copy.deepcopy(event)
        one["involvedObject"]["name"] = f"pod-{number:02d}"
        one["lastTimestamp"] = f"2026-03-01T11:{number // 15:02d}:{number % 15:02d}Z"
        api.add(one)
    found = await look(EventsProbe)
    assert found.count == 60
    assert found.objects == [f"Pod/pod-{number:02d}" for number in range(59, 39, -1)]
    assert found.messages[0] == f"Pod/pod-59: BackOff: {('long ' * 40)}… (12 times)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 7200.0}, "window is longer than events are kept: say `kept` if this cluster keeps them longer"),
        ({"window": 0.0}, "window is not between 0 and a year"),
        ({"window": 1e9, "kept": 1e10}, "window is not between 0 and a year"),
        ({"only": ["BackOff"], "ignore": ["BackOff"]}, "BackOff stands in only and in ignore"),
    ],
)
def test_what_finds_nothing_is_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        EventsProbe(**settings)


def test_a_longer_window_where_events_are_kept_longer():
    assert EventsProbe(window=7200.0, kept=86400.0).window == 7200.0
