"""Versions of Kubernetes: what the API server says of itself, and how far apart two are."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

import msgspec

from agent.probe import Unreachable
from probes.kubernetes.client import Api
from probes.kubernetes.rbac import Right
from probes.kubernetes.wire import Wire, decode

__all__ = ["RELEASE", "Release", "Version", "fetch"]

RELEASE = Right("get", "/version")
"""What must be allowed; every cluster allows it to everybody unless somebody took that away."""

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?![\d.])")


class Release(NamedTuple):
    """A version, without what vendors add to it."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read `v1.31.2-eks-7f9249a`; None for what is no version."""
        found = _VERSION.match(text)
        return cls(*(int(part or 0) for part in found.groups())) if found else None

    def minors_ahead(self, other: Release) -> int:
        """Count the minor versions from the other to this; a major version counts as a thousand."""
        return (self.major - other.major) * 1000 + self.minor - other.minor

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class Version(Wire, frozen=True):
    """What the API server says of itself."""

    git_version: str
    platform: str = ""
    go_version: str = ""

    @property
    def release(self) -> Release:
        """The version in numbers.  Raises Unreachable when it is none."""
        found = Release.parse(self.git_version)
        if found is None:
            raise Unreachable(f"says that its version is {self.git_version[:40]!r}, which is none")
        return found


_DECODER = msgspec.json.Decoder(Version)


async def fetch(api: Api) -> Version:
    """Ask for it.  Raises Unreachable and ProbeError."""
    reply = await api.get(RELEASE.resource, RELEASE)
    with api.explained():
        found = decode(_DECODER, reply.data, "version")
        _ = found.release
    return found
