"""The kind `kubernetes.pods`: how the pods of a namespace are, counted as they come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from agent.probe import Reading
from probes.kubernetes import image, lists, trouble
from probes.kubernetes.lists import Listed, Wanted
from probes.kubernetes.rbac import Right
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.settings import Fields, ListingProbe, Query
from probes.kubernetes.trouble import Troubles
from probes.kubernetes.wire import ContainerStatus, Page, Pod
from probes.kubernetes.workloads.census import containers

__all__ = ["PodsProbe", "PodsReading"]

_PODS = KNOWN["Pod"]
_DECODER = msgspec.json.Decoder(Page[Pod])


class PodsReading(Reading, frozen=True):
    """How they are: `total` is `ready`, `not_ready`, `completed` and `terminating` together."""

    total: int
    """All pods that were found."""
    ready: int
    """Pods that are ready, by their readiness gates as well.  By default at least 1."""
    not_ready: int
    """Pods that should be and are not: pending, crashing, failed, evicted.  By default 0."""
    completed: int
    """Pods that have ended well; they are not unhealthy."""
    terminating: int
    """Pods that are being ended, ready or not."""
    problems: list[str]
    """What keeps pods from being ready: container, state, reason, message and last exit code.  What several have
    in common is told once."""
    reasons: list[str]
    """The reasons among them, in the words of Kubernetes: `CrashLoopBackOff`, `Unschedulable`, `NotReady` …"""
    phases: list[str]
    """Phases that pods are in: Pending, Running, Succeeded, Failed, Unknown."""
    restarts: int
    """Restarts of all containers, or of that of `container`, in pods that are not over."""
    most_restarts: int
    """Restarts of the one container that was restarted most."""
    out_of_memory: int
    """Containers whose last end, or end, was for want of memory (OOMKilled)."""
    images: list[str]
    """Images that containers in pods which are not over really have."""
    digests: list[str]
    """Digests of these images."""
    node_count: int
    """Nodes that ready pods are on."""
    oldest_age_seconds: float | None = None
    """Since the oldest pod that is not over was made, by the server's clock; absent when there is none."""
    youngest_age_seconds: float | None = None
    """Since the youngest was."""


class PodsProbe(ListingProbe, frozen=True, kw_only=True):
    """Count pods.

    By default at least one must be ready, and none may be unready that has not ended well.  A namespace that does
    not exist is an error, because it has no unready pods either.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"ready": {"min": "1"}, "not_ready": "0"}

    selector: Query = ""
    """Labels that they have: `app=shop,tier in (web, api),!canary`; default: all pods."""
    field_selector: Fields = ""
    """Fields that they have: `spec.nodeName=worker-3`."""
    container: str = ""
    """The container that images, digests, restarts and ends for want of memory are about; default: all."""

    async def measure(self) -> PodsReading:
        """Read all pages.  Raises Unreachable and ProbeError."""
        api = await self.open()
        wanted = Wanted(_PODS, _DECODER, self.where(api), self.selector, self.field_selector)
        return _reading(await lists.read(api, wanted, lambda _: _Pods(self.container)))

    def rights(self) -> tuple[Right, ...]:
        """List pods."""
        return self.listing(_PODS)


class _Pods:
    """Counts; what is kept does not grow with the number of pods but with that of their nodes."""

    def __init__(self, container: str) -> None:
        self._container = container
        self.ready = self.not_ready = self.completed = self.terminating = 0
        self.restarts = self.most_restarts = self.out_of_memory = 0
        self.troubles = Troubles()
        self.phases: set[str] = set()
        self.images: set[str] = set()
        self.digests: set[str] = set()
        self.nodes: set[str] = set()
        self.oldest: datetime | None = None
        self.youngest: datetime | None = None

    def add(self, item: Pod) -> None:
        """Count one pod."""
        self.phases.add(item.status.phase)
        if item.going:
            self.terminating += 1
        elif item.status.phase == "Succeeded":
            self.completed += 1
        elif item.ready:
            self.ready += 1
            self.nodes.add(item.spec.node_name)
        else:
            self.not_ready += 1
            for one in trouble.of(item):
                self.troubles.add(item.metadata.name, one)
        if not item.over:
            self._look_into(item)

    def _look_into(self, pod: Pod) -> None:
        created = pod.metadata.creation_timestamp
        if created is not None:
            self.oldest = min(self.oldest or created, created)
            self.youngest = max(self.youngest or created, created)
        for spec, status in containers(pod, self._container):
            if status is None:
                continue
            self.restarts += status.restart_count
            self.most_restarts = max(self.most_restarts, status.restart_count)
            self.out_of_memory += _out_of_memory(status)
            if status.image_id:
                self.images.add(image.shown(spec, status))
                self.digests.add(image.digest(status))


def _out_of_memory(status: ContainerStatus) -> bool:
    ends = [state.terminated for state in (status.state, status.last_state) if state is not None]
    return any(end is not None and end.reason == "OOMKilled" for end in ends)


def _reading(listed: Listed[_Pods]) -> PodsReading:
    found, now = listed.fold, listed.now
    return PodsReading(
        total=listed.count,
        ready=found.ready,
        not_ready=found.not_ready,
        completed=found.completed,
        terminating=found.terminating,
        problems=[*found.troubles.lines(broken=True), *found.troubles.lines(broken=False)],
        reasons=found.troubles.reasons,
        phases=sorted(found.phases),
        restarts=found.restarts,
        most_restarts=found.most_restarts,
        out_of_memory=found.out_of_memory,
        images=sorted(found.images),
        digests=sorted(filter(None, found.digests)),
        node_count=len(found.nodes),
        oldest_age_seconds=(now - found.oldest).total_seconds() if found.oldest else None,
        youngest_age_seconds=(now - found.youngest).total_seconds() if found.youngest else None,
    )
