"""Bytes of a file, or what the operator should know about why there are none."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from agent.problem import Problem, ProfileError

_ENDINGS = {".yaml", ".yml"}
LIMIT = 16 * 1024 * 1024
"""Bytes that a profile may have; ten thousand checks need a quarter of it."""


def content(path: Path) -> bytes:
    """Read a regular file; never waits for a pipe or a terminal.

    Raises ProfileError when it cannot be read, is something else, or is too big.
    """
    try:
        data = _read(path)
    except FileNotFoundError as error:
        raise _refused(path, f"no such file{_instead(path)}") from error
    except IsADirectoryError as error:
        raise _refused(path, "is a directory, expected a file") from error
    except OSError as error:
        raise _refused(path, (error.strerror or str(error)).lower()) from error
    except ValueError as error:  # a NUL, which "\0" in an include makes
        raise _refused(path, "no file can have this name") from error
    if len(data) > LIMIT:
        raise _refused(path, f"is larger than {LIMIT // 1024**2} MiB")
    return data


def _read(path: Path) -> bytes:
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _refused(path, "is not a regular file")
        return file.read(LIMIT + 1)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _refused(path: Path, why: str) -> ProfileError:
    return ProfileError([Problem(f"{path}: {why}".replace("\0", "\\0"))])


def _instead(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" and no such folder '{folder}'"
    names: list[str] = []
    with suppress(OSError):
        names = sorted(entry.name for entry in folder.iterdir() if entry.suffix in _ENDINGS and entry.exists())
    close = get_close_matches(path.name, names, n=1) or [name for name in names if Path(name).stem == path.name]
    return f", did you mean '{path.with_name(close[0])}'?" if close else ""
