"""What the pods of a workload are asked by the kubelet, and how to ask it from outside."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.drafts.kubernetes.objects import Object, texts
from agent.drafts.written import Written, items_of, text_of

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod")
_PROBES = {"readinessProbe": "readiness", "livenessProbe": "liveness", "startupProbe": "startup"}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What an `httpGet` asks for."""

    port: str
    """Of the container, as a number."""
    path: str
    https: bool
    headers: tuple[tuple[str, str], ...]


class Pods:
    """The pods of one workload: their labels, the names of their ports, their probes."""

    def __init__(self, workload: Object) -> None:
        self.workload = workload
        of_pod = workload.kind == "Pod"
        self._spec = workload.root.get("spec") if of_pod else workload.root.at("spec", "template", "spec")
        labels = workload.root.at("spec", "template", "metadata", "labels")
        self.labels = workload.labels if of_pod else texts(labels, "labels")
        self._containers = items_of(self._spec.get("containers") if self._spec else None, "containers")
        self._named = {
            text_of(port.get("name"), "name"): text_of(port.get("containerPort"), "containerPort")
            for container in self._containers
            for port in items_of(container.get("ports"), "ports")
        }

    def number(self, port: str) -> str:
        """Give the number of a port that may be a name."""
        return self._named.get(port, port)

    def pages(self, left: list[str]) -> Iterator[tuple[str, Page, str]]:
        """Give each page that a probe asks for, with the probe's name and its timeout; other probes go to `left`."""
        for container in self._containers:
            for key, name in _PROBES.items():
                probe = container.get(key)
                if probe is None:
                    continue
                asked = probe.get("httpGet")
                if asked is None or asked.get("host") is not None:
                    left.append(f"{self.workload}: its {name} probe {_means(probe)}, and gonogo cannot ask a pod yet")
                else:
                    yield name, self._page(asked), text_of(probe.get("timeoutSeconds"), "timeoutSeconds")

    def _page(self, asked: Written) -> Page:
        headers = tuple(
            (text_of(header.get("name"), "name"), text_of(header.get("value"), "value"))
            for header in items_of(asked.get("httpHeaders"), "httpHeaders")
        )
        return Page(
            port=self.number(text_of(asked.get("port"), "port")),
            path="/" + text_of(asked.get("path"), "path").lstrip("/"),
            https=text_of(asked.get("scheme"), "scheme").upper() == "HTTPS",
            headers=headers,
        )


def _means(probe: Written) -> str:
    means = {"exec": "runs a command", "tcpSocket": "knocks at a port", "grpc": "speaks gRPC"}
    return next((said for key, said in means.items() if probe.get(key) is not None), "asks another host")
