"""Files that are nowhere but in memory: OpenSSL reads certificates and keys from files only.

A key that a kubeconfig holds within itself is not written to a disk, from where a killed process could not
remove it.  Where the system has no such files they are temporary ones, readable by nobody else.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path

__all__ = ["MemoryFile"]


class MemoryFile:
    """A file with this content, at `path` for as long as this object lives."""

    def __init__(self, data: bytes) -> None:
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("gonogo")
            self.path = f"/proc/self/fd/{descriptor}"
            weakref.finalize(self, os.close, descriptor)
        else:
            descriptor, self.path = tempfile.mkstemp(prefix="gonogo")
            os.close(descriptor)
            weakref.finalize(self, Path(self.path).unlink, missing_ok=True)
        Path(self.path).write_bytes(data)
