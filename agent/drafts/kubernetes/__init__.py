"""A draft from Kubernetes manifests: hosts of ingresses, ports of services, the pages that probes ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.drafts.draft import Draft, Variable
from agent.drafts.kubernetes import ingress
from agent.drafts.kubernetes.objects import Object, objects
from agent.drafts.kubernetes.pods import WORKLOADS, Pods
from agent.drafts.kubernetes.services import Service
from agent.drafts.written import Written

_ROLLOUT = "that its rollout is finished (kubernetes.rollout)"
_UNSEEN = {
    "CronJob": "when it last succeeded (kubernetes.resource)",
    "DaemonSet": _ROLLOUT,
    "Deployment": _ROLLOUT,
    "Gateway": "which hosts it serves: write an http and a tls check for each",
    "GRPCRoute": "which hosts it serves: write a check for each",
    "HorizontalPodAutoscaler": "that it can scale (kubernetes.resource)",
    "HTTPRoute": "which hosts it serves: write an http and a tls check for each",
    "Job": "that it succeeded (kubernetes.resource)",
    "PersistentVolumeClaim": "that it is bound (kubernetes.resource)",
    "Pod": "that it is ready (kubernetes.pods)",
    "PodDisruptionBudget": "that it allows a disruption (kubernetes.resource)",
    "PrometheusRule": "whether its alerts fire (prometheus.alerts)",
    "ReplicaSet": "that its pods are ready (kubernetes.pods)",
    "Route": "which host it serves: write an http and a tls check for it",
    "StatefulSet": _ROLLOUT,
}
"""What gonogo cannot check yet, and the kinds that are to come."""
_SEEN = ("Ingress", "Service")


def draft(_: str, documents: list[Written]) -> Draft:
    """Draft from manifests."""
    left: list[str] = []
    found = list(objects(documents, left))
    services = [Service(each, left) for each in found if each.kind == "Service"]
    for workload in found:
        if workload.kind in WORKLOADS:
            _offer(Pods(workload), services, left)
    ingresses = [each for each in found if each.kind == "Ingress"]
    groups = (*ingress.groups(ingresses, left), *(service.group() for service in services))
    variables = {
        "namespace": Variable("default", "of objects that name none"),
        "cluster_domain": Variable("cluster.local", "where services have their names"),
        "in_cluster": Variable("true", "false leaves out what only a pod can reach"),
    }
    return Draft(groups=groups, variables=variables, left=(*left, *_unseen(found)))


def _offer(pods: Pods, services: list[Service], left: list[str]) -> None:
    for probe, page, timeout in pods.pages(left):
        taken = [service.offer(pods, probe, page, timeout) for service in services]
        if not any(taken):
            left.append(f"{pods.workload}: no service leads to {page.path} on port {page.port}, its {probe} probe")


def _unseen(found: list[Object]) -> Iterator[str]:
    yield from (f"{each}: gonogo cannot see yet {_UNSEEN[each.kind]}" for each in found if each.kind in _UNSEEN)
    rest = Counter(each.kind for each in found if each.kind not in (*_UNSEEN, *_SEEN))
    yield from (f"{kind} ({count}): holds nothing that could be asked" for kind, count in rest.items())
