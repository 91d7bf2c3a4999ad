"""The same on kmock, somebody else's idea of an API server; it ignores labelSelector and limit."""

import kmock
import msgspec
import pytest

from agent.probe import ProbeError
from probes.kubernetes.events import EventsProbe
from probes.kubernetes.nodes import NodesProbe
from probes.kubernetes.pods import PodsProbe
from probes.kubernetes.resource import ResourceProbe, ResourceReading
from probes.kubernetes.rollout import RolloutProbe
from probes.kubernetes.version import VersionProbe

from .test_nodes_and_version import READY as NODES
from .test_pods import READY as PODS
from .test_rollout_deployment import FINISHED
from .test_rollout_others import DAEMONSET, JOB, STATEFULSET

RESOURCES = {
    "ConfigMap": "v1/configmaps",
    "ControllerRevision": "apps/v1/controllerrevisions",
    "DaemonSet": "apps/v1/daemonsets",
    "Deployment": "apps/v1/deployments",
    "Event": "v1/events",
    "Job": "batch/v1/jobs",
    "Node": "v1/nodes",
    "Pod": "v1/pods",
    "ReplicaSet": "apps/v1/replicasets",
    "StatefulSet": "apps/v1/statefulsets",
    "Certificate": "cert-manager.io/v1/certificates",
}


@pytest.fixture
async def cluster():
    """An emulated cluster, and its address."""
    async with kmock.KubernetesEmulator() as emulator, kmock.Server(emulator) as server:
        for kind, resource in RESOURCES.items():
            scope = {"kind": kind, "namespaced": kind != "Node"}
            emulator.resources[resource] = scope
        emulator["get /api/v1/namespaces/shop"] << {"kind": "Namespace", "metadata": {"name": "shop"}}
        yield emulator, str(server.url).rstrip("/")


@pytest.fixture
def look(cluster, kubeconfig, scene):
    """Put recorded objects there, and look."""
    emulator, url = cluster

    async def take(name, kind, /, **settings):
        for one in scene(name):
            metadata = one["metadata"]
            emulator.objects[RESOURCES[one["kind"]], metadata.get("namespace"), metadata["name"]] = one
        return await kind(kubeconfig=kubeconfig(url), **settings).measure()

    return take


def without_ages(reading):
    """Its clock is this machine's."""
    ages = [field for field in reading.__struct_fields__ if field.endswith("age_seconds")]
    return msgspec.structs.replace(reading, **dict.fromkeys(ages))


@pytest.mark.parametrize(
    ("name", "settings", "reading"),
    [
        ("deployment-finished", {"deployment": "shop-api"}, FINISHED),
        ("statefulset-finished", {"statefulset": "ledger"}, STATEFULSET),
        ("daemonset-finished", {"daemonset": "agent"}, DAEMONSET),
        ("job-complete", {"job": "migrate"}, JOB),
    ],
)
async def test_rollouts(look, name, settings, reading):
    assert without_ages(await look(name, RolloutProbe, **settings)) == without_ages(reading)


async def test_a_rollout_half_way(look):
    found = await look("deployment-mid-rollout", RolloutProbe, deployment="shop-api")
    assert (found.finished, found.updated, found.ready, found.old_pods) == (False, 2, 1, 3)


async def test_pods(look):
    assert without_ages(await look("deployment-finished", PodsProbe)) == without_ages(PODS)


async def test_no_pods(look):
    assert (await look("config-maps", PodsProbe)).total == 0


async def test_events(look):
    found = await look("events", EventsProbe, window=3e7, kept=3e7)
    assert found.reasons == ["BackOff", "FailedCreate", "FailedScheduling"]


async def test_resources(look):
    found = await look("certificate", ResourceProbe, kind="Certificate", api_version="cert-manager.io/v1", name="shop",
                       json={"names": "spec.dnsNames"})  # fmt: skip
    assert without_ages(found) == ResourceReading(
        found=True, conditions=["Ready"], named={"names": ["shop.example.com"]}
    )
    found = await look("config-maps", ResourceProbe, kind="ConfigMap", json={"levels": "items[].data.LOG_LEVEL"})
    assert (found.count, found.named) == (2, {"levels": ["info", "debug"]})


async def test_a_kind_that_it_does_not_know(look):
    with pytest.raises(ProbeError, match=r"knows no kind Issuer in cert-manager.io/v1, which has Certificate$"):
        await look("certificate", ResourceProbe, kind="Issuer", api_version="cert-manager.io/v1")


async def test_nodes_and_version(look, cluster):
    emulator, _ = cluster
    emulator["get /version"] << {"gitVersion": "v1.31.2", "platform": "linux/amd64"}
    assert await look("nodes-ready", NodesProbe) == NODES
    assert (await look("config-maps", VersionProbe)).minor == 31
