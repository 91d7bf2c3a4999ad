"""kubernetes.rollout of a Deployment: the truth about its pods, and not the counters alone."""

import copy

import msgspec
import pytest

from probes.kubernetes.rollout import RolloutProbe, RolloutReading

IMAGE = "registry.example.com/shop-api"
OLD_DIGEST, DIGEST = "sha256:" + "1" * 64, "sha256:" + "2" * 64

FINISHED = RolloutReading(
    finished=True,
    problems=[],
    desired=3,
    updated=3,
    ready=3,
    available=3,
    old_pods=0,
    terminating=0,
    restarts=0,
    images=[f"{IMAGE}:1.4.2"],
    digests=[DIGEST],
    observed=True,
    revision="2",
    strategy="RollingUpdate",
    paused=False,
    deadline_exceeded=False,
    age_seconds=300.0,
)


def reading(*problems, **changes):
    """A reading that is not finished, for these reasons."""
    base = msgspec.structs.replace(FINISHED, finished=False, problems=list(problems), reason=problems[0])
    return msgspec.structs.replace(base, **changes)


@pytest.fixture
def parts(scene):
    """The Deployment, its ReplicaSets and its pods of a recorded scene."""

    def give(name="deployment-finished"):
        deployment, *rest = scene(name)
        sets = [one for one in rest if one["kind"] == "ReplicaSet"]
        return deployment, sets, [one for one in rest if one["kind"] == "Pod"]

    return give


@pytest.fixture
def rollout(look):
    async def measure(**settings):
        return await look(RolloutProbe, deployment="shop-api", **settings)

    return measure


async def test_a_finished_one(api, scene, rollout):
    api.add(*scene("deployment-finished"))
    assert await rollout() == FINISHED


async def test_on_both_kinds_of_address(serve, host, scene, kubeconfig):
    api = serve(host)
    api.add(*scene("deployment-finished"))
    probe = RolloutProbe(deployment="shop-api", kubeconfig=kubeconfig(api.url))
    probe.prepare()
    assert await probe.measure() == FINISHED


async def test_half_way_it_names_what_holds_it_up(api, scene, rollout):
    api.add(*scene("deployment-mid-rollout"))
    assert await rollout(image=f"{IMAGE}:1.4.2") == reading(
        "pod shop-api-7d4b9c6f5d-9mz4t container app is waiting: ImagePullBackOff "
        f'(Back-off pulling image "{IMAGE}:1.4.2")',
        "pods of an older revision are left: shop-api-5f8c7b9d4-6qn2v (terminating), shop-api-5f8c7b9d4-jt9xs, "
        "shop-api-5f8c7b9d4-zk4wd",
        "updated pods: 2 of 3",
        f"not every pod shows that it has {IMAGE}:1.4.2",
        updated=2,
        ready=1,
        old_pods=3,
        terminating=1,
        images=[f"{IMAGE}:1.4.1", f"{IMAGE}:1.4.2"],
        digests=[OLD_DIGEST, DIGEST],
        image_matches=False,
    )


async def test_one_that_is_not_there_is_not_finished(api, rollout):
    problem = "deployment shop-api does not exist in namespace shop"
    assert await rollout() == RolloutReading(finished=False, problems=[problem], reason=problem)


async def test_the_namespace_may_be_another_than_the_contexts(api, scene, rollout):
    api.add(*scene("deployment-finished"))
    problem = "deployment shop-api does not exist in namespace default"
    assert await rollout(namespace="default") == RolloutReading(finished=False, problems=[problem], reason=problem)


async def test_what_was_asked_for_last_is_not_observed_yet(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["metadata"]["generation"] = 3
    api.add(deployment, *sets, *pods)
    problem = "generation 3 is not observed yet, the last that was is 2"
    assert await rollout() == reading(problem, observed=False)


async def test_a_progress_deadline_of_an_earlier_generation_is_not_told(api, parts, rollout):
    """Kubernetes leaves the condition until its controller has looked: after an undo it is stale."""
    deployment, sets, pods = parts()
    deployment["metadata"]["generation"] = 3
    deployment["status"]["conditions"][1].update(status="False", reason="ProgressDeadlineExceeded")
    api.add(deployment, *sets, *pods)
    assert await rollout() == reading("generation 3 is not observed yet, the last that was is 2", observed=False)


async def test_its_progress_deadline_is_exceeded(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["status"] |= {"readyReplicas": 2, "availableReplicas": 2, "unavailableReplicas": 1}
    deployment["status"]["conditions"][1].update(
        status="False",
        reason="ProgressDeadlineExceeded",
        message='ReplicaSet "shop-api-7d4b9c6f5d" has timed out progressing.',
    )
    unready(pods[0])
    api.add(deployment, *sets, *pods)
    assert await rollout() == reading(
        'the progress deadline is exceeded (ReplicaSet "shop-api-7d4b9c6f5d" has timed out progressing.)',
        "ready pods: 2 of 3",
        "pod shop-api-7d4b9c6f5d-2xk8q container app is running and not ready",
        ready=2,
        available=2,
        deadline_exceeded=True,
    )


def unready(pod):
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("Ready", "ContainersReady"):
            condition["status"] = "False"
    pod["status"]["containerStatuses"][0]["ready"] = False


async def test_a_quota_keeps_pods_from_being_made(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["status"] |= {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    deployment["status"]["conditions"].append(
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: compute"}
    )
    api.add(deployment, *sets, *pods[1:])
    assert await rollout() == reading(
        "pods cannot be made: FailedCreate (exceeded quota: compute)",
        "updated pods: 2 of 3",
        updated=2,
        ready=2,
        available=2,
        age_seconds=240.0,
    )


async def test_paused_before_its_template_was_rolled_out(api, scene, rollout):
    """The revision in its annotation is that of the old template."""
    api.add(*scene("deployment-paused"))
    assert await rollout() == reading(
        "no ReplicaSet has its current template: it is paused",
        "pods of an older revision are left: shop-api-7d4b9c6f5d-2xk8q, shop-api-7d4b9c6f5d-9mz4t, "
        "shop-api-7d4b9c6f5d-hwb6c",
        "updated pods: 0 of 3",
        updated=0,
        ready=0,
        old_pods=3,
        revision=None,
        paused=True,
        age_seconds=None,
    )


async def test_paused_when_everything_is_rolled_out_is_finished(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["spec"]["paused"] = True
    api.add(deployment, *sets, *pods)
    assert await rollout() == msgspec.structs.replace(FINISHED, paused=True)


async def test_paused_half_way(api, parts, rollout):
    deployment, sets, pods = parts("deployment-mid-rollout")
    deployment["spec"]["paused"] = True
    api.add(deployment, *sets, pods[0], *pods[-2:])
    found = await rollout()
    assert (found.finished, found.paused, found.problems) == (
        False,
        True,
        [
            "it is paused",
            "pods of an older revision are left: shop-api-5f8c7b9d4-jt9xs, shop-api-5f8c7b9d4-zk4wd",
            "updated pods: 1 of 3",
        ],
    )


async def test_being_deleted_is_not_finished(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["metadata"]["deletionTimestamp"] = "2026-03-01T11:04:00Z"
    api.add(deployment, *sets, *pods)
    assert await rollout() == reading("the deployment is being deleted")


async def test_counters_that_say_more_than_the_pods(api, parts, rollout):
    deployment, sets, pods = parts()
    unready(pods[2])
    api.add(deployment, *sets, *pods)
    assert await rollout() == reading(
        "ready pods: 2 of 3", "pod shop-api-7d4b9c6f5d-hwb6c container app is running and not ready", ready=2
    )


@pytest.mark.parametrize(
    ("counter", "name"),
    [
        ("replicas", "replicas"),
        ("updatedReplicas", "updated replicas"),
        ("readyReplicas", "ready replicas"),
        ("availableReplicas", "available replicas"),
    ],
)
async def test_counters_that_say_less_than_the_pods(api, parts, rollout, counter, name):
    """Ready pods are not available before `minReadySeconds`, and only the controller keeps that time."""
    deployment, sets, pods = parts()
    deployment["status"][counter] = 2
    api.add(deployment, *sets, *pods)
    changes = {"available": 2} if counter == "availableReplicas" else {}
    assert await rollout() == reading(f"its controller counts 2 {name}, expected 3", **changes)


async def test_more_pods_than_desired_are_still_being_scaled_down(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["spec"]["replicas"] = 2
    api.add(deployment, *sets, *pods)
    assert await rollout() == reading("updated pods: 3, expected 2", desired=2)


async def test_a_deployment_of_nothing_is_finished_and_desires_nothing(api, parts, rollout):
    """The default limit `desired: {min: 1}` makes it a failure."""
    deployment, sets, _ = parts()
    deployment["spec"]["replicas"] = 0
    deployment["status"] = {"observedGeneration": 2, "conditions": []}
    api.add(deployment, *sets)
    assert await rollout() == msgspec.structs.replace(
        FINISHED, desired=0, updated=0, ready=0, available=0, images=[], digests=[], age_seconds=None
    )
    assert RolloutProbe.defaults["desired"] == {"min": "1"}


@pytest.fixture
def with_older(parts, api):
    """A finished rollout beside which a pod of the older revision still runs, changed by the test."""

    def make(change=lambda pod: None):
        deployment, sets, pods = parts()
        (older, *_) = [
            one for one in parts("deployment-mid-rollout")[2] if "5f8c7b9d4-jt9xs" in one["metadata"]["name"]
        ]
        change(older)
        api.add(deployment, *sets, *pods, older)

    return make


async def test_an_older_pod_that_is_left_means_that_it_is_not_finished(with_older, rollout):
    with_older()
    assert await rollout(image=f"{IMAGE}:1.4.2") == reading(
        "pods of an older revision are left: shop-api-5f8c7b9d4-jt9xs",
        f"not every pod shows that it has {IMAGE}:1.4.2",
        old_pods=1,
        images=[f"{IMAGE}:1.4.1", f"{IMAGE}:1.4.2"],
        digests=[OLD_DIGEST, DIGEST],
        image_matches=False,
    )


async def test_an_older_pod_that_is_being_ended_still_answers(with_older, rollout):
    with_older(lambda pod: pod["metadata"].update(deletionTimestamp="2026-03-01T11:04:00Z"))
    assert await rollout() == reading(
        "pods of an older revision are left: shop-api-5f8c7b9d4-jt9xs (terminating)",
        old_pods=1,
        terminating=1,
        images=[f"{IMAGE}:1.4.1", f"{IMAGE}:1.4.2"],
        digests=[OLD_DIGEST, DIGEST],
    )


async def test_an_older_pod_may_drain_if_told_so(with_older, rollout):
    with_older(lambda pod: pod["metadata"].update(deletionTimestamp="2026-03-01T11:04:00Z"))
    found = await rollout(draining=True, image=f"{IMAGE}:1.4.2")
    assert found == msgspec.structs.replace(FINISHED, old_pods=1, terminating=1, image_matches=True)


async def test_draining_allows_no_older_pod_that_is_not_being_ended(with_older, rollout):
    with_older()
    assert (await rollout(draining=True)).finished is False


async def test_an_older_pod_that_is_over_answers_nobody(with_older, rollout):
    with_older(lambda pod: pod["status"].update(phase="Failed", reason="Evicted"))
    assert await rollout() == FINISHED


async def test_an_older_pod_whose_replicaset_was_deleted_without_it(with_older, rollout):
    with_older(lambda pod: pod["metadata"].pop("ownerReferences"))
    assert (await rollout()).problems == ["pods of an older revision are left: shop-api-5f8c7b9d4-jt9xs"]


async def test_a_pod_of_somebody_else_with_the_same_labels_is_not_its_own(with_older, rollout):
    def adopt(pod):
        pod["metadata"]["ownerReferences"][0]["uid"] = "8c0c5bb8-0000-4000-a000-000000000000"

    with_older(adopt)
    assert await rollout() == FINISHED


async def test_an_evicted_pod_whose_place_is_taken_is_no_problem(api, scene, rollout):
    api.add(*scene("deployment-finished"), *scene("pod-evicted"))
    assert await rollout() == FINISHED


async def test_restarts_of_current_pods_are_those_since_the_rollout(api, parts, rollout):
    deployment, sets, pods = parts()
    pods[0]["status"]["containerStatuses"][0]["restartCount"] = 2
    pods[2]["status"]["containerStatuses"][0]["restartCount"] = 1
    api.add(deployment, *sets, *pods)
    assert await rollout() == msgspec.structs.replace(FINISHED, restarts=3)


async def test_a_readiness_gate_keeps_it_back(api, parts, scene, rollout):
    deployment, sets, pods = parts()
    api.add(deployment, *sets, *pods[1:], *scene("pod-gated"))
    assert await rollout() == reading(
        "ready pods: 2 of 3",
        "pod shop-api-7d4b9c6f5d-gated waits for its readiness gate target-health.elbv2.k8s.aws/shop: "
        "Elb.RegistrationInProgress (Target registration is in progress)",
        ready=2,
    )


async def test_many_pods_with_one_trouble_are_told_once(api, parts, scene, rollout):
    deployment, sets, _ = parts()
    deployment["spec"]["replicas"] = 40
    (crash,) = scene("pod-crash-loop")
    for number in range(40):
        pod = copy.deepcopy(crash)
        pod["metadata"]["name"] = f"shop-api-7d4b9c6f5d-{number:05d}"
        api.add(pod)
    api.add(deployment, *sets)
    assert (await rollout()).problems == [
        "pod shop-api-7d4b9c6f5d-00000 (and 39 more) container app is waiting: CrashLoopBackOff "
        "(back-off 2m40s restarting failed container=app pod=shop-api-7d4b9c6f5d-crash_shop(0b1e)), "
        "last ended with exit code 1 (Error), 5 restarts",
        "ready pods: 0 of 40",
    ]


async def test_templates_that_differ_only_in_what_says_nothing_are_the_same(api, parts, rollout):
    deployment, sets, pods = parts()
    sets[1]["spec"]["template"]["metadata"].pop("creationTimestamp")
    api.add(deployment, *sets, *pods)
    assert await rollout() == FINISHED


async def test_the_older_of_two_replicasets_of_one_template_is_the_current_one(api, parts, rollout):
    deployment, sets, pods = parts()
    twin = copy.deepcopy(sets[1])
    twin["metadata"] |= {"name": "shop-api-twin", "uid": "twin", "creationTimestamp": "2026-03-01T11:01:00Z"}
    api.add(deployment, *sets, twin, *pods)
    assert await rollout() == FINISHED


async def test_expressions_of_its_selector_are_asked_for(api, parts, rollout):
    deployment, sets, pods = parts()
    deployment["spec"]["selector"]["matchExpressions"] = [
        {"key": "tier", "operator": "NotIn", "values": ["canary", "test"]},
        {"key": "app", "operator": "In", "values": ["shop-api"]},
        {"key": "app", "operator": "Exists"},
        {"key": "debug", "operator": "DoesNotExist"},
    ]
    api.add(deployment, *sets, *pods)
    assert await rollout() == FINISHED
    assert {one.query["labelSelector"] for one in api.asked[1:]} == {
        "app=shop-api,tier notin (canary,test),app in (shop-api),app,!debug"
    }


async def test_a_current_pod_that_is_being_ended_is_not_counted(api, parts, rollout):
    deployment, sets, pods = parts()
    pods[0]["metadata"]["deletionTimestamp"] = "2026-03-01T11:04:00Z"
    api.add(deployment, *sets, *pods)
    assert await rollout() == reading("updated pods: 2 of 3", updated=2, ready=2, terminating=1, age_seconds=240.0)


async def test_replicasets_of_somebody_else_are_not_its_own(api, parts, rollout):
    deployment, sets, pods = parts()
    for one in sets:
        one["metadata"]["ownerReferences"][0]["uid"] = "8c0c5bb8-0000-4000-a000-000000000000"
    api.add(deployment, *sets, *pods)
    found = await rollout()
    assert (found.finished, found.updated, found.problems) == (
        False,
        0,
        ["no ReplicaSet has its current template", "updated pods: 0 of 3"],
    )


async def test_many_older_pods_are_counted(api, parts, rollout):
    deployment, sets, pods = parts("deployment-mid-rollout")
    for number in range(9):
        older = copy.deepcopy(pods[-1])
        older["metadata"]["name"] = f"shop-api-5f8c7b9d4-{number}"
        api.add(older)
    api.add(deployment, *sets)
    assert (await rollout()).problems[0] == (
        "pods of an older revision are left: shop-api-5f8c7b9d4-0, shop-api-5f8c7b9d4-1, shop-api-5f8c7b9d4-2 and 6 more"
    )
