"""The two messages of grpc.health.v1.Health/Check, in the encoding of Protocol Buffers."""

from __future__ import annotations

from collections.abc import Iterator

from probes.grpc.status import STATES, State

__all__ = ["METHOD", "question", "state"]

METHOD = "/grpc.health.v1.Health/Check"

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}


def question(service: str) -> bytes:
    """Write HealthCheckRequest: field 1, the name of the service, left out when it is empty."""
    name = service.encode()
    return b"\x0a" + _varint(len(name)) + name if name else b""


def state(data: bytes) -> State | None:
    """Read HealthCheckResponse: field 1, the state; None for one that has no name.  Raises ValueError.

    Where the field is absent it is 0, and where it comes twice the last counts; other fields are of later versions.
    """
    number = 0
    for field, kind, value in _fields(data):
        if field == 1:
            if kind != _VARINT:
                raise ValueError("its status is no number")
            number = value
    return STATES[number] if number < len(STATES) else None


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*data, number))


def _fields(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the number and the kind of each field; its value, where that is a varint."""
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        field, kind, value = tag >> 3, tag & 7, 0
        if kind == _VARINT:
            value, at = _number(data, at)
        elif kind == _LENGTH:
            size, at = _number(data, at)
            at += size
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise ValueError(f"a field has the wire type {kind}")
        if at > len(data) or field == 0:
            raise ValueError("a field is cut short" if field else "a field has the number 0")
        yield field, kind, value


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a varint, of ten bytes at most; with it, where the next field begins."""
    for length, byte in enumerate(data[at : at + 10], start=1):
        if byte < 0x80:
            digits = data[at : at + length]
            return sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits)), at + length
    raise ValueError("a number is cut short")
