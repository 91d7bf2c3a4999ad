"""Where the API keeps a custom kind: asked of the API, and guessed where nobody may be asked."""

from __future__ import annotations

import re

import msgspec

from agent.probe import ProbeError
from probes.kubernetes.client import Api
from probes.kubernetes.rbac import Right
from probes.kubernetes.resources import Resource, known
from probes.kubernetes.wire import Wire, decode

__all__ = ["check_version", "discover", "guess", "rights"]

_VERSION = re.compile(
    r"(?:(?P<group>[a-z0-9][a-z0-9.-]*\.[a-z0-9.-]*[a-z0-9]|apps|autoscaling|batch|policy)/)?(?P<version>v\d\w*)"
)


class _Kind(Wire, frozen=True):
    name: str
    kind: str
    namespaced: bool


class _Kinds(Wire, frozen=True):
    kind: str
    resources: list[_Kind]


_DECODER = msgspec.json.Decoder(_Kinds)


def check_version(text: str) -> tuple[str, str]:
    """Read group and version of an `apiVersion`; ValueError says what is expected."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no apiVersion such as v1, apps/v1 or cert-manager.io/v1")
    return found["group"] or "", found["version"]


def guess(kind: str, api_version: str, *, namespaced: bool) -> Resource:
    """Make the plural as its authors nearly always do."""
    group, version = check_version(api_version)
    word = kind.lower()
    if word.endswith(("s", "x", "z", "ch", "sh")):
        plural = f"{word}es"
    else:
        plural = f"{word[:-1]}ies" if re.search(r"[^aeiou]y$", word) else f"{word}s"
    return Resource(kind, plural, group, version, namespaced)


def _list(api_version: str) -> Right:
    """Say what must be allowed to ask; the role `system:discovery` allows it to everybody."""
    return Right("get", f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}")


def rights(kind: str, api_version: str | None) -> tuple[Right, ...]:
    """Say what must be allowed to find a kind; nothing for one that every cluster has."""
    return () if known(kind, api_version) or api_version is None else (_list(api_version),)


async def discover(api: Api, kind: str, api_version: str) -> Resource:
    """Ask for the place of a kind.  Raises ProbeError when there is no such kind, and Unreachable."""
    right = _list(api_version)
    reply = await api.get(right.resource, right)
    with api.explained():
        found = decode(_DECODER, reply.data, "APIResourceList")
        for one in found.resources:
            if one.kind == kind and "/" not in one.name:
                return Resource(kind, one.name, *check_version(api_version), one.namespaced)
        kinds = ", ".join(sorted({one.kind for one in found.resources if "/" not in one.name})) or "nothing"
        raise ProbeError(f"knows no kind {kind} in {api_version}, which has {kinds[:300]}")
