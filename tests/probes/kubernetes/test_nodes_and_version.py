"""kubernetes.nodes and kubernetes.version."""

import re

import pytest

from agent.probe import Unreachable
from probes.kubernetes.nodes import NodesProbe, NodesReading
from probes.kubernetes.version import VersionProbe, VersionReading

READY = NodesReading(
    total=3,
    ready=3,
    not_ready=0,
    cordoned=0,
    pressured=0,
    pressures=[],
    versions=["v1.31.2"],
    skew=0,
    problems=[],
)


async def test_ready_nodes(api, scene, look):
    api.add(*scene("nodes-ready"))
    assert await look(NodesProbe) == READY


async def test_sick_nodes(api, scene, look):
    api.add(*scene("nodes-sick"))
    assert await look(NodesProbe) == NodesReading(
        total=5,
        ready=4,
        not_ready=1,
        cordoned=1,
        pressured=2,
        pressures=["DiskPressure", "MemoryPressure", "PIDPressure"],
        versions=["v1.27.9", "v1.31.2", "v1.32.0"],
        skew=4,
        problems=[
            "node worker-2 has DiskPressure: KubeletHasDiskPressure (kubelet has disk pressure)",
            "node worker-3 is not ready: NodeStatusUnknown (Kubelet stopped posting node status.)",
            "node worker-3 has MemoryPressure: NodeStatusUnknown (Kubelet stopped posting node status.)",
            "node worker-3 has DiskPressure: NodeStatusUnknown (Kubelet stopped posting node status.)",
            "node worker-3 has PIDPressure: NodeStatusUnknown (Kubelet stopped posting node status.)",
            "node worker-4 has kubelet v1.27.9, which is 4 minor versions behind the API server (1.31.2)",
            "node worker-5 has kubelet v1.32.0, which is ahead of the API server (1.31.2)",
        ],
    )


async def test_chosen_by_label(api, scene, look):
    nodes = scene("nodes-ready")
    nodes[0]["metadata"]["labels"]["pool"] = "web"
    api.add(*nodes)
    assert (await look(NodesProbe, selector="pool=web")).total == 1


async def test_a_namespace_in_the_context_is_of_no_matter(api, scene, look):
    api.add(*scene("nodes-ready"))
    await look(NodesProbe)
    assert api.paths == ["/version", "/api/v1/nodes"]


async def test_no_node_at_all(look):
    assert await look(NodesProbe) == NodesReading(
        total=0, ready=0, not_ready=0, cordoned=0, pressured=0, pressures=[], versions=[], skew=None, problems=[]
    )
    assert NodesProbe.defaults["ready"] == {"min": "1"}


async def test_a_node_that_says_nothing(api, scene, look):
    nodes = scene("nodes-ready")[:1]
    nodes[0]["status"] = {}
    api.add(*nodes)
    found = await look(NodesProbe)
    assert (found.ready, found.problems) == (
        0,
        ["node worker-1 does not say whether it is ready", "node worker-1 has a kubelet of version '', which is none"],
    )


async def test_many_problems_are_counted(api, scene, look):
    (node, *_) = scene("nodes-ready")
    node["status"]["conditions"][-1]["status"] = "False"
    api.add(*({**node, "metadata": {**node["metadata"], "name": f"n{number}"}} for number in range(25)))
    found = await look(NodesProbe)
    assert (len(found.problems), found.problems[-1]) == (21, "and 5 more")


async def test_the_version(api, look):
    assert await look(VersionProbe) == VersionReading(
        version="1.31.2", git_version="v1.31.2", major=1, minor=31, platform="linux/amd64"
    )


@pytest.mark.parametrize(
    ("told", "version", "minor"),
    [
        ("v1.29.4-eks-036c24b", "1.29.4", 29),
        ("v1.28.9-gke.1209000", "1.28.9", 28),
        ("v1.30.1+k3s1", "1.30.1", 30),
        ("v1.32.0-rc.1", "1.32.0", 32),
    ],
)
async def test_what_vendors_add(api, look, told, version, minor):
    api.version = {"major": "1", "minor": "28+", "gitVersion": told, "platform": "linux/arm64"}
    assert await look(VersionProbe) == VersionReading(
        version=version, git_version=told, major=1, minor=minor, platform="linux/arm64"
    )


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"gitVersion": "latest"}, "says that its version is 'latest', which is none"),
        ({"gitVersion": 7}, "answers with what is no version: expected `str`, got `int` - at `$.gitVersion`"),
        ({}, "answers with what is no version: object missing required field `gitVersion`"),
    ],
)
async def test_what_is_no_version(api, look, told, message):
    api.version = told
    with pytest.raises(Unreachable, match=f"^API server {re.escape(api.place)}: {re.escape(message)}$"):
        await look(VersionProbe)
