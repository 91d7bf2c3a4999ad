"""Look at a path of this machine and read the file there, without being held up by what is no file.

All of it blocks: call it in a worker thread.  Nothing but a regular file is ever opened, so that a pipe or
a device cannot hang the reader; a file that changes while it is read says so.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, TypeAlias

import msgspec
from anyio import from_thread

from agent.probe import ProbeError

__all__ = ["Found", "Type", "link", "look", "read", "sha256"]

_CHUNK = 2**20

Type: TypeAlias = Literal["file", "directory", "fifo", "socket", "character device", "block device", "other"]
"""What can stand at a path."""

_TYPES: Mapping[int, Type] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


class Found(msgspec.Struct, frozen=True):
    """What stands at a path."""

    status: os.stat_result
    """Of what the path leads to, links followed."""

    @property
    def type(self) -> Type:
        """What it is."""
        return _TYPES.get(stat.S_IFMT(self.status.st_mode), "other")

    @property
    def size_bytes(self) -> int | None:
        """How many bytes a file has; None for everything else."""
        return self.status.st_size if self.type == "file" else None


def look(path: str) -> Found | None:
    """Look where a path leads; None when there is nothing.  Raises ProbeError."""
    try:
        return Found(os.stat(path))  # noqa: PTH116  not a Path, which would tidy up what the operator wrote
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ProbeError(f"{path}: {_said(error)}") from error


def link(path: str) -> str | None:
    """Tell where a symbolic link points, as it is written; None when the path is none."""
    try:
        return os.readlink(path)  # noqa: PTH115  likewise
    except OSError:
        return None


def read(path: str, limit: int) -> bytes:
    """Read a file of at most `limit` bytes.

    Raises ValueError, whose text goes on after the path, when it is no file, too large or changing, and
    ProbeError when it may not be read.
    """
    with _opened(path) as file:
        before = os.fstat(file)
        data = bytearray()
        while chunk := _chunk(path, file):
            data += chunk
            if len(data) > limit:
                raise ValueError(f"has more than {limit} bytes, the limit")
        _refuse_rewritten(before, os.fstat(file))
    return bytes(data)


def sha256(path: str) -> str:
    """Digest a file of any size, in hexadecimal digits; raises as `read` does."""
    digest = hashlib.sha256()
    with _opened(path) as file:
        before = os.fstat(file)
        left = before.st_size
        while (chunk := _chunk(path, file)) and left >= 0:
            digest.update(chunk)
            left -= len(chunk)
        after = os.fstat(file)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ValueError("changed while it was read")
    return digest.hexdigest()


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """Open a regular file and nothing else."""
    _refuse_others(look(path))
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise ProbeError(f"{path}: {_said(error)}") from error
    try:
        _refuse_others(Found(os.fstat(file)))
        yield file
    finally:
        os.close(file)


def _refuse_others(found: Found | None) -> None:
    if found is None or found.type != "file":
        raise ValueError(f"is {'gone' if found is None else f'a {found.type}'}, expected a file")


def _chunk(path: str, file: int) -> bytes:
    """Read on, unless nobody waits for it any more."""
    from_thread.check_cancelled()
    try:
        return os.read(file, _CHUNK)
    except OSError as error:
        raise ProbeError(f"{path}: {_said(error)}") from error


def _refuse_rewritten(before: os.stat_result, after: os.stat_result) -> None:
    """Let a file have grown at its end, as logs do; after anything else the reading is a mixture."""
    touched = before.st_mtime_ns != after.st_mtime_ns
    if after.st_size < before.st_size or (touched and after.st_size == before.st_size):
        raise ValueError("changed while it was read")


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
