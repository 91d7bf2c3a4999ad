"""JMESPaths held against the shape of the answer, while the profile is loaded.

A misspelt field in a filter selects nothing, and nothing is what a gate often wants to see: `open: 0` would
pass for ever.  botocore drops whatever its model does not name, so that a field which is not in the model is
never there.  Where JMESPath makes a shape of its own (`{a: b}`) nothing more is known, and all is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import jmespath
import msgspec
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from jmespath.exceptions import JMESPathError

from probes.aws.models import near

__all__ = ["mistakes"]

_Node: TypeAlias = dict[str, Any]


class _Many(msgspec.Struct, frozen=True):
    """A list of these, which JMESPath made."""

    member: _Type


_Type: TypeAlias = Shape | _Many | None
"""What is known of a value; None: anything."""


class _Mistake(Exception):
    """A step that leads nowhere; the text says which."""


def mistakes(operation: OperationModel, paths: Mapping[str, str]) -> list[str]:
    """List what is wrong with expressions on the answer to this operation."""
    found = []
    for name, path in paths.items():
        try:
            _follow(cast("_Node", jmespath.compile(path).parsed), operation.output_shape)
        except _Mistake as mistake:
            found.append(f"json.{name}: {mistake}: {path}")
        except JMESPathError:  # the type of the setting tells it better
            continue
    return found


def _follow(node: _Node, here: _Type) -> _Type:
    """Give the type of what an expression finds, started here."""
    step = _STEPS.get(node["type"])
    if step is not None:
        return step(node, here)
    for child in node.get("children", ()):
        if isinstance(child, dict):
            _follow(child, here)
    return None


def _field(node: _Node, here: _Type) -> _Type:
    name = node["value"]
    if here is None or _free(here):
        return None
    if isinstance(here, MapShape):
        return here.value
    if isinstance(here, StructureShape):
        if name not in here.members:
            raise _Mistake(f"{here.name} has no field '{name}'{near(name, here.members)}")
        return here.members[name]
    if _member(here) is not _NOTHING:
        raise _Mistake(f"'{name}' is asked of a list, which has no fields: write [] or [0] before it")
    raise _Mistake(f"'{name}' is asked of {_scalar(here)}, which has no fields")


def _index(_: _Node, here: _Type) -> _Type:
    member = _member(here)
    if member is _NOTHING:
        raise _Mistake(f"[] and [0] are asked of {_scalar(here)}, which is no list")
    return member


def _chain(node: _Node, here: _Type) -> _Type:
    for child in node["children"]:
        here = _follow(child, here)
    return here


def _projection(node: _Node, here: _Type) -> _Type:
    left, right = node["children"][:2]
    member = _index(node, _follow(left, here))
    for condition in node["children"][2:]:
        _follow(condition, member)
    return _Many(_follow(right, member))


def _value_projection(node: _Node, here: _Type) -> _Type:
    left, right = node["children"]
    base = _follow(left, here)
    if isinstance(base, MapShape):
        return _Many(_follow(right, base.value))
    if isinstance(base, StructureShape) or base is None:
        return _Many(_follow(right, None))
    raise _Mistake("* is asked of what is no mapping: write [*] for a list")


def _flatten(node: _Node, here: _Type) -> _Type:
    member = _index(node, _follow(node["children"][0], here))
    if member is None:
        return _Many(None)
    inner = _member(member)
    return _Many(member if inner is _NOTHING else inner)


def _function(node: _Node, here: _Type) -> _Type:
    arguments = [child for child in node["children"] if child["type"] != "expref"]
    types = [_follow(argument, here) for argument in arguments]
    first = types[0] if types else None
    member = _member(first)
    element = None if member is _NOTHING else member
    for child in node["children"]:
        if child["type"] == "expref":
            _follow(child["children"][0], element)
    if node["value"] in ("sort_by", "reverse", "sort"):
        return first if node["value"] != "reverse" or member is not _NOTHING else None
    return element if node["value"] in ("max_by", "min_by") else None


def _comparison(node: _Node, here: _Type) -> _Type:
    for child in node["children"]:
        _follow(child, here)
    return None


_STEPS: dict[str, Callable[[_Node, _Type], _Type]] = {
    "field": _field,
    "index": _index,
    "slice": lambda _, here: here,
    "identity": lambda _, here: here,
    "current": lambda _, here: here,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "projection": _projection,
    "filter_projection": _projection,
    "value_projection": _value_projection,
    "flatten": _flatten,
    "function_expression": _function,
    "comparator": _comparison,
}

_NOTHING = Shape("nothing", {"type": "nothing"})


def _member(here: _Type) -> _Type:
    """Give what the elements of a list are; `_NOTHING` for what is no list, None for what nobody knows."""
    if here is None or _free(here):
        return None
    if isinstance(here, _Many):
        return here.member
    return here.member if isinstance(here, ListShape) else _NOTHING


def _free(here: Shape | _Many) -> bool:
    return isinstance(here, StructureShape) and bool(here.is_document_type)


def _scalar(here: _Type) -> str:
    return f"a {here.type_name}" if isinstance(here, Shape) else "a list"
