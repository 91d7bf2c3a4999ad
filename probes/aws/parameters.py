"""Parameters of an operation, held against its shape: names, types, and what must be there.

A profile's scalars take the type that their use gives them: an account number is text where AWS wants text.
A time may be relative: `now`, `now-1h`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_to_aware_datetime

from agent.probe import Value
from probes.aws.models import near

__all__ = ["Parameters"]

_RELATIVE = re.compile(r"now(?:([+-])(\d{1,6})([smhd]))?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NO_VALUE = object()


class Parameters:
    """Parameters as an operation takes them, and every mistake in what was written."""

    def __init__(self, written: Value, shape: Shape | None) -> None:
        self.mistakes: list[str] = []
        self.values: dict[str, Value] = {}
        if written is not None and not isinstance(written, Mapping):
            self.mistakes.append("params is no mapping")
        elif shape is not None:
            self.values = self._value(written or {}, shape, "params")
        elif written:
            self.mistakes.append("params: the operation takes none")

    def _wrong(self, message: str) -> Value:
        self.mistakes.append(message)
        return _NO_VALUE

    def _value(self, value: Value, shape: Shape, path: str) -> Value:
        if value is None:
            return self._wrong(f"{path} has no value")
        if isinstance(shape, StructureShape):
            return self._structure(value, shape, path)
        if isinstance(shape, ListShape):
            return self._list(value, shape, path)
        if isinstance(shape, MapShape):
            return self._map(value, shape, path)
        if isinstance(value, Mapping | list):
            return self._wrong(f"{path} is {'a list' if isinstance(value, list) else 'a mapping'}, expected one value")
        return self._scalar(value, shape, path)

    def _structure(self, value: Value, shape: StructureShape, path: str) -> Value:
        if shape.is_document_type:
            return _document(value)
        if not isinstance(value, Mapping):
            return self._wrong(f"{path} is no mapping")
        for name in value.keys() - shape.members.keys():
            self._wrong(f"{path} has no '{name}'{near(name, shape.members)}")
        for name in shape.required_members:
            if name not in value:
                self._wrong(f"{path}: '{name}' is missing")
        known = {name: self._value(item, shape.members[name], f"{path}.{name}") for name, item in _known(value, shape)}
        if shape.is_tagged_union and len(known) != 1:
            self._wrong(f"{path} has {len(known)} keys, expected one of {', '.join(shape.members)}")
        return known

    def _list(self, value: Value, shape: ListShape, path: str) -> Value:
        if not isinstance(value, list | tuple):
            return self._wrong(f"{path} is no list")
        return [self._value(item, shape.member, f"{path}[{index}]") for index, item in enumerate(value)]

    def _map(self, value: Value, shape: MapShape, path: str) -> Value:
        if not isinstance(value, Mapping):
            return self._wrong(f"{path} is no mapping")
        return {str(key): self._value(item, shape.value, f"{path}.{key}") for key, item in value.items()}

    def _scalar(self, value: Value, shape: Shape, path: str) -> Value:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        try:
            return _typed(text, shape.type_name)
        except (ValueError, InvalidOperation, OverflowError, RuntimeError):
            return self._wrong(f"{path} is {value!r}, expected {_NOUNS.get(shape.type_name, 'text')}")


_NOUNS = {
    "boolean": "true or false",
    "double": "a number",
    "float": "a number",
    "integer": "a whole number",
    "long": "a whole number",
    "timestamp": "a time, such as 2026-01-31T12:00:00Z or now-1h",
}


def _known(value: Mapping[str, Value], shape: StructureShape) -> list[tuple[str, Value]]:
    return [(name, item) for name, item in value.items() if name in shape.members]


def _typed(text: str, type_name: str) -> Value:
    """Give text the type that the shape has; raises when it is none of it."""
    if type_name in ("integer", "long"):
        return _whole(Decimal(text))
    if type_name in ("float", "double"):
        return float(Decimal(text))
    if type_name == "boolean":
        return {"true": True, "false": False}[text] if text in ("true", "false") else _refuse(text)
    if type_name == "timestamp":
        return _time(text)
    return text.encode() if type_name == "blob" else text


def _whole(number: Decimal) -> int:
    return int(number) if number == number.to_integral_value() else _refuse(str(number))


def _refuse(text: str) -> Value:
    raise ValueError(text)


def _time(text: str) -> datetime:
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        moment: datetime = parse_to_aware_datetime(text)
        return moment
    sign, count, unit = relative.groups()
    away = timedelta(**{_UNITS[unit]: int(count)}) if count else timedelta()
    return datetime.now(UTC) + (-away if sign == "-" else away)


def _document(value: Value) -> Value:
    """Give free data in types that can be sent."""
    if isinstance(value, Mapping):
        return {str(key): _document(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_document(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
