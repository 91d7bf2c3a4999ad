"""Objects of any kind, as data: without what nobody asks for, and without what nobody may see.

`metadata.managedFields` is half of an object and says who set what.  The values of a Secret are not taken in,
nor the copy of them that `kubectl apply` leaves in an annotation: a reading ends up in reports.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from importlib import import_module

import msgspec

from agent.probe import ProbeError, Unreachable, Value
from probes.extract import parse_json, select
from probes.kubernetes.resources import Resource
from probes.kubernetes.wire import Condition, Metadata, Page, Wire, decode

__all__ = ["OUTLINES", "RAW", "Documents", "Names", "Outline", "Stream", "outline", "read", "streams"]

_LIMIT = 32 << 20
"""Bytes of a list that is held as a whole."""

_PROJECTIONS = ("projection", "filter_projection", "flatten")
"""What jmespath calls the steps that are taken for each element of a list by itself."""

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class _Status(Wire, frozen=True):
    observed_generation: int | None = None
    conditions: list[Condition] | None = None


class Outline(Wire, frozen=True):
    """What most objects have in common."""

    metadata: Metadata
    kind: str = ""
    status: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def _status(self) -> _Status:
        """What it says of itself, if it does so as most do; custom kinds are free to do otherwise."""
        try:
            return _STATUS.decode(self.status) or _Status()
        except msgspec.ValidationError:
            return _Status()

    @property
    def true_conditions(self) -> list[str]:
        """Conditions that are true."""
        return [one.type for one in self._status.conditions or () if one.status == "True"]

    @property
    def observed(self) -> bool | None:
        """Whether its controller has seen its last generation; None where nobody tells."""
        seen = self._status.observed_generation
        return None if seen is None else seen >= self.metadata.generation


_STATUS = msgspec.json.Decoder(_Status | None)
_OUTLINE = msgspec.json.Decoder(Outline)
OUTLINES = msgspec.json.Decoder(Page[Outline])
"""Reads lists of which only names are wanted."""
RAW = msgspec.json.Decoder(Page[msgspec.Raw])
"""Reads lists of which everything may be wanted."""


class Names:
    """Keeps the names."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def add(self, item: Outline) -> None:
        """Take one."""
        self.names.append(item.metadata.name)


class Documents:
    """Keeps whole objects, up to a limit, because a path may lead anywhere in their list."""

    def __init__(self, resource: Resource, paths: Mapping[str, str]) -> None:
        self._resource, self._paths = resource, paths
        self._items: list[Value] = []
        self._size = 0

    def add(self, item: msgspec.Raw) -> None:
        """Take one.  Raises ProbeError when there are too many."""
        data = bytes(item)
        self._size += len(data)
        if self._size > _LIMIT:
            raise ProbeError(
                f"its list of {self._resource.plural} is larger than {_LIMIT >> 20} MiB: choose some by a selector"
            )
        self._items.append(_of_list(data, self._resource))

    @property
    def names(self) -> list[str]:
        """Their names."""
        return list(map(_name, self._items))

    def named(self) -> dict[str, Value]:
        """Read each path from the list as one object."""
        head = {"apiVersion": self._resource.api_version, "kind": f"{self._resource.kind}List"}
        return select({**head, "items": self._items}, self._paths)


class Stream:
    """Reads each path from one object at a time and keeps what it finds there: see `streams`."""

    def __init__(self, resource: Resource, paths: Mapping[str, str]) -> None:
        self._resource, self._paths = resource, paths
        self._found: dict[str, Value] = {reading: [] for reading in paths}
        self.names: list[str] = []

    def add(self, item: msgspec.Raw) -> None:
        """Take one."""
        document = _of_list(bytes(item), self._resource)
        self.names.append(_name(document))
        for reading, value in select({"items": [document]}, self._paths).items():
            if isinstance(self._found[reading], list):
                self._found[reading] = _joined(self._found[reading], value)

    def named(self) -> dict[str, Value]:
        """Give what was found."""
        return self._found


def _joined(found: list[Value], value: Value) -> Value:
    """Add what one more object has; what cannot be read in one cannot be read in all."""
    if not isinstance(value, list):
        return value
    found += value
    return found


def streams(path: str) -> bool:
    """Tell whether a path asks each object for itself, as `items[].metadata.name` does.

    Such a path is a chain of projections that begins with all items; of two lists put together it finds what
    it finds in the one and then what it finds in the other.
    """
    node: Value = import_module("probes.extract.jmes").compiled(path).parsed
    if node["type"] not in _PROJECTIONS:
        return False
    while node["type"] in _PROJECTIONS:
        node = node["children"][0]
    return bool(node["type"] == "field" and node["value"] == "items")


def outline(data: bytes, kind: str) -> Outline:
    """Read what one object has in common with most.  Raises Unreachable when it is of another kind."""
    found = decode(_OUTLINE, data, kind)
    if found.kind != kind:
        raise Unreachable(f"answers with {found.kind or 'no kind'}, expected {kind}")
    return found


def read(data: bytes) -> Value:
    """Read one object as data.  Raises Unreachable."""
    return _shown(_object(data))


def _name(item: Value) -> str:
    return str((item.get("metadata") or {}).get("name") or "")


def _of_list(data: bytes, resource: Resource) -> dict[str, Value]:
    """Read an object of a list, which does not say what it is."""
    return _shown({"apiVersion": resource.api_version, "kind": resource.kind, **_object(data)})


def _object(data: bytes) -> dict[str, Value]:
    try:
        found = parse_json(data)
    except ValueError as error:
        raise Unreachable(f"answers with what is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Unreachable("answers with what is no object")
    return found


def _shown(item: dict[str, Value]) -> dict[str, Value]:
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
    return _without_values(item) if item.get("kind") == "Secret" else item


def _without_values(secret: dict[str, Value]) -> dict[str, Value]:
    """Put the length of each value in its place."""
    annotations = (secret.get("metadata") or {}).get("annotations") or {}
    if _APPLIED in annotations:
        annotations[_APPLIED] = "(not read)"
    for field in ("data", "stringData"):
        if isinstance(secret.get(field), dict):
            secret[field] = {key: _length(value, coded=field == "data") for key, value in secret[field].items()}
    return secret


def _length(value: Value, *, coded: bool) -> str:
    try:
        size = len(base64.b64decode(value) if coded else str(value).encode())
    except (binascii.Error, ValueError, TypeError):
        return "(not read)"
    return f"({size} bytes, not read)"
