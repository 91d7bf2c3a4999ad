"""The kinds that are installed, found through the entry-point group `gonogo.probes`.

A kind is imported only when somebody asks for it by name; ours get no privilege over a stranger's.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points

import msgspec
from msgspec import inspect

from agent import settings, units
from agent.limit import Limit, LimitError, Metric, Shape, compile_limit
from agent.probe import Probe, Reading, Unreadable
from agent.problem import nearest

GROUP = "gonogo.probes"
ENGINE_METRICS = (Metric("waited_seconds", Shape.NUMBER, units.Unit.SECONDS),)
"""What the engine measures of every check, with `within` and `hold`."""


class Kind(msgspec.Struct, frozen=True):
    """One kind of check."""

    name: str
    probe: type[Probe]
    metrics: Mapping[str, Metric]
    open_names: bool
    """Whether it can give metrics that nobody can know before the look."""
    defaults: Mapping[str, Limit]


class UnknownKind(LookupError):
    """There is no such kind, or it cannot be loaded; the text is for an operator."""


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def names() -> tuple[str, ...]:
    """Give the names of all installed kinds, sorted."""
    return tuple(sorted(_entries()))


@cache
def find(name: str) -> Kind:
    """Load a kind.  Raises UnknownKind, whose text says what to install or what was meant."""
    entry = _entries().get(name)
    if entry is None:
        raise UnknownKind(f"unknown kind '{name}'{nearest(name, names())}")
    return describe(name, _load(entry))


def _load(entry: EntryPoint) -> type[Probe]:
    try:
        found = entry.load()
    except ModuleNotFoundError as error:
        raise UnknownKind(_missing(entry, error)) from error
    except ImportError as error:
        raise UnknownKind(f"kind '{entry.name}' cannot be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Probe)):
        raise UnknownKind(f"kind '{entry.name}' cannot be loaded: {entry.value} is no Probe")
    return found


def _missing(entry: EntryPoint, error: ModuleNotFoundError) -> str:
    extra = next(iter(entry.extras), "")
    remedy = f"pip install 'gonogo[{extra}]'" if extra else f"pip install {error.name}"
    return f"kind '{entry.name}' needs the package '{error.name}', which is not installed: {remedy}"


def describe(name: str, probe: type[Probe]) -> Kind:
    """Read off a probe class what there is to know of its kind."""
    reading = _reading(probe)
    metrics = {field.name: _metric(field) for field in settings.fields(reading) if field.name != "named"}
    return Kind(name, probe, metrics, reading.open_names, _defaults(name, probe, metrics))


def _reading(probe: type[Probe]) -> type[Reading]:
    reading = typing.get_type_hints(probe.measure).get("return")
    if not (isinstance(reading, type) and issubclass(reading, Reading)):
        raise UnknownKind(f"{probe.__name__}.measure must be annotated with the Reading that it returns")
    return reading


def _defaults(name: str, probe: type[Probe], metrics: Mapping[str, Metric]) -> Mapping[str, Limit]:
    try:
        return {metric: compile_limit(metrics[metric], spec) for metric, spec in probe.defaults.items()}
    except (KeyError, LimitError) as error:
        raise UnknownKind(f"kind '{name}' has a default limit that cannot be: {error}") from error


_SHAPES = {
    inspect.IntType: Shape.NUMBER,
    inspect.FloatType: Shape.NUMBER,
    inspect.DecimalType: Shape.NUMBER,
    inspect.BoolType: Shape.BOOL,
    inspect.StrType: Shape.TEXT,
    inspect.LiteralType: Shape.TEXT,
    inspect.EnumType: Shape.TEXT,
    inspect.DateTimeType: Shape.TIME,
}
_LISTS = (inspect.ListType, inspect.VarTupleType)


def _metric(field: inspect.Field) -> Metric:
    kinds = _kinds(field.type)
    many = bool(kinds) and all(isinstance(kind, _LISTS) for kind in kinds)
    if many:
        kinds = [inner for kind in kinds for inner in _kinds(kind.item_type)]  # type: ignore[attr-defined]
    shapes = {_SHAPES.get(type(kind), Shape.DATA) for kind in kinds}
    shape = shapes.pop() if len(shapes) == 1 else Shape.DATA
    choices = tuple(str(value) for kind in kinds if isinstance(kind, inspect.LiteralType) for value in kind.values)
    closed = choices if all(isinstance(kind, inspect.LiteralType) for kind in kinds) else ()
    return Metric(field.name, shape, units.of(field.name), many, closed)


def _kinds(kind: inspect.Type) -> list[inspect.Type]:
    """Give the types that a metric can have, without what says that it is absent or unreadable."""
    if isinstance(kind, inspect.Metadata):
        return _kinds(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [inner for member in kind.types for inner in _kinds(member)]
    if isinstance(kind, inspect.NoneType) or (
        isinstance(kind, inspect.StructType) and issubclass(kind.cls, Unreadable)
    ):
        return []
    return [kind]
