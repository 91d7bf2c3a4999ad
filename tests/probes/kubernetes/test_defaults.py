"""The limits that hold by default, judged as the engine does: what is not well never passes unasked."""

import pytest

from agent import registry, threshold
from probes.kubernetes.events import EventsProbe
from probes.kubernetes.nodes import NodesProbe
from probes.kubernetes.pods import PodsProbe
from probes.kubernetes.resource import ResourceProbe
from probes.kubernetes.rollout import RolloutProbe

IMAGE = "registry.example.com/shop-api"
DEPLOYMENT, JOB = {"deployment": "shop-api"}, {"job": "migrate"}


@pytest.fixture
def breaches(fed):
    """Look at recorded objects, and give the metrics whose default limits do not hold."""

    async def judge(name, kind, /, **settings):
        reading = await fed(name, kind, **settings)
        limits = registry.describe("kubernetes.kind", kind).defaults.values()
        return [
            breach.metric for limit in limits for breach in threshold.judge(limit, getattr(reading, limit.metric.name))
        ]

    return judge


WELL = [
    ("deployment-finished", RolloutProbe, DEPLOYMENT | {"image": f"{IMAGE}:1.4.2"}),
    ("statefulset-finished", RolloutProbe, {"statefulset": "ledger"}),
    ("daemonset-finished", RolloutProbe, {"daemonset": "agent"}),
    ("job-complete", RolloutProbe, JOB | {"image": f"{IMAGE}:1.4.2"}),
    ("deployment-finished", PodsProbe, {}),
    ("nodes-ready", NodesProbe, {}),
    ("config-maps", EventsProbe, {}),
    ("config-maps", ResourceProbe, {"kind": "ConfigMap", "name": "shop-api"}),
    ("config-maps", ResourceProbe, {"kind": "ConfigMap"}),
]


@pytest.mark.parametrize("well", WELL)
async def test_what_is_well_passes(breaches, well):
    name, kind, settings = well
    assert await breaches(name, kind, **settings) == []


ILL = [
    ("deployment-mid-rollout", RolloutProbe, DEPLOYMENT, ["finished", "problems"]),
    ("deployment-paused", RolloutProbe, DEPLOYMENT, ["finished", "problems"]),
    ("deployment-finished", RolloutProbe, {"deployment": "other"}, ["finished", "desired", "problems"]),
    ("deployment-finished", RolloutProbe, DEPLOYMENT | {"image": f"{IMAGE}:1.4.3"}, ["problems"]),
    ("deployment-finished", RolloutProbe, DEPLOYMENT | {"image": IMAGE, "container": "x"}, ["problems"]),
    ("statefulset-partition", RolloutProbe, {"statefulset": "ledger"}, ["finished", "problems"]),
    ("daemonset-mid-rollout", RolloutProbe, {"daemonset": "agent"}, ["finished", "problems"]),
    ("job-running", RolloutProbe, JOB, ["finished", "problems"]),
    ("job-failed", RolloutProbe, JOB, ["finished", "problems"]),
    ("job-complete", RolloutProbe, JOB | {"image": f"{IMAGE}:1.4.3"}, ["problems"]),
    ("pod-crash-loop", PodsProbe, {}, ["ready", "not_ready"]),
    ("pod-evicted", PodsProbe, {}, ["ready", "not_ready"]),
    ("pod-completed", PodsProbe, {}, ["ready"]),
    ("config-maps", PodsProbe, {}, ["ready"]),
    ("nodes-sick", NodesProbe, {}, ["problems"]),
    ("config-maps", NodesProbe, {}, ["ready"]),
    ("events", EventsProbe, {}, ["count"]),
    ("config-maps", ResourceProbe, {"kind": "ConfigMap", "name": "gone"}, ["found"]),
    ("config-maps", ResourceProbe, {"kind": "Secret"}, ["found"]),
]


@pytest.mark.parametrize("ill", ILL)
async def test_what_is_not_well_does_not_pass(breaches, ill):
    name, kind, settings, metrics = ill
    assert await breaches(name, kind, **settings) == metrics
