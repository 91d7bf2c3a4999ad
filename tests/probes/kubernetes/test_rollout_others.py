"""kubernetes.rollout of a StatefulSet, a DaemonSet and a Job."""

import msgspec
import pytest

from agent.probe import Unreachable
from probes.kubernetes.rollout import RolloutProbe, RolloutReading

IMAGE = "registry.example.com/shop-api"
OLD_DIGEST, DIGEST = "sha256:" + "1" * 64, "sha256:" + "2" * 64

PODS = RolloutReading(
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
    strategy="RollingUpdate",
    age_seconds=300.0,
)
BOTH = {"images": [f"{IMAGE}:1.4.1", f"{IMAGE}:1.4.2"], "digests": [OLD_DIGEST, DIGEST]}
STATEFULSET = msgspec.structs.replace(PODS, revision="ledger-79b6c4d9f", partition=0)
DAEMONSET = msgspec.structs.replace(PODS, revision="2")
JOB = RolloutReading(
    finished=True,
    problems=[],
    desired=1,
    ready=0,
    terminating=0,
    restarts=0,
    images=[f"{IMAGE}:1.4.2"],
    digests=[DIGEST],
    paused=False,
    succeeded=1,
    failed=1,
    age_seconds=420.0,
)


def undone(base, *problems, **changes):
    """A reading that is not finished, for these reasons."""
    base = msgspec.structs.replace(base, finished=False, problems=list(problems), reason=problems[0])
    return msgspec.structs.replace(base, **changes)


@pytest.mark.parametrize(
    ("name", "of", "reading"),
    [
        ("statefulset-finished", {"statefulset": "ledger"}, STATEFULSET),
        ("daemonset-finished", {"daemonset": "agent"}, DAEMONSET),
        ("job-complete", {"job": "migrate"}, JOB),
        (
            "statefulset-partition",
            {"statefulset": "ledger"},
            undone(
                STATEFULSET,
                "its partition is 2: pods of a lower ordinal stay",
                "pods of an older revision are left: ledger-0, ledger-1",
                "updated pods: 1 of 3",
                updated=1,
                ready=1,
                old_pods=2,
                partition=2,
                **BOTH,
            ),
        ),
        (
            "daemonset-mid-rollout",
            {"daemonset": "agent"},
            undone(
                DAEMONSET,
                "pods of an older revision are left: agent-rt5ph",
                "updated pods: 2 of 3",
                updated=2,
                ready=2,
                old_pods=1,
                **BOTH,
            ),
        ),
        (
            "job-running",
            {"job": "migrate"},
            undone(JOB, "succeeded pods: 0 of 1", ready=1, succeeded=0, failed=0),
        ),
        (
            "job-failed",
            {"job": "migrate"},
            undone(
                JOB,
                "pod migrate-6xw8k (and 2 more) container app has ended with exit code 1 (Error)",
                "the job has failed: BackoffLimitExceeded (Job has reached the specified backoff limit)",
                "succeeded pods: 0 of 1",
                succeeded=0,
                failed=3,
            ),
        ),
    ],
)
async def test_recorded(fed, name, of, reading):
    assert await fed(name, RolloutProbe, **of) == reading


@pytest.mark.parametrize("kind", ["statefulset", "daemonset", "job"])
async def test_one_that_is_not_there_is_not_finished(look, kind):
    problem = f"{kind} ledger does not exist in namespace shop"
    found = await look(RolloutProbe, **{kind: "ledger"})
    assert found == RolloutReading(finished=False, problems=[problem], reason=problem)


async def test_on_delete_keeps_older_pods_until_somebody_deletes_them(api, scene, look):
    workload, *pods = scene("statefulset-partition")
    workload["spec"]["updateStrategy"] = {"type": "OnDelete"}
    api.add(workload, *pods)
    found = await look(RolloutProbe, statefulset="ledger")
    assert (found.finished, found.strategy, found.problems) == (
        False,
        "OnDelete",
        [
            "its update strategy is OnDelete: they stay until somebody deletes them",
            "pods of an older revision are left: ledger-0, ledger-1",
            "updated pods: 1 of 3",
        ],
    )


async def test_on_delete_with_every_pod_replaced_is_finished(api, scene, look):
    """`currentRevision` is never brought up to date then (kubernetes/kubernetes#106055)."""
    workload, *pods = scene("statefulset-finished")
    workload["spec"]["updateStrategy"] = {"type": "OnDelete"}
    workload["status"]["currentRevision"] = "ledger-6c9d5f7b8"
    api.add(workload, *pods)
    found = await look(RolloutProbe, statefulset="ledger")
    assert found == msgspec.structs.replace(STATEFULSET, strategy="OnDelete")


@pytest.mark.parametrize(
    ("name", "kind"), [("statefulset-finished", "statefulset"), ("daemonset-finished", "daemonset")]
)
async def test_a_generation_that_is_not_observed(api, scene, look, name, kind):
    workload, *rest = scene(name)
    workload["metadata"]["generation"] += 1
    api.add(workload, *rest)
    found = await look(RolloutProbe, **{kind: workload["metadata"]["name"]})
    late = workload["metadata"]["generation"]
    problem = f"generation {late} is not observed yet, the last that was is {late - 1}"
    assert (found.finished, found.observed, found.problems) == (False, False, [problem])


@pytest.mark.parametrize(
    ("name", "kind"),
    [("statefulset-finished", "statefulset"), ("daemonset-finished", "daemonset"), ("job-running", "job")],
)
async def test_one_that_is_being_deleted(api, scene, look, name, kind):
    workload, *rest = scene(name)
    workload["metadata"]["deletionTimestamp"] = "2026-03-01T11:04:00Z"
    api.add(workload, *rest)
    found = await look(RolloutProbe, **{kind: workload["metadata"]["name"]})
    assert (found.finished, found.problems[0]) == (False, f"the {kind} is being deleted")


async def test_a_statefulset_of_an_old_server_counts_no_available_replicas(api, scene, look):
    workload, *pods = scene("statefulset-finished")
    workload["status"].pop("availableReplicas")
    api.add(workload, *pods)
    assert await look(RolloutProbe, statefulset="ledger") == msgspec.structs.replace(STATEFULSET, available=None)


async def test_pods_without_a_revision_are_not_current(api, scene, look):
    workload, *pods = scene("statefulset-finished")
    workload["status"].pop("updateRevision")
    for pod in pods:
        pod["metadata"]["labels"].pop("controller-revision-hash")
    api.add(workload, *pods)
    found = await look(RolloutProbe, statefulset="ledger")
    assert (found.finished, found.updated, found.old_pods, found.revision) == (False, 0, 3, None)


async def test_a_daemonset_gone_back_to_an_older_revision_has_that_as_its_newest(api, scene, look):
    workload, first, second, *pods = scene("daemonset-mid-rollout")
    first["revision"] = 3
    api.add(workload, first, second, *pods)
    found = await look(RolloutProbe, daemonset="agent")
    assert (found.revision, found.updated, found.old_pods) == ("3", 1, 2)


async def test_revisions_of_another_daemonset_are_not_its_own(api, scene, look):
    workload, first, second, *pods = scene("daemonset-finished")
    first["revision"] = 9
    first["metadata"]["ownerReferences"][0]["uid"] = "8c0c5bb8-0000-4000-a000-000000000000"
    api.add(workload, first, second, *pods)
    assert await look(RolloutProbe, daemonset="agent") == DAEMONSET


async def test_a_daemonset_without_revisions_cannot_be_finished(api, scene, look):
    workload, _, _, *pods = scene("daemonset-finished")
    api.add(workload, *pods)
    found = await look(RolloutProbe, daemonset="agent")
    assert (found.finished, found.old_pods, found.revision) == (False, 3, None)
    assert found.problems[0] == "it has no ControllerRevision, which would tell its current one"


async def test_a_daemonset_that_no_node_fits_desires_nothing(api, scene, look):
    workload, first, second, *_ = scene("daemonset-finished")
    workload["status"] = {
        "observedGeneration": 2,
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
    }
    api.add(workload, first, second)
    found = await look(RolloutProbe, daemonset="agent")
    assert (found.finished, found.desired) == (True, 0)  # `desired: {min: 1}` is a default limit


async def test_a_pod_on_a_node_where_it_should_not_be_is_one_more(api, scene, look):
    objects = scene("daemonset-finished")
    more = msgspec.json.decode(msgspec.json.encode(objects[-1]))
    more["metadata"]["name"] = "agent-more"
    api.add(*objects, more)
    assert await look(RolloutProbe, daemonset="agent") == msgspec.structs.replace(DAEMONSET, updated=4, ready=4)


async def test_a_suspended_job(api, scene, look):
    workload, *_ = scene("job-running")
    workload["spec"]["suspend"] = True
    workload["status"] = {}
    api.add(workload)
    assert await look(RolloutProbe, job="migrate") == undone(
        JOB,
        "the job is suspended",
        "succeeded pods: 0 of 1",
        paused=True,
        succeeded=0,
        failed=0,
        images=[],
        digests=[],
    )


async def test_a_queue_of_work_is_done_with_one_success(api, scene, look):
    workload, *pods = scene("job-complete")
    workload["spec"].pop("completions")
    api.add(workload, *pods)
    assert await look(RolloutProbe, job="migrate") == JOB


@pytest.mark.parametrize(("version", "matches"), [("1.4.2", True), ("1.4.3", False)])
async def test_a_job_whose_pods_are_gone_is_judged_by_its_template(api, scene, look, version, matches):
    """It cannot have changed since; and what does not match is a problem, because that is what limits are about."""
    workload, *_ = scene("job-complete")
    api.add(workload)
    found = await look(RolloutProbe, job="migrate", image=f"{IMAGE}:{version}")
    problems = [] if matches else [f"no pod shows that it has {IMAGE}:{version}"]
    assert (found.finished, found.image_matches, found.problems) == (True, matches, problems)


async def test_the_image_of_a_jobs_pods_that_are_over(api, scene, look):
    api.add(*scene("job-complete"))
    assert (await look(RolloutProbe, job="migrate", image=f"{IMAGE}:1.4.2")).image_matches is True
    assert (await look(RolloutProbe, job="migrate", image=f"{IMAGE}:1.4.1")).image_matches is False


@pytest.mark.parametrize(
    ("settings", "found"),
    [({}, "none"), ({"deployment": "a", "job": "b"}, "deployment and job")],
)
def test_exactly_one_workload_is_asked_about(settings, found):
    with pytest.raises(
        ValueError,
        match=f"^exactly one of deployment, statefulset, daemonset, job is to be given, and there is {found}$",
    ):
        RolloutProbe(**settings)


async def test_a_selector_that_nobody_knows_is_no_answer(api, scene, look):
    workload, *pods = scene("statefulset-finished")
    workload["spec"]["selector"]["matchExpressions"] = [{"key": "a", "operator": "Like", "values": ["b"]}]
    api.add(workload, *pods)
    with pytest.raises(
        Unreachable, match=r"^API server 127\.0\.0\.1:\d+: its selector has the operator Like, which is not known$"
    ):
        await look(RolloutProbe, statefulset="ledger")


async def test_a_pod_left_behind_without_its_statefulset_is_of_an_older_revision(api, scene, look):
    workload, *pods = scene("statefulset-finished")
    stray = scene("statefulset-partition")[1]
    stray["metadata"] |= {"name": "ledger-9", "ownerReferences": []}
    api.add(workload, *pods, stray)
    found = await look(RolloutProbe, statefulset="ledger")
    assert (found.finished, found.problems) == (False, ["pods of an older revision are left: ledger-9"])


async def test_a_pod_of_another_statefulset_is_not_its_own(api, scene, look):
    workload, *pods = scene("statefulset-finished")
    stray = scene("statefulset-partition")[1]
    stray["metadata"]["name"] = "ledger-9"
    stray["metadata"]["ownerReferences"][0]["uid"] = "8c0c5bb8-0000-4000-a000-000000000000"
    api.add(workload, *pods, stray)
    assert await look(RolloutProbe, statefulset="ledger") == STATEFULSET
