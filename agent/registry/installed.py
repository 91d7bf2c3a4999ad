"""Entry points of installed packages, read from their `*.dist-info` folders.

`importlib.metadata` finds the same and costs more time than all the rest of a start: it brings the e-mail
parser, zip files and CSV.  Here the plain case is read as it does (packaging's specification of
entry_points.txt); anything unusual (a zip file on the path, a finder of somebody's own) is left to it.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import msgspec

_ENDINGS = (".dist-info", ".egg-info")
_VALUE = re.compile(r"(?P<module>[\w.]+)\s*(:\s*(?P<attribute>[\w.]+)\s*)?(?:\[(?P<extras>[^\]]*)\]\s*)?")


class Installed(msgspec.Struct, frozen=True):
    """One entry point: `name = value` of a package."""

    name: str
    value: str
    package: str
    """Name of the distribution, normalized: `gonogo`, `acme_probes`."""

    @property
    def extras(self) -> tuple[str, ...]:
        """Extras of the package that it needs."""
        match = _VALUE.fullmatch(self.value)
        return tuple(re.findall(r"[\w.-]+", match["extras"] or "")) if match else ()

    def load(self) -> object:
        """Import what it names.  Raises whatever the import of a stranger's module raises."""
        match = _VALUE.fullmatch(self.value)
        if match is None:
            raise ImportError(f"'{self.value}' names no object of a module")
        module: ModuleType = importlib.import_module(match["module"])
        return attrgetter(match["attribute"])(module) if match["attribute"] else module


def entries(group: str) -> tuple[Installed, ...]:
    """Give the entry points of a group, those of packages that are further behind on the path last."""
    return tuple(_as_python_does(group) if _is_unusual() else _read(group))


def _is_unusual() -> bool:
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    files = (place for place in sys.path if place.endswith(".egg") or os.path.isfile(place))  # noqa: PTH113
    return finders != [PathFinder] or any(files)


def _as_python_does(group: str) -> Iterator[Installed]:
    metadata = importlib.import_module("importlib.metadata")
    for entry in metadata.entry_points(group=group):
        yield Installed(entry.name, entry.value, _normalized(entry.dist.name))


def _read(group: str) -> Iterator[Installed]:
    seen: set[str] = set()
    for folder, package in _packages():
        if package not in seen:  # a package that is there twice is the one that is imported
            seen.add(package)
            for name, value in _pairs(_text(os.path.join(folder, "entry_points.txt")), group):  # noqa: PTH118
                yield Installed(name, value, package)


def _packages() -> Iterator[tuple[str, str]]:
    """Give the folder of every installed package, and its name."""
    for place in sys.path:
        for found in _names(place or "."):
            if found.lower().endswith(_ENDINGS):
                stem = found.rpartition(".")[0].partition("-")[0]
                yield os.path.join(place or ".", found), _normalized(stem)  # noqa: PTH118


def _names(place: str) -> list[str]:
    try:
        return os.listdir(place)  # noqa: PTH208  names are all that is asked for
    except OSError:  # a path need not exist
        return []


def _normalized(name: str) -> str:
    """Give the one form of a package's name (packaging's specification, with `_` as in file names)."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # most packages have none
        return ""


def _pairs(text: str, group: str) -> Iterator[tuple[str, str]]:
    if group not in text:
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == group and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()
