"""The kind `kubernetes.rollout`: whether what was rolled out last is what runs, all of it and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec

from agent.probe import Reading, checked
from probes.kubernetes import image, lists
from probes.kubernetes.client import Api
from probes.kubernetes.lists import Listed, Wanted
from probes.kubernetes.rbac import Right
from probes.kubernetes.refusal import Missing
from probes.kubernetes.resources import KNOWN, Resource
from probes.kubernetes.settings import Name, NamespacedProbe
from probes.kubernetes.wire import Page, Pod
from probes.kubernetes.workloads import daemonset, deployment, job, statefulset
from probes.kubernetes.workloads.census import Census, Expected
from probes.kubernetes.workloads.workload import Workload

__all__ = ["RolloutProbe", "RolloutReading"]

_PODS = KNOWN["Pod"]
_DECODER = msgspec.json.Decoder(Page[Pod])


class _Kind(NamedTuple):
    resource: Resource
    read: Callable[[Api, str, str], Awaitable[Workload]]
    lists: tuple[Resource, ...] = ()
    """What is read beside its pods."""


_KINDS = {
    "deployment": _Kind(KNOWN["Deployment"], deployment.read, (KNOWN["ReplicaSet"],)),
    "statefulset": _Kind(KNOWN["StatefulSet"], statefulset.read),
    "daemonset": _Kind(KNOWN["DaemonSet"], daemonset.read, (KNOWN["ControllerRevision"],)),
    "job": _Kind(KNOWN["Job"], job.read),
}


class RolloutReading(Reading, frozen=True):
    """What was rolled out, and what runs."""

    finished: bool
    """Whether the controller has seen what was asked for last, every pod is of that revision, ready and
    available, and none of an older one is left; for a job, whether it is complete."""
    problems: list[str]
    """What is wrong or not done yet, in words, the causes first: pods with container, state, reason, message
    and last exit code; what the controller says; what is missing; images that are not as expected."""
    reason: str | None = None
    """The first of them; absent when there are none."""
    desired: int | None = None
    """Pods that there should be; for a job, successes.  By default at least 1: nothing is no rollout.
    Absent, like all below, when there is no such workload."""
    updated: int | None = None
    """Pods of the current revision, counted one by one, those being ended not among them."""
    ready: int | None = None
    """Of these, the ones that are ready, by their readiness gates as well."""
    available: int | None = None
    """Replicas that the controller counts as available, which is ready for `minReadySeconds`."""
    old_pods: int | None = None
    """Pods of an older revision that are not over, those being ended among them; absent for a job."""
    terminating: int | None = None
    """Pods of any revision that are being ended."""
    restarts: int | None = None
    """Restarts of all containers in pods of the current revision, which is since they were rolled out."""
    images: list[str] | None = None
    """Images that running pods really have, older ones among them; with `container` of that container."""
    digests: list[str] | None = None
    """Digests of these images."""
    image_matches: bool | None = None
    """Whether every pod has `image`; absent without that setting."""
    observed: bool | None = None
    """Whether the controller has seen what was asked for last; absent for a job."""
    revision: str | None = None
    """Number of the current revision; for a statefulset its hash, absent for a job."""
    strategy: str | None = None
    """RollingUpdate, Recreate or OnDelete; absent for a job."""
    paused: bool | None = None
    """Whether a deployment is paused, or a job suspended; absent for the others."""
    partition: int | None = None
    """For a statefulset: the first ordinal that is updated."""
    deadline_exceeded: bool | None = None
    """For a deployment: whether its progress deadline is exceeded."""
    succeeded: int | None = None
    """For a job: pods that succeeded."""
    failed: int | None = None
    """For a job: pods that failed."""
    age_seconds: float | None = None
    """Since the oldest pod of the current revision was made, for a job since that was made, by the server's clock;
    absent when there is none."""


class RolloutProbe(NamespacedProbe, frozen=True, kw_only=True):
    """See whether a rollout is finished: the truth about its pods, and not the counters alone.

    By default it must be finished, of at least one pod, and without problems.  A rollout under way is a failure
    until it is done: give the check `within`.  What is not there is a failure too.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "finished": "true",
        "desired": {"min": "1"},
        "problems": {"equals": []},
    }

    deployment: Name | None = None
    """Name of the Deployment; exactly one of these four is given."""
    statefulset: Name | None = None
    """Name of the StatefulSet."""
    daemonset: Name | None = None
    """Name of the DaemonSet."""
    job: Name | None = None
    """Name of the Job.  One that an earlier release left is complete as well: give `image`, or a limit for
    `age_seconds`."""
    image: Annotated[str, checked(image.check)] | None = None
    """Image that every pod must have: `registry/name:tag`, `registry/name@sha256:…` or a digest alone.  Of the
    containers in a pod those of this repository must have it; with a digest alone, one of them."""
    container: str = ""
    """The container that `image`, `images` and `digests` are about; default: all."""
    draining: bool = False
    """Whether pods of an older revision may be left that are being ended, as they drain long connections."""

    def __post_init__(self) -> None:
        """Refuse none of the four, and more than one."""
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"exactly one of {', '.join(_KINDS)} is to be given, and there is {found}")

    @property
    def _kind(self) -> tuple[str, str]:
        return next((kind, name) for kind in _KINDS if (name := getattr(self, kind)) is not None)

    async def measure(self) -> RolloutReading:
        """Look at the workload, and then at each of its pods.  Raises Unreachable and ProbeError."""
        api = await self.open()
        namespace = self.namespace or api.namespace
        kind, name = self._kind
        try:
            workload = await _KINDS[kind].read(api, namespace, name)
        except Missing:
            problem = f"{kind} {name} does not exist in namespace {namespace}"
            return RolloutReading(finished=False, problems=[problem], reason=problem)
        wanted = Wanted(_PODS, _DECODER, namespace, workload.selector, known=True)
        return self._reading(workload, await lists.read(api, wanted, lambda _: Census(workload, self._expected)))

    @property
    def _expected(self) -> Expected:
        expected = image.parse(self.image) if self.image else None
        return Expected(expected, self.container, self.draining)

    def rights(self) -> tuple[Right, ...]:
        """List the workload, what tells its revisions, and pods."""
        kind, name = self._kind
        listed = [one.right("list", self.scope) for one in (*_KINDS[kind].lists, _PODS)]
        return (_KINDS[kind].resource.right("get", self.scope, name), *listed)

    def _reading(self, workload: Workload, listed: Listed[Census]) -> RolloutReading:
        census, finite = listed.fold, workload.ended is not None
        undone, since = _undone(workload, census), workload.created or census.oldest
        finished = bool(workload.ended) if finite else not (workload.obstacles or undone)
        problems = [*_told(workload, census, undone, finished=finished), *census.wrong_images(self.image or "")]
        return RolloutReading(
            finished=finished,
            problems=problems,
            reason=problems[0] if problems else None,
            desired=workload.desired,
            updated=None if finite else census.updated,
            ready=census.ready,
            available=workload.available,
            old_pods=None if finite else census.older,
            terminating=census.terminating,
            restarts=census.restarts,
            images=sorted(census.images),
            digests=sorted(census.digests),
            image_matches=census.image_matches,
            observed=workload.observed,
            revision=workload.revision,
            strategy=workload.strategy,
            paused=workload.paused,
            partition=workload.partition,
            deadline_exceeded=workload.deadline_exceeded,
            succeeded=workload.succeeded,
            failed=workload.failed,
            age_seconds=max(0.0, (listed.now - since).total_seconds()) if since else None,
        )


def _undone(workload: Workload, census: Census) -> list[str]:
    """Tell what is missing until every pod is of the current revision and ready; empty when nothing is."""
    desired = workload.desired
    if workload.ended is not None:
        return [] if workload.ended else [f"succeeded pods: {workload.succeeded} of {desired}"]
    return [*census.older_left(), *_missing(workload, census)]


def _missing(workload: Workload, census: Census) -> list[str]:
    desired, updated, ready = workload.desired, census.updated, census.ready
    if updated < desired:
        return [f"updated pods: {updated} of {desired}"]
    if ready < desired:
        return [f"ready pods: {ready} of {desired}"]
    if workload.exact and updated > desired:
        return [f"updated pods: {updated}, expected {desired}"]
    return [
        f"its controller counts {n} {what}, expected {desired}" for what, n in workload.counts.items() if n != desired
    ]


def _told(workload: Workload, census: Census, undone: list[str], *, finished: bool) -> list[str]:
    """Put the causes before the consequences; of a job that is complete, what failed on the way is no matter."""
    if finished and workload.ended:
        return []
    broken, on_their_way = (census.troubles.lines(broken=broken) for broken in (True, False))
    return [*broken, *workload.obstacles, *undone, *on_their_way]
