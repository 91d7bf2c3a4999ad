"""What all kinds of workload have in common, once their controllers' words are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import TypeVar

import msgspec

from probes.kubernetes.client import Api
from probes.kubernetes.rbac import Right
from probes.kubernetes.resources import Resource
from probes.kubernetes.wire import Metadata, Pod, PodSpec, Selector, decode

__all__ = ["Side", "Workload", "chosen", "fetch", "orphan", "unobserved"]

_Object = TypeVar("_Object")


class Side(Enum):
    """Which revision a pod is of."""

    CURRENT = "current"
    OLDER = "older"


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A workload as its controller tells it, and how its pods are told apart."""

    desired: int
    """Pods that there should be; for a job, that should succeed."""
    side: Callable[[Pod], Side | None]
    """Tells the revision of a pod; None for one that is not its own."""
    selector: str
    template: PodSpec
    """What the pods of the current revision are made from."""
    counts: Mapping[str, int] = {}
    """What the controller counts and should be `desired` in the end, by what it is called."""
    available: int | None = None
    obstacles: tuple[str, ...] = ()
    """What the controller says that holds it up."""
    held: tuple[str, ...] = ()
    """Why pods of an older revision may stay; told only if there are any."""
    exact: bool = True
    """Whether more pods than desired mean that it is still scaling down."""
    observed: bool | None = None
    revision: str | None = None
    strategy: str | None = None
    paused: bool | None = None
    partition: int | None = None
    deadline_exceeded: bool | None = None
    ended: bool | None = None
    """For a job: whether it is complete.  What its pods do then is of no interest."""
    created: datetime | None = None
    """For a job: when it was made."""
    succeeded: int | None = None
    failed: int | None = None


async def fetch(
    api: Api, resource: Resource, where: tuple[str, str], decoder: msgspec.json.Decoder[_Object]
) -> _Object:
    """Get one object: `where` is its namespace and name.  Raises Missing, Unreachable and ProbeError."""
    reply = await api.get(resource.path(*where), right(resource, where))
    with api.explained():
        return decode(decoder, reply.data, resource.kind)


def right(resource: Resource, where: tuple[str, str]) -> Right:
    """Say what must be allowed to get one object."""
    return resource.right("get", *where)


def chosen(api: Api, selector: Selector) -> str:
    """Write the query for what a selector chooses.  Raises Unreachable."""
    with api.explained():
        return selector.query


def unobserved(metadata: Metadata, seen: int) -> tuple[str, ...]:
    """Tell when the controller has not looked at what was asked for last: nothing else that it says counts."""
    if seen >= metadata.generation:
        return ()
    return (f"generation {metadata.generation} is not observed yet, the last that was is {seen}",)


def orphan(pod: Pod, label: str, current: str) -> bool:
    """Tell a pod that nobody controls any more but that was made from an older revision."""
    hash_ = (pod.metadata.labels or {}).get(label)
    return not pod.metadata.controller and hash_ not in (None, current)
