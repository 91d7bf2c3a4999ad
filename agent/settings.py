"""Settings: from what a profile wrote to a probe, typed by the probe's own fields.

Scalars are text until a field's type makes them a number, a bool, a duration.  Every mistake is found
in one go, each with its place; a late value (a secret, a reading) is let through unseen until it is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect

from agent import compare
from agent.coerce import Coercion, Mistake, Refused, attempt
from agent.node import Data, Mapping, Node, Scalar, Sequence
from agent.probe import Probe, Value

_Probe = TypeVar("_Probe", bound=Probe)


class SettingsError(ValueError):
    """Settings that make no probe; holds every mistake."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(mistake.message for mistake in mistakes))


def build(cls: type[_Probe], settings: Mapping, kind: str) -> _Probe:
    """Make the probe of a kind.  Raises SettingsError; the settings must hold nothing late.

    What the kind itself breaks on is raised as it is.
    """
    reader, values = _read(cls, settings, kind)
    if reader.mistakes or reader.late:
        raise SettingsError(reader.mistakes)
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingsError([Mistake(str(error), settings.mark)]) from error


def check(
    cls: type[_Probe], settings: Mapping, kind: str, *, whole: bool = True
) -> tuple[list[Mistake], _Probe | None]:
    """Find every mistake; with none, and nothing late, there is a probe as well.

    `whole`: what the settings are together is looked at, and not only each of them.
    """
    reader, values = _read(cls, settings, kind)
    if reader.mistakes or reader.late or not whole:
        return reader.mistakes, None
    made = attempt(cls, **values)
    return ([Mistake(made.message, settings.mark)], None) if isinstance(made, Refused) else ([], made)


def _read(cls: type[Probe], settings: Mapping, kind: str) -> tuple[Coercion, dict[str, Value]]:
    reader = Coercion()
    return reader, reader.struct(settings, _info(cls), f"setting of {kind}")


@cache
def _info(cls: type[msgspec.Struct]) -> inspect.StructType:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)  # noqa: S101  a Struct's info is a StructType
    return info


def fields(cls: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    """Give the settings of a kind (or the metrics of a reading) with their types and defaults."""
    return _info(cls).fields


@cache
def names(cls: type[msgspec.Struct]) -> frozenset[str]:
    """Give the names of the settings of a kind."""
    return frozenset(field.encode_name for field in fields(cls))


def named(cls: type[Probe], settings: Mapping) -> Iterator[Scalar]:
    """Give the metrics that the operator names in these settings, as the keys of `json` and `header`."""
    naming = _naming(cls)
    for entry in settings.entries:
        if entry.key.text in naming and isinstance(entry.value, Mapping):
            yield from (below.key for below in entry.value.entries)


@cache
def _naming(cls: type[Probe]) -> frozenset[str]:
    return frozenset(field.encode_name for field in fields(cls) if names_readings(field.type))


def names_readings(kind: inspect.Type) -> bool:
    """Tell whether the keys of such a mapping are metrics."""
    if isinstance(kind, inspect.Metadata):
        return bool((kind.extra or {}).get("readings")) or names_readings(kind.type)
    if isinstance(kind, inspect.UnionType):
        return any(names_readings(member) for member in kind.types)
    return isinstance(kind, inspect.DictType) and names_readings(kind.value_type)


def spec(node: Node) -> Value:
    """Give a limit as plain data for `compile_limit`: scalars as text, all else as it stands."""
    if isinstance(node, Data):
        return compare.Given(node.value) if isinstance(node.value, dict) else node.value
    if isinstance(node, Mapping):
        return {entry.key.text: spec(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [spec(item) for item in node.items]
    assert isinstance(node, Scalar)  # noqa: S101  late values are settled before
    return None if node.empty else node.text
