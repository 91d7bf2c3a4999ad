"""The settings that all kinds of Kubernetes have: whom to ask, and about which namespace."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from agent.probe import Need, Probe, checked
from probes.http import message
from probes.kubernetes import access
from probes.kubernetes.access import Source
from probes.kubernetes.client import Api
from probes.kubernetes.lists import existence
from probes.kubernetes.rbac import CONTEXT, Right
from probes.kubernetes.resources import Resource

__all__ = ["Fields", "KubernetesProbe", "ListingProbe", "Name", "Namespace", "NamespacedProbe", "Query"]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_NAME = re.compile(r"[^\s/%?#]{1,253}")
_KEY = r"([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?/)?[a-zA-Z0-9]([-\w.]{0,61}[a-zA-Z0-9])?"
_VALUE = r"([a-zA-Z0-9]([-\w.]{0,61}[a-zA-Z0-9])?)?"
_TERM = re.compile(
    rf"\s*(!\s*{_KEY}|{_KEY}(\s*(==|=|!=)\s*{_VALUE}|\s+(in|notin)\s*\(\s*{_VALUE}(\s*,\s*{_VALUE})*\s*\))?)\s*",
    re.ASCII,
)
"""One requirement of a label selector (Kubernetes, "Labels and Selectors")."""
_FIELD = re.compile(r"\s*[\w.\[\]-]+\s*(==|=|!=)[^,=]*")


def _check_namespace(text: str) -> None:
    if not _LABEL.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a namespace: small letters, digits and - within")


def _check_name(text: str) -> None:
    if not _NAME.fullmatch(text) or text in (".", ".."):
        raise ValueError(f"{text!r} is no name of an object")


def _check_selector(text: str) -> None:
    position = 0
    while True:
        found = _TERM.match(text, position)
        if found is None or text[found.end() : found.end() + 1] not in ("", ","):
            raise ValueError(f"{text!r} is no label selector such as app=shop,tier in (web,api),!canary")
        if found.end() == len(text):
            return
        position = found.end() + 1


def _check_fields(text: str) -> None:
    for term in text.split(","):
        if not _FIELD.fullmatch(term):
            raise ValueError(f"{text!r} is no field selector such as spec.nodeName=worker-3,status.phase!=Running")


Namespace = Annotated[str, checked(_check_namespace)]
"""A setting that is the name of a namespace (RFC 1123 label)."""

Name = Annotated[str, checked(_check_name)]
"""A setting that is the name of an object."""

Query = Annotated[str, checked(_check_selector)]
"""A setting that is a label selector."""

Fields = Annotated[str, checked(_check_fields)]
"""A setting that is a field selector."""


class KubernetesProbe(Probe, frozen=True, kw_only=True):
    """Whom to ask."""

    witness: ClassVar[bool] = True

    kubeconfig: str | None = None
    """File that says where the API server is and as whom it is asked.  Default: KUBECONFIG, else
    `~/.kube/config`, else in a pod its service account."""
    context: str | None = None
    """Context of the kubeconfig; default: its current one."""

    @property
    def source(self) -> Source:
        """Where access is found."""
        return Source(self.kubeconfig, self.context)

    async def open(self) -> Api:
        """Log in.  Raises ProbeError."""
        return await Api.open(self.source)

    def prepare(self) -> None:
        """Load the library and the configuration.  Raises ProbeError."""
        message.user_agent()
        access.log_in(self.source)

    def target(self) -> str:
        """Name the cluster as far as it is known: its API server takes the load."""
        return " ".join(filter(None, ("kubernetes", self.kubeconfig, self.context)))

    def rights(self) -> tuple[Right, ...]:
        """List what must be allowed."""
        raise NotImplementedError

    def permissions(self) -> tuple[Need, ...]:
        """List what must be allowed, and the kubeconfig."""
        files = (Need("file", "read", self.kubeconfig),) if self.kubeconfig else ()
        return (*(right.need for right in self.rights()), *files)


class NamespacedProbe(KubernetesProbe, frozen=True, kw_only=True):
    """Whom to ask, and about which namespace."""

    namespace: Namespace | None = None
    """Namespace to look into; default: the context's, or the pod's own."""

    @property
    def scope(self) -> str:
        """The namespace as permissions name it."""
        return self.namespace or CONTEXT


class ListingProbe(NamespacedProbe, frozen=True, kw_only=True):
    """Whom to ask, and about which namespace or all of them."""

    all_namespaces: bool = False
    """Look into every namespace, which takes a ClusterRole."""

    def __post_init__(self) -> None:
        """Refuse a namespace beside all of them."""
        if self.all_namespaces and self.namespace:
            raise ValueError("namespace and all_namespaces exclude each other")

    def where(self, api: Api) -> str:
        """Tell the namespace to list; empty for all."""
        return "" if self.all_namespaces else self.namespace or api.namespace

    def listing(self, resource: Resource) -> tuple[Right, ...]:
        """Say what must be allowed; an empty list does not tell whether its namespace exists."""
        if self.all_namespaces or not resource.namespaced:
            return (resource.right("list"),)
        return (resource.right("list", self.scope), existence(self.scope))
