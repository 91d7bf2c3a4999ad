"""A StatefulSet: its pods carry the revision that they are of; `partition` and OnDelete keep older ones."""

from __future__ import annotations

import msgspec

from probes.kubernetes.client import Api
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.wire import Metadata, Pod, Selector, Template, Wire
from probes.kubernetes.workloads.workload import Side, Workload, chosen, fetch, orphan, unobserved

__all__ = ["HASH", "UpdateStrategy", "held", "read", "side"]

HASH = "controller-revision-hash"
"""The label that tells a pod's revision."""


class _RollingUpdate(Wire, frozen=True):
    partition: int = 0


class UpdateStrategy(Wire, frozen=True):
    """How pods are replaced."""

    type: str = "RollingUpdate"
    rolling_update: _RollingUpdate | None = None

    @property
    def partition(self) -> int:
        """The first ordinal that is replaced."""
        return self.rolling_update.partition if self.rolling_update and self.type == "RollingUpdate" else 0


class _Spec(Wire, frozen=True):
    selector: Selector
    template: Template
    replicas: int = 1
    update_strategy: UpdateStrategy = UpdateStrategy()


class _Status(Wire, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int | None = None
    """Absent from servers before 1.22."""
    update_revision: str = ""


class _StatefulSet(Wire, frozen=True):
    metadata: Metadata
    spec: _Spec
    status: _Status = _Status()


_DECODER = msgspec.json.Decoder(_StatefulSet)


def side(pod: Pod, owner: str, revision: str) -> Side | None:
    """Tell by the label that its controller put on a pod."""
    if pod.metadata.controller == owner:
        current = bool(revision) and (pod.metadata.labels or {}).get(HASH) == revision
        return Side.CURRENT if current else Side.OLDER
    return Side.OLDER if orphan(pod, HASH, revision) else None


def held(strategy: UpdateStrategy) -> tuple[str, ...]:
    """Say why pods of an older revision stay."""
    if strategy.type == "OnDelete":
        return ("its update strategy is OnDelete: they stay until somebody deletes them",)
    return (f"its partition is {strategy.partition}: pods of a lower ordinal stay",) if strategy.partition else ()


async def read(api: Api, namespace: str, name: str) -> Workload:
    """Read a StatefulSet.  Raises Missing, Unreachable and ProbeError."""
    found = await fetch(api, KNOWN["StatefulSet"], (namespace, name), _DECODER)
    spec, status, owner = found.spec, found.status, found.metadata.uid
    counts = {
        "replicas": status.replicas,
        "updated replicas": status.updated_replicas,
        "ready replicas": status.ready_replicas,
    }
    if status.available_replicas is not None:
        counts["available replicas"] = status.available_replicas
    gone = ("the statefulset is being deleted",) if found.metadata.deletion_timestamp else ()
    return Workload(
        desired=spec.replicas,
        side=lambda pod: side(pod, owner, status.update_revision),
        selector=chosen(api, spec.selector),
        template=spec.template.spec,
        counts=counts,
        available=status.available_replicas,
        obstacles=gone + unobserved(found.metadata, status.observed_generation),
        held=held(spec.update_strategy),
        observed=status.observed_generation >= found.metadata.generation,
        revision=status.update_revision or None,
        strategy=spec.update_strategy.type,
        partition=spec.update_strategy.partition,
    )
