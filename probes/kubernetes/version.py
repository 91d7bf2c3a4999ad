"""The kind `kubernetes.version`: which version of Kubernetes the API server is of."""

from __future__ import annotations

from agent.probe import Reading
from probes.kubernetes.rbac import Right
from probes.kubernetes.release import RELEASE, fetch
from probes.kubernetes.settings import KubernetesProbe

__all__ = ["VersionProbe", "VersionReading"]


class VersionReading(Reading, frozen=True):
    """What the API server says of itself."""

    version: str
    """In numbers: `1.31.2`."""
    git_version: str
    """As it says it, with what its vendor adds: `v1.31.2-eks-7f9249a`."""
    major: int
    """The first number."""
    minor: int
    """The second number, which limits are most often about: `minor: {min: 29}`."""
    platform: str
    """What it runs on: `linux/amd64`."""


class VersionProbe(KubernetesProbe, frozen=True, kw_only=True):
    """Ask the API server for its version."""

    async def measure(self) -> VersionReading:
        """Ask.  Raises Unreachable and ProbeError."""
        found = await fetch(await self.open())
        release = found.release
        return VersionReading(
            version=str(release),
            git_version=found.git_version,
            major=release.major,
            minor=release.minor,
            platform=found.platform,
        )

    def rights(self) -> tuple[Right, ...]:
        """List the version."""
        return (RELEASE,)
