"""Kubeconfig files, read and merged by the library, behind checks of our own.

The library asks as nobody when a user is not there, and its messages may show a whole user entry, token
included.  So what can be missing is looked for here first.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from functools import lru_cache
from pathlib import Path

from agent.probe import ProbeError, Value
from probes.http.words import system
from probes.kubernetes import library
from probes.kubernetes.memory import MemoryFile

__all__ = ["MALFORMED", "Kubeconfig", "paths", "read"]

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What the library raises for a kubeconfig whose parts have other types than it expects."""

_DEFAULT = "~/.kube/config"
_LISTS = ("clusters", "contexts", "users")


def paths(setting: str | None) -> tuple[str, ...]:
    """Tell which files are to be read; none when none is named and there is none at the usual place.

    Raises ProbeError when a file is named and is not there.
    """
    named = setting or os.environ.get("KUBECONFIG") or ""
    wanted = [str(Path(path).expanduser()) for path in named.split(os.pathsep) if path]
    found = [path for path in wanted if Path(path).exists()]
    if wanted and not found:
        origin = "" if setting else " (named by KUBECONFIG)"
        raise ProbeError(f"kubeconfig {os.pathsep.join(wanted)}{origin}: no such file")
    usual = Path(_DEFAULT).expanduser()
    return tuple(found) if wanted else (str(usual),) if usual.exists() else ()


def read(files: tuple[str, ...]) -> Kubeconfig:
    """Read files once, and anew when one of them was changed.  Raises ProbeError."""
    return _read(files, tuple(_stamp(file) for file in files))


def _stamp(path: str) -> tuple[int, int]:
    try:
        stat = Path(path).stat()
    except OSError as error:
        raise ProbeError(f"kubeconfig {path}: {system(error)}") from error
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=16)
def _read(files: tuple[str, ...], _stamps: tuple[tuple[int, int], ...]) -> Kubeconfig:
    return Kubeconfig(files)


class Kubeconfig:
    """Files, read and merged: of entries of one name the first counts, as with kubectl."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.name = os.pathsep.join(files)
        self.lock = threading.Lock()
        """Held while a token is renewed, which may make the one before it worthless."""
        module = library.kubeconfig()
        try:
            self.merger = module.KubeConfigMerger(self.name)
            self.content: dict[str, Value] = self.merger.config.value
            self._named = {kind: _by_name(self.content.get(kind) or []) for kind in _LISTS}
        except OSError as error:
            raise ProbeError(f"kubeconfig {error.filename or self.name}: {system(error)}") from error
        except (module.yaml.YAMLError, module.ConfigException, *MALFORMED) as error:
            raise ProbeError(f"kubeconfig {self.name}: is not a kubeconfig{_at(error)}") from error
        self._memory: dict[str, MemoryFile] = {}

    def entry(self, kind: str, name: Value, who: str) -> Value:
        """Find a context, cluster or user.  Raises ProbeError, which begins with `who` asks for it."""
        found = self._named[kind].get(name)
        if found is None or not isinstance(found.value.get(kind[:-1]), dict):
            names = ", ".join(sorted(map(str, self._named[kind]))) or "none"
            raise ProbeError(f"kubeconfig {self.name}: {who} {name}, which is not among its {kind} ({names})")
        return found

    def file(self, data: Value, what: str) -> str:
        """Give the path of a file in memory with what is written in base64.  Raises ProbeError."""
        if data not in self._memory:
            try:
                self._memory[data] = MemoryFile(base64.b64decode(data, validate=True))
            except (binascii.Error, ValueError, TypeError) as error:
                raise ProbeError(f"kubeconfig {self.name}: {what} is not base64") from error
        return self._memory[data].path


def _by_name(entries: list[Value]) -> dict[Value, Value]:
    return {entry.value["name"]: entry for entry in reversed(entries)}


def _at(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f": not YAML at line {mark.line + 1}" if mark is not None else ""
