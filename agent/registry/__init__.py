"""The kinds that are installed, found through the entry-point group `gonogo.probes`.

A kind is imported only when somebody asks for it by name; ours get no privilege over a stranger's but one:
a name without a dot is ours, so that a later keyword can take no stranger's kind away, and no stranger ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from agent.probe import Probe
from agent.problem import nearest
from agent.registry.installed import Installed, entries
from agent.registry.kinds import ENGINE_METRICS, Kind, describe

__all__ = ["ENGINE_METRICS", "GROUP", "Kind", "UnknownKind", "describe", "find", "names"]

GROUP = "gonogo.probes"
_OURS = "gonogo"


class UnknownKind(LookupError):
    """There is no such kind, or it cannot be loaded; the text is for an operator."""


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, tuple[Installed, ...]]:
    found: dict[str, tuple[Installed, ...]] = {}
    for entry in entries(GROUP):
        if "." in entry.name or entry.package == _OURS:
            found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


def names() -> tuple[str, ...]:
    """Give the names of all installed kinds, sorted."""
    return tuple(sorted(_entries()))


@cache
def find(name: str) -> Kind:
    """Load a kind.  Raises UnknownKind, whose text says what to install or what was meant."""
    found = _entries().get(name, ())
    if not found:
        unknown = "" if "." not in name or nearest(name, names()) else ": no installed package brings it"
        raise UnknownKind(f"unknown kind '{name}'{nearest(name, names())}{unknown}")
    if len(found) > 1:
        packages = " and ".join(sorted(entry.package for entry in found))
        raise UnknownKind(f"kind '{name}' is brought by {packages}: uninstall one of them")
    return _load(found[0])


def _load(entry: Installed) -> Kind:
    try:
        return describe(entry.name, _probe(entry))
    except ModuleNotFoundError as error:
        raise UnknownKind(_missing(entry, error)) from error
    except Exception as error:
        # A stranger's module may raise whatever it likes; that is a mistake of the profile, and no end of gonogo.
        said = str(error) if isinstance(error, ImportError | TypeError) else f"{type(error).__name__}: {error}"
        raise UnknownKind(f"kind '{entry.name}' cannot be loaded: {said}") from error


def _probe(entry: Installed) -> type[Probe]:
    found = entry.load()
    if not (isinstance(found, type) and issubclass(found, Probe)):
        raise TypeError(f"{entry.value} is no Probe")
    return found


def _missing(entry: Installed, error: ModuleNotFoundError) -> str:
    if entry.extras:
        remedy = f"pip install '{entry.package}[{','.join(entry.extras)}]'"
        return f"kind '{entry.name}' needs the package '{error.name}', which is not installed: {remedy}"
    return f"kind '{entry.name}' cannot be loaded: {error}"
