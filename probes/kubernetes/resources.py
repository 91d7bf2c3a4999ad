"""Where the API keeps which kind of object."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from probes.kubernetes.rbac import Right

__all__ = ["KNOWN", "NAMESPACES", "Resource", "known"]


class Resource(msgspec.Struct, frozen=True):
    """A kind of object and its place."""

    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """Write group and version as objects do."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """Give the path of all of them, in a namespace or anywhere, or of one."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        where = f"/namespaces/{quote(namespace, safe='')}" if namespace and self.namespaced else ""
        return f"{root}{where}/{quote(self.plural)}" + (f"/{quote(name, safe=':')}" if name else "")

    def right(self, verb: str, namespace: str = "", name: str = "") -> Right:
        """Say what must be allowed."""
        return Right(verb, self.plural, self.group, name, namespace if self.namespaced else "")


_NAMESPACED = {
    ("", "v1"): {
        "ConfigMap": "configmaps",
        "Endpoints": "endpoints",
        "Event": "events",
        "LimitRange": "limitranges",
        "PersistentVolumeClaim": "persistentvolumeclaims",
        "Pod": "pods",
        "PodTemplate": "podtemplates",
        "ReplicationController": "replicationcontrollers",
        "ResourceQuota": "resourcequotas",
        "Secret": "secrets",
        "Service": "services",
        "ServiceAccount": "serviceaccounts",
    },
    ("apps", "v1"): {
        "ControllerRevision": "controllerrevisions",
        "DaemonSet": "daemonsets",
        "Deployment": "deployments",
        "ReplicaSet": "replicasets",
        "StatefulSet": "statefulsets",
    },
    ("autoscaling", "v2"): {"HorizontalPodAutoscaler": "horizontalpodautoscalers"},
    ("batch", "v1"): {"CronJob": "cronjobs", "Job": "jobs"},
    ("coordination.k8s.io", "v1"): {"Lease": "leases"},
    ("discovery.k8s.io", "v1"): {"EndpointSlice": "endpointslices"},
    ("networking.k8s.io", "v1"): {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"},
    ("policy", "v1"): {"PodDisruptionBudget": "poddisruptionbudgets"},
    ("rbac.authorization.k8s.io", "v1"): {"Role": "roles", "RoleBinding": "rolebindings"},
}
_CLUSTER = {
    ("", "v1"): {"Namespace": "namespaces", "Node": "nodes", "PersistentVolume": "persistentvolumes"},
    ("admissionregistration.k8s.io", "v1"): {
        "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
        "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
    },
    ("apiextensions.k8s.io", "v1"): {"CustomResourceDefinition": "customresourcedefinitions"},
    ("apiregistration.k8s.io", "v1"): {"APIService": "apiservices"},
    ("networking.k8s.io", "v1"): {"IngressClass": "ingressclasses"},
    ("rbac.authorization.k8s.io", "v1"): {
        "ClusterRole": "clusterroles",
        "ClusterRoleBinding": "clusterrolebindings",
    },
    ("scheduling.k8s.io", "v1"): {"PriorityClass": "priorityclasses"},
    ("storage.k8s.io", "v1"): {"StorageClass": "storageclasses", "VolumeAttachment": "volumeattachments"},
}

KNOWN = {
    kind: Resource(kind, plural, group, version, namespaced)
    for table, namespaced in ((_NAMESPACED, True), (_CLUSTER, False))
    for (group, version), kinds in table.items()
    for kind, plural in kinds.items()
}
"""Kinds that every cluster has, at the version that has been stable longest; anything else is discovered."""


def known(kind: str, api_version: str | None = None) -> Resource | None:
    """Find a kind that need not be discovered."""
    found = KNOWN.get(kind)
    return found if found is not None and api_version in (None, found.api_version) else None


NAMESPACES = KNOWN["Namespace"]
