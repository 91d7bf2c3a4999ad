"""Secrets: found by name when a check starts, never stored.

`$(secret:NAME)` is the environment variable NAME, else the file NAME in the directory of mounted secrets.
A package may bring another store through the entry-point group `gonogo.secrets`: a callable that takes a
name and gives the text, or None when it has none of that name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

DIRECTORY = "/run/secrets"
"""Where container platforms mount them; GONOGO_SECRETS_DIR names another."""

_LARGEST = 1 << 20


def find(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Give a secret, one newline at its end dropped.  Raises LookupError, saying where it was sought."""
    if name in environment:
        return _trimmed(environment[name])
    path = Path(environment.get("GONOGO_SECRETS_DIR", DIRECTORY)) / name
    if re.fullmatch(r"[\w][\w.-]*", name) and path.is_file():
        return _read(path, name)
    for store in _stores():
        if (found := store(name)) is not None:
            return _trimmed(found)
    raise LookupError(f"secret {name} is missing: set the environment variable {name} or mount the file {path}")


def _read(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise LookupError(f"secret {name} is a file of more than 1 MiB: {path}")
        return _trimmed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise LookupError(f"secret {name} cannot be read from {path}: {reason}") from None


def _trimmed(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


@lru_cache(maxsize=1)
def _stores() -> tuple[Callable[[str], str | None], ...]:
    return tuple(entry.load() for entry in entry_points(group="gonogo.secrets"))
