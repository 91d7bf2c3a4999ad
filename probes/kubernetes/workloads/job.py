"""A Job: it is finished when it is complete.  Its template never changes, so that all its pods are current."""

from __future__ import annotations

import msgspec

from probes.kubernetes.client import Api
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.wire import Condition, Metadata, Pod, Selector, Template, Wire
from probes.kubernetes.workloads.workload import Side, Workload, chosen, fetch

__all__ = ["read"]


class _Spec(Wire, frozen=True):
    template: Template
    selector: Selector = Selector()
    completions: int | None = None
    """Absent for a queue of work: one success is then the success of all."""
    suspend: bool = False


class _Status(Wire, frozen=True):
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: list[Condition] | None = None


class _Job(Wire, frozen=True):
    metadata: Metadata
    spec: _Spec
    status: _Status = _Status()


_DECODER = msgspec.json.Decoder(_Job)


async def read(api: Api, namespace: str, name: str) -> Workload:
    """Read a Job.  Raises Missing, Unreachable and ProbeError."""
    found = await fetch(api, KNOWN["Job"], (namespace, name), _DECODER)
    spec, status, owner = found.spec, found.status, found.metadata.uid
    desired = 1 if spec.completions is None else spec.completions
    said = {one.type: one for one in status.conditions or () if one.status == "True"}

    def side(pod: Pod) -> Side | None:
        return Side.CURRENT if pod.metadata.controller == owner else None

    return Workload(
        desired=desired,
        side=side,
        selector=chosen(api, spec.selector),
        template=spec.template.spec,
        obstacles=tuple(_obstacles(found, said)),
        paused=spec.suspend,
        ended="Complete" in said,
        created=found.metadata.creation_timestamp,
        succeeded=status.succeeded,
        failed=status.failed,
    )


def _obstacles(found: _Job, said: dict[str, Condition]) -> list[str]:
    if failed := said.get("Failed"):
        message = " ".join((failed.message or "").split())
        return [f"the job has failed: {failed.reason} ({message})"]
    if "Complete" in said:
        return []
    gone = ["the job is being deleted"] if found.metadata.deletion_timestamp else []
    return gone + (["the job is suspended"] if found.spec.suspend else [])
