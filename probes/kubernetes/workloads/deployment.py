"""A Deployment: the ReplicaSet of its template is its current revision, every other one is older.

As its own controller does, the current one is found by comparing templates, not by the revision that stands
in an annotation: that one is stale while the Deployment is paused.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from agent.probe import Value
from probes.kubernetes import lists
from probes.kubernetes.client import Api
from probes.kubernetes.lists import Wanted
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.wire import Condition, Metadata, Page, Pod, Selector, Template, Wire
from probes.kubernetes.workloads.workload import Side, Workload, chosen, fetch, orphan, unobserved

__all__ = ["read"]

_DEPLOYMENT, _REPLICA_SET = KNOWN["Deployment"], KNOWN["ReplicaSet"]
_HASH = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"


class _Strategy(Wire, frozen=True):
    type: str = "RollingUpdate"


class _Spec(Wire, frozen=True):
    selector: Selector
    template: msgspec.Raw
    replicas: int = 1
    paused: bool = False
    strategy: _Strategy = _Strategy()


class _Status(Wire, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class _Deployment(Wire, frozen=True):
    metadata: Metadata
    spec: _Spec
    status: _Status = _Status()


class _SetSpec(Wire, frozen=True):
    template: msgspec.Raw


class _ReplicaSet(Wire, frozen=True):
    metadata: Metadata
    spec: _SetSpec


_DECODER = msgspec.json.Decoder(_Deployment)
_SETS = msgspec.json.Decoder(Page[_ReplicaSet])
_TEMPLATE = msgspec.json.Decoder(Template)
_ANY = msgspec.json.Decoder()


class _Set(msgspec.Struct, frozen=True):
    uid: str
    hash: str
    revision: str | None
    created: datetime | None
    current: bool


class _Sets:
    """The ReplicaSets of one Deployment."""

    def __init__(self, owner: str, template: msgspec.Raw) -> None:
        self._owner, self._template = owner, _comparable(template)
        self.found: list[_Set] = []

    def add(self, item: _ReplicaSet) -> None:
        """Take one of its own."""
        metadata = item.metadata
        if metadata.controller != self._owner:
            return
        hash_ = (metadata.labels or {}).get(_HASH, "")
        revision = (metadata.annotations or {}).get(_REVISION)
        current = _comparable(item.spec.template) == self._template
        self.found.append(_Set(metadata.uid, hash_, revision, metadata.creation_timestamp, current))

    @property
    def current(self) -> _Set | None:
        """The one of the current template; the oldest, should there be several."""
        same = [one for one in self.found if one.current]
        return min(same, key=lambda one: str(one.created), default=None)


def _comparable(template: msgspec.Raw) -> Value:
    """Give a template without what the controller adds to it and what says nothing."""
    content = _ANY.decode(template)
    metadata = content.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != _HASH}
    rest = {key: value for key, value in metadata.items() if value is not None and key != "labels"}
    return {**content, "metadata": {**rest, "labels": labels}}


async def read(api: Api, namespace: str, name: str) -> Workload:
    """Read a Deployment and its ReplicaSets.  Raises Missing, Unreachable and ProbeError."""
    found = await fetch(api, _DEPLOYMENT, (namespace, name), _DECODER)
    selector = chosen(api, found.spec.selector)
    wanted = Wanted(_REPLICA_SET, _SETS, namespace, selector, known=True)
    listed = await lists.read(api, wanted, lambda _: _Sets(found.metadata.uid, found.spec.template))
    with api.explained():
        return _workload(found, listed.fold, selector)


def _workload(found: _Deployment, sets: _Sets, selector: str) -> Workload:
    spec, status, current = found.spec, found.status, sets.current
    exceeded = any(_exceeded(one) for one in status.conditions or ())
    return Workload(
        desired=spec.replicas,
        side=_Sorter(sets).side,
        selector=selector,
        template=_TEMPLATE.decode(spec.template).spec,
        counts={
            "replicas": status.replicas,
            "updated replicas": status.updated_replicas,
            "ready replicas": status.ready_replicas,
            "available replicas": status.available_replicas,
        },
        available=status.available_replicas,
        obstacles=_obstacles(found, current),
        held=("it is paused",) if spec.paused and current else (),
        observed=status.observed_generation >= found.metadata.generation,
        revision=current.revision if current else None,
        strategy=spec.strategy.type,
        paused=spec.paused,
        deadline_exceeded=exceeded and status.observed_generation >= found.metadata.generation,
    )


class _Sorter:
    def __init__(self, sets: _Sets) -> None:
        self._current = sets.current
        self._own = {one.uid for one in sets.found}

    def side(self, pod: Pod) -> Side | None:
        """Tell by the ReplicaSet that controls it."""
        controller, current = pod.metadata.controller, self._current
        if current is not None and controller == current.uid:
            return Side.CURRENT
        stray = orphan(pod, _HASH, current.hash if current else "")
        return Side.OLDER if controller in self._own or stray else None


def _obstacles(found: _Deployment, current: _Set | None) -> tuple[str, ...]:
    """Tell what holds it up; what was said of an earlier generation is not told (it may be undone)."""
    late = unobserved(found.metadata, found.status.observed_generation)
    if found.metadata.deletion_timestamp is not None:
        return ("the deployment is being deleted", *late)
    if late:
        return late
    said = [_told(one) for one in found.status.conditions or ()]
    none = [] if current else ["no ReplicaSet has its current template" + (": it is paused" * found.spec.paused)]
    return (*filter(None, said), *none)


def _exceeded(one: Condition) -> bool:
    return one.type == "Progressing" and one.status == "False" and one.reason == "ProgressDeadlineExceeded"


def _told(one: Condition) -> str:
    message = " ".join((one.message or "").split())
    if _exceeded(one):
        return f"the progress deadline is exceeded ({message})"
    failed = one.type == "ReplicaFailure" and one.status == "True"
    return f"pods cannot be made: {one.reason} ({message})" if failed else ""
