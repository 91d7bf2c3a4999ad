"""What is read of the API's objects: the few fields that a judgement needs, everything else is skipped.

Names and types are those of the API reference (v1, apps/v1, batch/v1).  What the reference calls optional
has a default here; what it calls required has none, so that an answer that is none cannot be taken for an
empty one.  Nothing here refers to anything that refers back, which spares the collector its look.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from agent.probe import Unreachable
from probes.http.words import inside

__all__ = [
    "Condition",
    "Container",
    "ContainerState",
    "ContainerStatus",
    "Labels",
    "ListMetadata",
    "Metadata",
    "Owner",
    "Page",
    "Pod",
    "PodSpec",
    "PodStatus",
    "Selector",
    "Status",
    "StatusDetails",
    "Template",
    "Terminated",
    "Time",
    "Wire",
    "decode",
]

Time: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""RFC 3339, as `metav1.Time` and `MicroTime` are written."""

Labels: TypeAlias = dict[str, str] | None

_Item = TypeVar("_Item")


class Wire(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """An object of the API."""


class Owner(Wire, frozen=True):
    """Who an object belongs to."""

    uid: str
    kind: str = ""
    name: str = ""
    controller: bool = False


class Metadata(Wire, frozen=True):
    """Of any object."""

    name: str
    uid: str = ""
    namespace: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: Labels = None
    annotations: Labels = None
    owner_references: list[Owner] | None = None

    @property
    def controller(self) -> str:
        """The uid of what controls it; empty when nothing does."""
        return next((owner.uid for owner in self.owner_references or () if owner.controller), "")


class PodMetadata(Wire, frozen=True):
    """Of a pod: annotations, of which there may be many, are skipped."""

    name: str
    namespace: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: Labels = None
    owner_references: list[Owner] | None = None

    @property
    def controller(self) -> str:
        """The uid of what controls it; empty when nothing does."""
        return next((owner.uid for owner in self.owner_references or () if owner.controller), "")


class Condition(Wire, frozen=True):
    """One thing that somebody says of an object."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None


class Waiting(Wire, frozen=True):
    """A container that does not run yet, or not again."""

    reason: str | None = None
    message: str | None = None


class Terminated(Wire, frozen=True):
    """A container that has ended."""

    exit_code: int
    reason: str | None = None
    message: str | None = None


class Running(Wire, frozen=True):
    """A container that runs."""


class ContainerState(Wire, frozen=True):
    """At most one of these; none is the same as waiting."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire, frozen=True):
    """What became of a container."""

    name: str
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class Container(Wire, frozen=True):
    """A container as it was asked for."""

    name: str
    image: str = ""
    restart_policy: str = ""
    """`Always` for a sidecar among the init containers."""


class ReadinessGate(Wire, frozen=True):
    """A condition that somebody else must set before a pod is ready."""

    condition_type: str


class PodSpec(Wire, frozen=True):
    """What a pod was asked to be."""

    containers: list[Container]
    init_containers: list[Container] | None = None
    readiness_gates: list[ReadinessGate] | None = None
    node_name: str = ""


class PodStatus(Wire, frozen=True):
    """What became of a pod."""

    phase: str = "Unknown"
    reason: str | None = None
    message: str | None = None
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(Wire, frozen=True):
    """A pod."""

    metadata: PodMetadata
    spec: PodSpec
    status: PodStatus = PodStatus()

    def condition(self, kind: str) -> Condition | None:
        """Find what is said of this."""
        return next((one for one in self.status.conditions or () if one.type == kind), None)

    @property
    def over(self) -> bool:
        """Whether none of its containers will ever run again."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def going(self) -> bool:
        """Whether it was told to end."""
        return self.metadata.deletion_timestamp is not None

    @property
    def ready(self) -> bool:
        """Whether it is sent traffic: ready by itself and by every readiness gate."""
        said = self.condition("Ready")
        return not self.over and not self.going and said is not None and said.status == "True"


class Requirement(Wire, frozen=True):
    """One expression of a selector."""

    key: str
    operator: str
    values: list[str] | None = None


class Selector(Wire, frozen=True):
    """Which objects belong."""

    match_labels: Labels = None
    match_expressions: list[Requirement] | None = None

    @property
    def query(self) -> str:
        """Write it as a query takes it."""
        labels = [f"{key}={value}" for key, value in (self.match_labels or {}).items()]
        return ",".join([*labels, *map(_expression, self.match_expressions or ())])


def _expression(one: Requirement) -> str:
    values = ",".join(one.values or ())
    forms = {"In": f"{one.key} in ({values})", "NotIn": f"{one.key} notin ({values})", "Exists": one.key}
    if one.operator == "DoesNotExist":
        return f"!{one.key}"
    if one.operator not in forms:
        raise Unreachable(f"its selector has the operator {one.operator}, which is not known")
    return forms[one.operator]


class Template(Wire, frozen=True):
    """What a workload makes its pods from."""

    spec: PodSpec


class ListMetadata(Wire, frozen=True):
    """Of a list, or of one page of it."""

    continue_: str = msgspec.field(default="", name="continue")


class Page(Wire, Generic[_Item], frozen=True):
    """A list, or one page of it."""

    metadata: ListMetadata
    items: list[_Item] | None
    kind: str = ""


class StatusDetails(Wire, frozen=True):
    """What a Status is about."""

    name: str = ""
    retry_after_seconds: int = 0


class Status(Wire, frozen=True):
    """What the API says when it does not do as it is asked."""

    kind: str
    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None


def decode(decoder: msgspec.json.Decoder[_Item], data: bytes, what: str) -> _Item:
    """Read an answer.  Raises Unreachable, saying what is wrong with it as `what`."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise Unreachable(f"answers with what is no {what}: {_said(error)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreachable(f"answers with what is not JSON: {_said(error)}") from error


def _said(error: Exception) -> str:
    return inside(str(error).partition("\n")[0].removeprefix("JSON is malformed: "))
