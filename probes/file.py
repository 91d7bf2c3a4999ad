"""Look at a file of this machine: is it there, what is it, how large, how old, what does it say."""

from __future__ import annotations

import grp
import pwd
import stat
import time

from anyio import to_thread

from agent.probe import Unreadable
from probes.content import Found, Type, link, look, sha256
from probes.evidence import Contents, Evidence, EvidenceReading

__all__ = ["FileProbe", "FileReading"]


class FileReading(EvidenceReading, frozen=True, kw_only=True):
    """What stands at a path."""

    type: Type | None = None
    """What the path leads to."""
    link: str | None = None
    """Where it points when the path is a symbolic link; everything else is about what it leads to."""
    mode: str | None = None
    """Permissions in octal digits, four of them: `0644`."""
    owner: str | None = None
    """Name of the user, or the number where this machine knows no name."""
    group: str | None = None
    """Name of the group, or the number where this machine knows no name."""
    sha256: str | Unreadable | None = None
    """Digest of all of it in hexadecimal digits, with `digest: true`; unreadable when it changes meanwhile."""


class FileProbe(Evidence, frozen=True, kw_only=True):
    """Look at one path.  Where it leads to nothing, `exists` is false and the rest absent."""

    defaults = {"exists": "true", "size_bytes": {"min": "1"}}

    digest: bool = False
    """Measure `sha256`, which reads all of the file, however large."""

    async def measure(self) -> FileReading:
        """Look once."""
        now = time.time()
        reading = await to_thread.run_sync(self._look, now, abandon_on_cancel=True)
        return await self.dated(reading, now)

    def _look(self, now: float) -> FileReading:
        found = look(self.path)
        if found is None:
            return FileReading(exists=False, link=link(self.path))
        reads = self.json or self.regex or self.date or self.revision
        contents = self.contents(self.json) if reads else Contents(True, None, {})
        return FileReading(
            **self.facts(found, contents, now),
            type=found.type,
            link=link(self.path),
            mode=f"{stat.S_IMODE(found.status.st_mode):04o}",
            owner=_user(found),
            group=_group(found),
            sha256=self._digest() if self.digest else None,
        )

    def _digest(self) -> str | Unreadable:
        try:
            return sha256(self.path)
        except ValueError as error:
            return Unreadable(f"{self.path} {error}")


def _user(found: Found) -> str:
    try:
        return pwd.getpwuid(found.status.st_uid).pw_name
    except KeyError:
        return str(found.status.st_uid)


def _group(found: Found) -> str:
    try:
        return grp.getgrgid(found.status.st_gid).gr_name
    except KeyError:
        return str(found.status.st_gid)
