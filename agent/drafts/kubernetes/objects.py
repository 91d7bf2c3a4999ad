"""Kubernetes objects as they are written in manifests, and as `kubectl get -o yaml` prints them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.drafts.draft import Template, join
from agent.drafts.written import Written, entries_of, items_of, text_of

NAMESPACE = Template("$(namespace)")
DOMAIN = Template("$(cluster_domain)")


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """One object."""

    kind: str
    name: str
    namespace: str = ""
    """Empty: where kubectl is told to put it."""
    root: Written

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return texts(self.root.at("metadata", "labels"), "labels")


def objects(documents: list[Written], left: list[str]) -> Iterator[Object]:
    """Give every object, lists taken apart; what is none goes to `left`."""
    for document in documents:
        kind = text_of(document.get("kind"), "kind")
        if kind.endswith("List"):
            yield from objects(items_of(document.get("items"), "items"), left)
        elif not kind or document.get("metadata") is None:
            left.append(f"{document.mark}: is no Kubernetes object")
        else:
            metadata = document.at("metadata")
            name = metadata.get("name") or metadata.get("generateName") if metadata else None
            namespace = text_of(document.at("metadata", "namespace"), "namespace")
            yield Object(kind=kind, name=text_of(name, "name"), namespace=namespace, root=document)


def texts(written: Written | None, what: str) -> dict[str, str]:
    """Give a mapping of text."""
    return {key: entry.text(what) for key, entry in entries_of(written, what).items()}


def inside(service: Object) -> Template:
    """Name a service as pods do."""
    return join(service.name, ".", service.namespace or NAMESPACE, ".svc.", DOMAIN)
