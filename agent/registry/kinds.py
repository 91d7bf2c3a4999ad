"""Kinds: what there is to know of a probe class, read off its types."""

from __future__ import annotations

import typing
from collections.abc import Mapping

import msgspec
from msgspec import inspect

from agent import settings, units
from agent.coerce import refuse_strange
from agent.limit import Limit, LimitError, Metric, Shape, compile_limit
from agent.probe import Probe, Reading, Unreadable

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


def describe(name: str, probe: type[Probe]) -> Kind:
    """Read off a probe class what there is to know of its kind.  Raises TypeError for a class that is no kind."""
    for field in settings.fields(probe):
        refuse_strange(field.type, field.encode_name)
    reading = _reading(probe)
    metrics = {field.name: _metric(field) for field in settings.fields(reading) if field.name != "named"}
    return Kind(name, probe, metrics, reading.open_names, _defaults(probe, metrics))


def _reading(probe: type[Probe]) -> type[Reading]:
    reading = typing.get_type_hints(probe.measure).get("return")
    if not (isinstance(reading, type) and issubclass(reading, Reading)):
        raise TypeError(f"{probe.__name__}.measure is not annotated with the Reading that it returns")
    return reading


def _defaults(probe: type[Probe], metrics: Mapping[str, Metric]) -> Mapping[str, Limit]:
    unknown = sorted(probe.defaults.keys() - metrics.keys())
    if unknown:
        raise TypeError(f"{probe.__name__} has a default limit on '{unknown[0]}', which is no metric of it")
    try:
        return {metric: compile_limit(metrics[metric], spec) for metric, spec in probe.defaults.items()}
    except LimitError as error:
        raise TypeError(f"{probe.__name__} has a default limit that cannot be: {error}") from error


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
    return Metric(field.name, shape, units.of(field.name), many, _choices(kinds))


def _choices(kinds: list[inspect.Type]) -> tuple[str, ...]:
    """Give the only texts that a metric can be; nothing when it can be others."""
    closed = [kind for kind in kinds if isinstance(kind, inspect.LiteralType)]
    return tuple(str(value) for kind in closed for value in kind.values) if len(closed) == len(kinds) else ()


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
