"""Permissions: what `plan --permissions` is told makes a Role that suffices, and no more."""

import copy

import pytest
import yaml

from agent.probe import Need, ProbeError
from probes.kubernetes.events import EventsProbe
from probes.kubernetes.nodes import NodesProbe
from probes.kubernetes.pods import PodsProbe
from probes.kubernetes.rbac import CONTEXT, Right, manifest
from probes.kubernetes.resource import ResourceProbe
from probes.kubernetes.rollout import RolloutProbe
from probes.kubernetes.version import VersionProbe

from .server import Kind

LOOKS = {
    "deployment": ("deployment-finished", RolloutProbe, {"deployment": "shop-api"}),
    "statefulset": ("statefulset-finished", RolloutProbe, {"statefulset": "ledger"}),
    "daemonset": ("daemonset-finished", RolloutProbe, {"daemonset": "agent"}),
    "job": ("job-complete", RolloutProbe, {"job": "migrate"}),
    "pods": ("secret", PodsProbe, {}),
    "pods everywhere": ("pod-not-ready", PodsProbe, {"all_namespaces": True}),
    "events": ("secret", EventsProbe, {"namespace": "shop"}),
    "nodes": ("nodes-ready", NodesProbe, {}),
    "version": ("nodes-ready", VersionProbe, {}),
    "one config map": ("config-maps", ResourceProbe, {"kind": "ConfigMap", "name": "gone"}),
    "config maps": ("secret", ResourceProbe, {"kind": "ConfigMap"}),
    "a cluster role": ("secret", ResourceProbe, {"kind": "ClusterRole", "name": "view"}),
    "certificates": ("secret", ResourceProbe, {"kind": "Certificate", "api_version": "cert-manager.io/v1"}),
    "an issuer": (
        "secret",
        ResourceProbe,
        {"kind": "ClusterIssuer", "api_version": "cert-manager.io/v1", "name": "a", "all_namespaces": True},
    ),
}


@pytest.mark.parametrize("looked", LOOKS.values(), ids=LOOKS)
async def test_the_role_suffices_and_no_more(api, fed, look, looked):
    """With it the look succeeds; without any one of its rules, or one resource of a rule, it does not."""
    name, kind, settings = looked
    api.kinds["Certificate"] = Kind("cert-manager.io", "v1", "certificates", namespaced=True)
    api.kinds["ClusterIssuer"] = Kind("cert-manager.io", "v1", "clusterissuers", namespaced=False)
    api.roles = list(yaml.safe_load_all(manifest(kind(**settings).permissions())))
    await fed(name, kind, **settings)
    for fewer in without_one(api.roles):
        api.roles = fewer
        with pytest.raises(ProbeError, match="may not"):
            await look(kind, **settings)


def without_one(roles):
    """Give these roles without one thing that they allow, for each."""
    for number, role in enumerate(roles):
        for index, rule in enumerate(role["rules"]):
            for what in rule.get("resources") or rule["nonResourceURLs"]:
                fewer = copy.deepcopy(roles)
                left = fewer[number]["rules"][index]
                left.get("resources", left.get("nonResourceURLs")).remove(what)
                yield fewer


def test_all_of_a_profile_in_one_manifest():
    probes = [
        RolloutProbe(deployment="shop-api", namespace="shop"),
        RolloutProbe(deployment="shop-web", namespace="shop"),
        PodsProbe(namespace="shop"),
        ResourceProbe(kind="ConfigMap", name="1.10", namespace="shop"),
        ResourceProbe(kind="ConfigMap", name="on", namespace="shop"),
        ResourceProbe(kind="Deployment", namespace="shop"),
        EventsProbe(),
        NodesProbe(),
    ]
    needs = [need for probe in probes for need in probe.permissions()]
    assert manifest([*needs, Need("network", "connect", "db:5432")], "checks") == (
        """apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "checks"
rules:
  - nonResourceURLs: ["/version"]
    verbs: ["get"]
  - apiGroups: [""]
    resources: ["nodes"]
    verbs: ["list"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: "checks"
  namespace: "shop"
rules:
  - apiGroups: [""]
    resources: ["pods"]
    verbs: ["list"]
  - apiGroups: [""]
    resources: ["configmaps"]
    resourceNames: ["1.10"]
    verbs: ["get"]
  - apiGroups: [""]
    resources: ["configmaps"]
    resourceNames: ["on"]
    verbs: ["get"]
  - apiGroups: [""]
    resources: ["namespaces"]
    resourceNames: ["shop"]
    verbs: ["get"]
  - apiGroups: ["apps"]
    resources: ["deployments", "replicasets"]
    verbs: ["list"]
  - apiGroups: ["apps"]
    resources: ["deployments"]
    resourceNames: ["shop-api"]
    verbs: ["get"]
  - apiGroups: ["apps"]
    resources: ["deployments"]
    resourceNames: ["shop-web"]
    verbs: ["get"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: "checks"
rules:
  - apiGroups: [""]
    resources: ["namespaces"]
    verbs: ["get"]
  - apiGroups: [""]
    resources: ["events"]
    verbs: ["list"]
"""
    )


def test_all_of_a_kind_comprise_the_one():
    rights = [Right("get", "pods", name="a", namespace="shop"), Right("get", "pods", namespace="shop")]
    (role,) = yaml.safe_load_all(manifest(right.need for right in rights))
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]


def test_nothing_of_kubernetes_needs_no_role():
    assert manifest([Need("network", "connect", "db:5432")]) == ""


@pytest.mark.parametrize(
    ("right", "need"),
    [
        (Right("list", "pods", namespace="shop"), Need("kubernetes", "list pods", "shop")),
        (
            Right("get", "deployments", "apps", "shop-api", CONTEXT),
            Need("kubernetes", "get deployments.apps/shop-api", "the context's namespace"),
        ),
        (Right("list", "ingresses", "networking.k8s.io"), Need("kubernetes", "list ingresses.networking.k8s.io", "")),
        (Right("get", "/version"), Need("kubernetes", "get /version", "")),
    ],
)
def test_a_need_is_written_as_kubectl_takes_it_and_read_again(right, need):
    assert right.need == need
    assert Right.of(need) == right


def test_the_kubeconfig_is_read():
    assert VersionProbe(kubeconfig="/etc/kube").permissions() == (
        Need("kubernetes", "get /version", ""),
        Need("file", "read", "/etc/kube"),
    )


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Certificate", "certificates"),
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("Ingress", "ingresses"),
        ("Mesh", "meshes"),
        ("Proxy", "proxies"),
        ("Kibana", "kibanas"),
    ],
)
def test_the_plural_of_a_custom_kind_is_guessed(kind, plural):
    needs = ResourceProbe(kind=kind, api_version="example.com/v1alpha1").permissions()
    assert needs[0] == Need("kubernetes", f"list {plural}.example.com", CONTEXT)
