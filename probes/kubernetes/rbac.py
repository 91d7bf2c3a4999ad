"""What a look must be allowed to do, in the words of `kubectl auth can-i`, and the Role that grants it.

A `Need` of the system `kubernetes` is written so that a Role can be made of it and of nothing else:

    action   VERB " " RESOURCE [ "." GROUP ] [ "/" NAME ]     `list pods`, `get deployments.apps/shop-api`
             VERB " /" PATH                                   `get /version`: no resource but a path
    scope    a namespace; CONTEXT when the profile leaves it to the kubeconfig; empty for the whole cluster

`manifest` turns all of them together into a Role per namespace and a ClusterRole for the rest.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from agent.probe import Need

__all__ = ["CONTEXT", "SYSTEM", "Right", "manifest"]

SYSTEM = "kubernetes"
"""The `system` of these needs."""

CONTEXT = "the context's namespace"
"""The scope when only the kubeconfig knows the namespace; no namespace can be called so."""


class Right(msgspec.Struct, frozen=True, order=True):
    """One thing to be allowed."""

    verb: str
    """`get` or `list`."""
    resource: str
    """In the plural, as in `pods`; or a path that is no resource, which begins with `/`."""
    group: str = ""
    """Of the API; empty for the core."""
    name: str = ""
    """Of one object; empty for all."""
    namespace: str = ""
    """Where; CONTEXT, or empty for the whole cluster."""

    @property
    def action(self) -> str:
        """Write it as `kubectl auth can-i` takes it."""
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {self.resource}{group}" + (f"/{self.name}" if self.name else "")

    @property
    def need(self) -> Need:
        """Declare it."""
        return Need(SYSTEM, self.action, self.namespace)

    @classmethod
    def of(cls, need: Need) -> Right:
        """Read what was declared."""
        verb, _, target = need.action.partition(" ")
        if target.startswith("/"):
            return cls(verb, target, namespace=need.scope)
        kind, _, name = target.partition("/")
        resource, _, group = kind.partition(".")
        return cls(verb, resource, group, name, need.scope)

    def denied(self, user: str) -> str:
        """Say that it is missing, and what would grant it."""
        who = f"user {user}" if user else "this user"
        where = f" in namespace {self.namespace}" if self.namespace else ""
        role = "Role" if self.namespace else "ClusterRole"
        group = f" of {self.group}" if self.group else ""
        return f"{who} may not {self.action}{where}: missing is a {role} with the verb {self.verb} on " + (
            f"{self.resource}{group}"
        )


def manifest(needs: Iterable[Need], name: str = "gonogo") -> str:
    """Write the Roles (YAML) that allow exactly this; empty when nothing of Kubernetes is needed.

    A Role for the context's namespace names none, so that `kubectl apply` puts it there.
    """
    scopes: defaultdict[str, set[Right]] = defaultdict(set)
    for need in needs:
        if need.system == SYSTEM:
            scopes[need.scope].add(Right.of(need))
    return "---\n".join(_role(scopes[scope], scope, name) for scope in sorted(scopes))


def _role(rights: set[Right], scope: str, name: str) -> str:
    lines = [
        "apiVersion: rbac.authorization.k8s.io/v1",
        f"kind: {'Role' if scope else 'ClusterRole'}",
        "metadata:",
        f"  name: {_quoted(name)}",
        *([f"  namespace: {_quoted(scope)}"] if scope not in ("", CONTEXT) else []),
        "rules:",
        *_rules(rights),
    ]
    return "\n".join(lines) + "\n"


def _rules(rights: set[Right]) -> Iterator[str]:
    """Write each resource once with its verbs, and put together what is alike."""
    every = {(right.verb, right.group, right.resource) for right in rights if not right.name}
    verbs: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for right in rights:
        if not right.name or (right.verb, right.group, right.resource) not in every:
            verbs[right.group, right.resource, right.name].add(right.verb)
    alike: defaultdict[tuple[str, str, tuple[str, ...], bool], list[str]] = defaultdict(list)
    for (group, resource, name), allowed in sorted(verbs.items()):
        alike[group, name, tuple(sorted(allowed)), resource.startswith("/")].append(resource)
    for (group, name, allowed_verbs, is_path), resources in sorted(alike.items()):
        if is_path:
            yield f"  - nonResourceURLs: {_list(resources)}"
        else:
            yield f"  - apiGroups: {_list([group])}"
            yield f"    resources: {_list(resources)}"
        if name:
            yield f"    resourceNames: {_list([name])}"
        yield f"    verbs: {_list(allowed_verbs)}"


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, words)) + "]"


def _quoted(word: str) -> str:
    """Quote in every case: a name may look like a number or a bool."""
    return json.dumps(word)
