"""Secrets: found by name when a check starts, never stored.

`$(secret:NAME)` is the environment variable NAME, else the file NAME in the directory of mounted secrets.
A package may bring another store through the entry-point group `gonogo.secrets`: a callable that takes a
name and gives the text, or None when it has none of that name.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

DIRECTORY = "/run/secrets"
"""Where container platforms mount them; GONOGO_SECRETS_DIR names another."""
GROUP = "gonogo.secrets"

_LARGEST = 1 << 20
_FILE = re.compile(r"\w[\w.-]*")
"""Names that can be those of a mounted file; none leads out of the directory."""


def find(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Give a secret, one line end at its end dropped.  Raises LookupError, saying where it was sought.

    A store may raise whatever it likes.
    """
    if name in environment:
        return _text(environment[name], f"secret {name}, an environment variable,")
    path = Path(environment.get("GONOGO_SECRETS_DIR", DIRECTORY)) / name
    if _FILE.fullmatch(name) and os.path.isfile(path):  # noqa: PTH113  Path.is_file raises where it may not look
        return _read(path, name)
    for store in _stores(tuple(sys.path)):
        if (found := store(name)) is not None:
            return _text(found, f"secret {name}, from a store,")
    raise LookupError(f"secret {name} is missing: set the environment variable {name} or mount the file {path}")


def _read(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise LookupError(f"secret {name} is a file of more than 1 MiB: {path}")
        return _trimmed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not UTF-8"
        raise LookupError(f"secret {name} cannot be read from {path}: {reason}") from None


def _text(found: str, what: str) -> str:
    """See that it can be written down: bytes that are not UTF-8 come in as surrogates."""
    if not found.isascii() and found.encode(errors="ignore").decode() != found:
        raise LookupError(f"{what} is not UTF-8")
    return _trimmed(found)


def _trimmed(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


@lru_cache(maxsize=1)
def _stores(_: tuple[str, ...]) -> tuple[Callable[[str], str | None], ...]:
    """Load the stores on a path; only here is `importlib.metadata` wanted, which takes long to import."""
    metadata = importlib.import_module("importlib.metadata")
    return tuple(entry.load() for entry in metadata.entry_points(group=GROUP))
