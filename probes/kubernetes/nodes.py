"""The kind `kubernetes.nodes`: whether the machines of a cluster are ready, at ease and of a version that fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from agent.probe import Reading
from probes.kubernetes import lists
from probes.kubernetes.lists import Listed, Wanted
from probes.kubernetes.rbac import Right
from probes.kubernetes.release import RELEASE, Release, fetch
from probes.kubernetes.resources import KNOWN
from probes.kubernetes.settings import KubernetesProbe, Query
from probes.kubernetes.wire import Condition, Metadata, Page, Wire

__all__ = ["NodesProbe", "NodesReading"]

_NODES = KNOWN["Node"]
_LISTED = 20
"""Problems that are told one by one."""

OLDEST = 3
"""Minor versions that a kubelet may be behind the API server (Kubernetes, "Version Skew Policy")."""

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


class _Info(Wire, frozen=True):
    kubelet_version: str = ""


class _Spec(Wire, frozen=True):
    unschedulable: bool = False


class _Status(Wire, frozen=True):
    conditions: list[Condition] | None = None
    node_info: _Info = _Info()


class _Node(Wire, frozen=True):
    metadata: Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()


_DECODER = msgspec.json.Decoder(Page[_Node])


class NodesReading(Reading, frozen=True):
    """How they are."""

    total: int
    """All nodes that were found."""
    ready: int
    """Nodes that are ready.  By default at least 1."""
    not_ready: int
    """Nodes that are not, or of which nobody has heard for a while."""
    cordoned: int
    """Nodes that take no new pods, because somebody said so."""
    pressured: int
    """Nodes that run out of memory, disk or processes, or have no network."""
    pressures: list[str]
    """What they run out of: `MemoryPressure`, `DiskPressure`, `PIDPressure`, `NetworkUnavailable`."""
    versions: list[str]
    """Versions of their kubelets."""
    skew: int | None
    """Minor versions that the oldest kubelet is behind the API server; negative when all are ahead of it.  Absent
    when there is no node."""
    problems: list[str]
    """What is wrong, in words: not ready, under pressure, ahead of the API server or more than three minor
    versions behind it.  By default none."""


class NodesProbe(KubernetesProbe, frozen=True, kw_only=True):
    """Look at the nodes.

    By default at least one must be ready and none may have a problem.  A cordoned one is none by itself:
    `cordoned` counts them.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"ready": {"min": "1"}, "problems": {"equals": []}}

    selector: Query = ""
    """Labels that they have: `node-role.kubernetes.io/control-plane`; default: all nodes."""

    async def measure(self) -> NodesReading:
        """Read all pages.  Raises Unreachable and ProbeError."""
        api = await self.open()
        server = (await fetch(api)).release
        wanted = Wanted(_NODES, _DECODER, selector=self.selector)
        return _reading(await lists.read(api, wanted, lambda _: _Nodes(server)))

    def rights(self) -> tuple[Right, ...]:
        """List nodes, and the version."""
        return (_NODES.right("list"), RELEASE)


class _Nodes:
    """Counts."""

    def __init__(self, server: Release) -> None:
        self._server = server
        self.ready = self.cordoned = self.pressured = 0
        self.pressures: set[str] = set()
        self.versions: set[str] = set()
        self.skews: set[int] = set()
        self.problems: list[str] = []
        self.problem_count = 0

    def add(self, item: _Node) -> None:
        """Count one node."""
        said = {one.type: one for one in item.status.conditions or ()}
        ready = said.get("Ready")
        self.ready += ready is not None and ready.status == "True"
        self.cordoned += item.spec.unschedulable
        pressures = [said[kind] for kind in _PRESSURES if kind in said and said[kind].status != "False"]
        self.pressured += bool(pressures)
        self.pressures.update(one.type for one in pressures)
        version = item.status.node_info.kubelet_version
        self.versions.add(version)
        for problem in (*_unready(ready), *map(_pressed, pressures), *self._skewed(version)):
            self.problem_count += 1
            if len(self.problems) < _LISTED:
                self.problems.append(f"node {item.metadata.name} {problem}")

    def _skewed(self, version: str) -> Iterator[str]:
        kubelet = Release.parse(version)
        if kubelet is None:
            yield f"has a kubelet of version {version!r}, which is none"
            return
        skew = self._server.minors_ahead(kubelet)
        self.skews.add(skew)
        if skew < 0:
            yield f"has kubelet {version}, which is ahead of the API server ({self._server})"
        elif skew > OLDEST:
            yield f"has kubelet {version}, which is {skew} minor versions behind the API server ({self._server})"


def _unready(said: Condition | None) -> Iterator[str]:
    if said is None:
        yield "does not say whether it is ready"
    elif said.status != "True":
        yield f"is not ready: {said.reason or said.status}{_message(said)}"


def _pressed(said: Condition) -> str:
    return f"has {said.type}: {said.reason or said.status}{_message(said)}"


def _message(said: Condition) -> str:
    text = " ".join((said.message or "").split())
    return f" ({text[:200]})" if text else ""


def _reading(listed: Listed[_Nodes]) -> NodesReading:
    found = listed.fold
    others = found.problem_count - len(found.problems)
    return NodesReading(
        total=listed.count,
        ready=found.ready,
        not_ready=listed.count - found.ready,
        cordoned=found.cordoned,
        pressured=found.pressured,
        pressures=sorted(found.pressures),
        versions=sorted(found.versions),
        skew=max(found.skews, default=None),
        problems=found.problems + ([f"and {others} more"] if others else []),
    )
