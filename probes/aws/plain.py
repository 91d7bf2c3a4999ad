"""From what botocore parsed to plain data for JMESPath: exact numbers, sortable times, and no secret.

What AWS marks as sensitive in its model, and every signed address, is there but cannot be read: an
expression that touches it gives `Unreadable`, whatever it makes of it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from agent.probe import Unreadable, Value
from probes.extract import select

__all__ = ["read"]

_SIGNED = re.compile(r"[?&](X-Amz-Signature|X-Amz-Security-Token|Signature)=", re.IGNORECASE)
"""An address that lets whoever has it in."""

_NO_SECRETS = frozenset({("s3", "SSEKMSKeyId"), ("ssm", "PSParameterValue")})
"""Marked as sensitive all the same: the id of a key, and a parameter, which is encrypted where it is secret
(`readonly` refuses to have it decrypted)."""

_WHY = "AWS marks it as sensitive, it is not read"


class _Hidden(list[Value]):
    """Stands for a secret; a list, because JMESPath would take anything else for nothing there."""

    def _refuse(self, *_: object) -> NoReturn:
        raise ValueError(_WHY)

    __eq__ = __ne__ = __getitem__ = __iter__ = __len__ = __bool__ = get = values = _refuse
    __hash__ = None


_HIDDEN = _Hidden()


def read(document: Mapping[str, Value], operation: OperationModel, paths: Mapping[str, str]) -> dict[str, Value]:
    """Read each JMESPath from the answer to an operation.

    While JMESPath works a time is text (`2026-01-31T12:00:00+00:00`), which it can sort and compare; one that
    it found is a time again.
    """
    if not paths:
        return {}
    cleaner = _Cleaner(operation.service_model.service_name)
    plain = cleaner.clean(document, operation.output_shape)
    return {name: cleaner.found(value) for name, value in select(plain, paths).items()}


class _Cleaner:
    """Cleans one answer, and remembers the times in it."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._times: dict[str, datetime] = {}

    def clean(self, value: Value, shape: Shape | None) -> Value:
        """Give a value of this shape as plain data."""
        if value is None or shape is None:
            return None
        if shape.metadata.get("sensitive") and (self._service, shape.name) not in _NO_SECRETS:
            return _HIDDEN
        if isinstance(shape, StructureShape) and isinstance(value, Mapping) and not shape.is_document_type:
            return {key: self.clean(item, shape.members[key]) for key, item in value.items() if key in shape.members}
        if isinstance(shape, ListShape) and isinstance(value, list):
            return [self.clean(item, shape.member) for item in value]
        if isinstance(shape, MapShape) and isinstance(value, Mapping):
            return {str(key): self.clean(item, shape.value) for key, item in value.items()}
        return self._scalar(value)

    def _scalar(self, value: Value) -> Value:
        """Clean what has no members, and free documents, which have what they like."""
        if isinstance(value, Mapping):
            return {str(key): self._scalar(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._scalar(item) for item in value]
        if isinstance(value, str):
            return _HIDDEN if _SIGNED.search(value) else value
        if isinstance(value, float):
            return Decimal(repr(value))
        if isinstance(value, bytes):
            return _text(value)
        return self._time(value) if isinstance(value, datetime) else value

    def _time(self, moment: datetime) -> str:
        aware = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        text = aware.isoformat()
        self._times[text] = aware
        return text

    def found(self, value: Value) -> Value:
        """Give what JMESPath found as a reading."""
        if any(isinstance(part, _Hidden) for part in _parts(value)):
            return Unreadable(_WHY)
        return self._timed(value)

    def _timed(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._times.get(value, value)
        if isinstance(value, list):
            return [self._timed(item) for item in value]
        return {key: self._timed(item) for key, item in value.items()} if isinstance(value, dict) else value


def _parts(value: Value) -> Iterator[Value]:
    yield value
    if isinstance(value, _Hidden):
        return
    if isinstance(value, list):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _parts(item)


def _text(data: bytes) -> str:
    """Give bytes as text where they are UTF-8, else in base64, as the AWS CLI writes them."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
