"""kubernetes.pods."""

import copy
import re

import msgspec
import pytest

from agent.probe import ProbeError
from probes.kubernetes.pods import PodsProbe, PodsReading

IMAGE = "registry.example.com/shop-api"
DIGEST = "sha256:" + "2" * 64

READY = PodsReading(
    total=3,
    ready=3,
    not_ready=0,
    completed=0,
    terminating=0,
    problems=[],
    reasons=[],
    phases=["Running"],
    restarts=0,
    most_restarts=0,
    out_of_memory=0,
    images=[f"{IMAGE}:1.4.2"],
    digests=[DIGEST],
    node_count=3,
    oldest_age_seconds=300.0,
    youngest_age_seconds=180.0,
)


@pytest.fixture
def healthy(scene):
    """Three ready pods."""
    return [one for one in scene("deployment-finished") if one["kind"] == "Pod"]


async def test_ready_ones(api, healthy, look):
    api.add(*healthy)
    assert await look(PodsProbe, selector="app=shop-api") == READY


async def test_on_both_kinds_of_address(serve, host, healthy, kubeconfig):
    api = serve(host)
    api.add(*healthy)
    assert await PodsProbe(kubeconfig=kubeconfig(api.url)).measure() == READY


async def test_a_completed_one_is_not_unhealthy(api, healthy, scene, look):
    api.add(*healthy, *scene("pod-completed"))
    expected = msgspec.structs.replace(READY, total=4, completed=1, phases=["Running", "Succeeded"])
    assert await look(PodsProbe) == expected


async def test_one_that_is_being_ended_is_neither_ready_nor_unready(api, healthy, look):
    healthy[0]["metadata"]["deletionTimestamp"] = "2026-03-01T11:04:00Z"
    api.add(*healthy)
    assert await look(PodsProbe) == msgspec.structs.replace(READY, ready=2, terminating=1, node_count=2)


@pytest.mark.parametrize(
    ("name", "reasons", "problems"),
    [
        (
            "crash-loop",
            ["CrashLoopBackOff"],
            [
                "pod shop-api-7d4b9c6f5d-crash container app is waiting: CrashLoopBackOff (back-off 2m40s restarting "
                "failed container=app pod=shop-api-7d4b9c6f5d-crash_shop(0b1e)), last ended with exit code 1 (Error), "
                "5 restarts"
            ],
        ),
        (
            "out-of-memory",
            ["OOMKilled"],
            ["pod shop-api-7d4b9c6f5d-hungry container app has ended with exit code 137 (OOMKilled), 1 restart"],
        ),
        (
            "config-error",
            ["CreateContainerConfigError"],
            [
                "pod shop-api-7d4b9c6f5d-config container app is waiting: CreateContainerConfigError "
                '(secret "shop-api" not found)'
            ],
        ),
        (
            "start-error",
            ["CrashLoopBackOff"],
            [
                "pod shop-api-7d4b9c6f5d-exec container app is waiting: CrashLoopBackOff (back-off 10s restarting "
                "failed container=app), last ended with exit code 128 (StartError (failed to create containerd task: "
                'exec: "/app/serve": stat /app/serve: no such file or directory: unknown)), 1 restart'
            ],
        ),
        (
            "unschedulable",
            ["Unschedulable"],
            [
                "pod shop-api-7d4b9c6f5d-waits is not scheduled: Unschedulable (0/3 nodes are available: 1 node(s) "
                "were unschedulable, 2 Insufficient cpu. preemption: 0/3 nodes are available.)"
            ],
        ),
        ("not-ready", ["NotReady"], ["pod shop-api-7d4b9c6f5d-slow container app is running and not ready"]),
        (
            "creating",
            ["ContainerCreating"],
            ["pod shop-api-7d4b9c6f5d-makes container app is waiting: ContainerCreating"],
        ),
        (
            "init-crash",
            ["CrashLoopBackOff"],
            [
                "pod shop-api-7d4b9c6f5d-init init container migrate is waiting: CrashLoopBackOff (back-off 40s "
                "restarting failed container=migrate), last ended with exit code 3 (Error), 3 restarts"
            ],
        ),
        (
            "gated",
            ["ReadinessGate"],
            [
                "pod shop-api-7d4b9c6f5d-gated waits for its readiness gate target-health.elbv2.k8s.aws/shop: "
                "Elb.RegistrationInProgress (Target registration is in progress)"
            ],
        ),
        (
            "evicted",
            ["Evicted"],
            [
                "pod shop-api-7d4b9c6f5d-evicted is Failed: Evicted (The node was low on resource: ephemeral-storage. "
                "Threshold quantity: 2139512454, available: 1961Mi.)"
            ],
        ),
        (
            "node-lost",
            ["NodeLost"],
            [
                "pod shop-api-7d4b9c6f5d-lost is Unknown: NodeLost (Node worker-9 which was running pod "
                "shop-api-7d4b9c6f5d-lost is unresponsive)"
            ],
        ),
    ],
)
async def test_what_is_wrong_is_named(fed, name, reasons, problems):
    found = await fed(f"pod-{name}", PodsProbe)
    assert (found.total, found.not_ready, found.ready) == (1, 1, 0)
    assert (found.reasons, found.problems) == (reasons, problems)


async def test_what_a_program_said_before_it_died_is_not_told(api, scene, look):
    """A termination message may be the end of a log, and holds a password here."""
    (pod,) = scene("pod-crash-loop")
    assert "hunter2" in str(pod)
    api.add(pod)
    assert "hunter2" not in repr(await look(PodsProbe))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(
            lambda pod: pod["status"].pop("containerStatuses"),
            "is Running and not ready: ContainersNotReady (containers with unready status: [app])",
            id="no statuses",
        ),
        pytest.param(lambda pod: pod.update(status={"phase": "Pending"}), "is Pending and not ready", id="just made"),
        pytest.param(lambda pod: pod.update(status={"phase": "Failed"}), "is Failed", id="failed without a reason"),
        pytest.param(lambda pod: pod.pop("status"), "is Unknown and not ready", id="no status"),
        pytest.param(
            lambda pod: pod["status"]["containerStatuses"][0].update(state={"terminated": {"exitCode": 2}}),
            "container app has ended with exit code 2",
            id="ended without a reason",
        ),
        pytest.param(
            lambda pod: pod["status"]["containerStatuses"][0].update(
                state={"terminated": {"exitCode": 0, "reason": "Completed"}}
            ),
            "container app has ended with exit code 0 (Completed)",
            id="a server that ended well is not there",
        ),
        pytest.param(
            lambda pod: (
                pod["status"]["conditions"].append(
                    {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
                )
                or pod["status"]["conditions"].reverse()
            ),
            "is not scheduled: SchedulingGated",
            id="scheduling gate",
        ),
    ],
)
async def test_rarer_states(api, scene, look, change, problem):
    (pod,) = scene("pod-not-ready")
    change(pod)
    api.add(pod)
    found = await look(PodsProbe)
    assert (found.not_ready, found.problems[0]) == (1, f"pod shop-api-7d4b9c6f5d-slow {problem}")


async def test_a_gate_that_nobody_has_set(api, scene, look):
    (pod,) = scene("pod-gated")
    pod["status"]["conditions"].pop()
    api.add(pod)
    problem = "pod shop-api-7d4b9c6f5d-gated waits for its readiness gate target-health.elbv2.k8s.aws/shop"
    assert (await look(PodsProbe)).problems == [problem]


async def test_a_sidecar_that_is_not_ready(api, scene, look):
    (pod,) = scene("pod-init-crash")
    migrate, proxy = pod["status"]["initContainerStatuses"]
    migrate.update(state={"terminated": {"exitCode": 0, "reason": "Completed"}}, lastState={})
    proxy.update(
        state={"terminated": {"exitCode": 0, "reason": "Completed"}}, image=f"{IMAGE}:2.0.0", imageID=f"x@{DIGEST}"
    )
    api.add(pod)
    found = await look(PodsProbe)
    assert found.problems == ["pod shop-api-7d4b9c6f5d-init sidecar proxy has ended with exit code 0 (Completed)"]
    assert found.images == [f"{IMAGE}:2.0.0"]


async def test_causes_are_told_before_what_is_on_its_way(api, scene, look):
    api.add(*scene("pod-creating"), *scene("pod-not-ready"), *scene("pod-unschedulable"))
    found = await look(PodsProbe)
    assert [problem.partition(" ")[2][:26] for problem in found.problems] == [
        "shop-api-7d4b9c6f5d-waits ",
        "shop-api-7d4b9c6f5d-makes ",
        "shop-api-7d4b9c6f5d-slow c",
    ]


async def test_restarts_and_ends_for_want_of_memory(api, healthy, look):
    for pod, count in zip(healthy, (4, 0, 7), strict=True):
        pod["status"]["containerStatuses"][0]["restartCount"] = count
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    healthy[2]["status"]["containerStatuses"][0]["lastState"] = {"terminated": ended}
    api.add(*healthy)
    assert await look(PodsProbe) == msgspec.structs.replace(READY, restarts=11, most_restarts=7, out_of_memory=1)


async def test_of_one_container(api, healthy, look):
    for pod in healthy:
        pod["spec"]["containers"].append({"name": "proxy", "image": "envoy:1"})
        statuses = pod["status"]["containerStatuses"]
        more = {
            "name": "proxy",
            "image": "hub.example.com/library/envoy:1",
            "imageID": "sha256:" + "5" * 64,
            "restartCount": 9,
        }
        statuses.append({**statuses[0], **more})
    api.add(*healthy)
    assert await look(PodsProbe, container="app") == READY
    found = await look(PodsProbe)
    assert (found.images, found.restarts) == (["envoy:1", f"{IMAGE}:1.4.2"], 27)


@pytest.mark.parametrize(
    ("settings", "total"),
    [
        ({"selector": "app=shop-api,tier!=web"}, 3),
        ({"selector": "app in (shop-api, other)"}, 3),
        ({"selector": "app,!canary"}, 3),
        ({"field_selector": "spec.nodeName=worker-2"}, 1),
        ({"field_selector": "spec.nodeName!=worker-2"}, 2),
        ({"namespace": "other"}, 1),
        ({"all_namespaces": True}, 4),
    ],
)
async def test_which_pods(api, healthy, look, settings, total):
    elsewhere = copy.deepcopy(healthy[0])
    elsewhere["metadata"]["namespace"] = "other"
    api.add(*healthy, elsewhere)
    assert (await look(PodsProbe, **settings)).total == total


async def test_none_in_a_namespace_that_exists(look):
    assert await look(PodsProbe) == PodsReading(
        total=0,
        ready=0,
        not_ready=0,
        completed=0,
        terminating=0,
        problems=[],
        reasons=[],
        phases=[],
        restarts=0,
        most_restarts=0,
        out_of_memory=0,
        images=[],
        digests=[],
        node_count=0,
    )


async def test_none_in_a_namespace_that_does_not_exist_proves_nothing(api, look):
    """The API gives an empty list for it: `not_ready: 0` would hold."""
    with pytest.raises(ProbeError, match=f"^API server {re.escape(api.place)}: namespace shpo does not exist$"):
        await look(PodsProbe, namespace="shpo")


async def test_none_in_any_namespace(look):
    assert (await look(PodsProbe, all_namespaces=True)).total == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"namespace": "a", "all_namespaces": True}, "namespace and all_namespaces exclude each other")],
)
def test_what_does_not_go_together_is_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        PodsProbe(**settings)
