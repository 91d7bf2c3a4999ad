"""A DaemonSet: its newest ControllerRevision is the current one, and the nodes say how many pods there should be."""

from __future__ import annotations

import msgspec

from probes.kubernetes import lists
from probes.kubernetes.client import Api
from probes.kubernetes.lists import Wanted
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.wire import Metadata, Page, Selector, Template, Wire
from probes.kubernetes.workloads.statefulset import HASH, UpdateStrategy, held, side
from probes.kubernetes.workloads.workload import Workload, chosen, fetch, unobserved

__all__ = ["read"]

_DAEMON_SET, _REVISION = KNOWN["DaemonSet"], KNOWN["ControllerRevision"]


class _Spec(Wire, frozen=True):
    selector: Selector
    template: Template
    update_strategy: UpdateStrategy = UpdateStrategy()


class _Status(Wire, frozen=True):
    desired_number_scheduled: int
    current_number_scheduled: int
    number_ready: int
    observed_generation: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0


class _DaemonSet(Wire, frozen=True):
    metadata: Metadata
    spec: _Spec
    status: _Status


class _ControllerRevision(Wire, frozen=True):
    metadata: Metadata
    revision: int


_DECODER = msgspec.json.Decoder(_DaemonSet)
_REVISIONS = msgspec.json.Decoder(Page[_ControllerRevision])


class _Newest:
    """The newest of the revisions of one DaemonSet; going back to an older one makes that the newest."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self.number = -1
        self.hash = ""

    def add(self, item: _ControllerRevision) -> None:
        """Take it if it is newer."""
        if item.metadata.controller == self._owner and item.revision > self.number:
            self.number, self.hash = item.revision, (item.metadata.labels or {}).get(HASH, "")


async def read(api: Api, namespace: str, name: str) -> Workload:
    """Read a DaemonSet and its revisions.  Raises Missing, Unreachable and ProbeError."""
    found = await fetch(api, _DAEMON_SET, (namespace, name), _DECODER)
    owner, selector = found.metadata.uid, chosen(api, found.spec.selector)
    wanted = Wanted(_REVISION, _REVISIONS, namespace, selector, known=True)
    newest = (await lists.read(api, wanted, lambda _: _Newest(owner))).fold
    return _workload(found, newest, selector)


def _workload(found: _DaemonSet, newest: _Newest, selector: str) -> Workload:
    spec, status, owner = found.spec, found.status, found.metadata.uid
    gone = ("the daemonset is being deleted",) if found.metadata.deletion_timestamp else ()
    unknown = () if newest.hash else ("it has no ControllerRevision, which would tell its current one",)
    return Workload(
        desired=status.desired_number_scheduled,
        side=lambda pod: side(pod, owner, newest.hash),
        selector=selector,
        template=spec.template.spec,
        counts={
            "scheduled": status.current_number_scheduled,
            "updated": status.updated_number_scheduled,
            "ready": status.number_ready,
            "available": status.number_available,
        },
        available=status.number_available,
        obstacles=gone + unobserved(found.metadata, status.observed_generation) + unknown,
        held=held(spec.update_strategy),
        exact=False,
        observed=status.observed_generation >= found.metadata.generation,
        revision=str(newest.number) if newest.hash else None,
        strategy=spec.update_strategy.type,
    )
