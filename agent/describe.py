"""Kinds, described: settings, metrics, units and defaults, read off the types and the texts under them.

The same text is `gonogo probes KIND` and the reference in docs/.
"""

from __future__ import annotations

import ast
import inspect as python
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import get_type_hints

import msgspec
from msgspec import NODEFAULT, inspect

from agent import registry, settings, units
from agent.coerce import expected
from agent.compare import shown
from agent.probe import Value
from agent.registry import Kind
from agent.units import Unit


class Setting(msgspec.Struct, frozen=True):
    """One setting of a kind."""

    name: str
    type: str
    required: bool
    default: str
    doc: str


class Reading(msgspec.Struct, frozen=True):
    """One metric of a kind."""

    name: str
    type: str
    unit: str
    doc: str


class Description(msgspec.Struct, frozen=True):
    """Everything that a kind's reference says."""

    name: str
    summary: str
    doc: str
    looks_at: str
    """`target` or `witness`."""
    settings: tuple[Setting, ...]
    metrics: tuple[Reading, ...]
    limits: tuple[str, ...]
    """Those that hold unless `expect` names the same metric."""
    named: tuple[str, ...]
    """Settings whose keys are metrics that the operator names."""
    open_names: bool


def describe(name: str) -> Description:
    """Describe a kind.  Raises UnknownKind."""
    kind = registry.find(name)
    doc = python.cleandoc(kind.probe.__doc__ or "")
    summary, _, rest = doc.partition("\n\n")
    reading = get_type_hints(kind.probe.measure)["return"]
    notes = field_docs(kind.probe)
    fields = settings.fields(kind.probe)
    return Description(
        name=name,
        summary=" ".join(summary.split()),
        doc=rest,
        looks_at="witness" if kind.probe.witness else "target",
        settings=tuple(_setting(field, notes.get(field.name, "")) for field in fields),
        metrics=tuple(_metrics(kind, field_docs(reading))),
        limits=tuple(map(str, kind.defaults.values())),
        named=tuple(field.encode_name for field in fields if settings.names_readings(field.type)),
        open_names=kind.open_names,
    )


def _setting(field: inspect.Field, doc: str) -> Setting:
    return Setting(field.encode_name, type_name(field.type), field.required, default(field), doc)


def _metrics(kind: Kind, docs: dict[str, str]) -> Iterator[Reading]:
    for metric in kind.metrics.values():
        shape = f"list of {metric.shape}" if metric.many else metric.shape.value
        choices = f": {', '.join(metric.choices)}" if metric.choices else ""
        yield Reading(metric.name, shape + choices, metric.unit.value, docs.get(metric.name, ""))


def type_name(kind: inspect.Type) -> str:
    """Name a setting's type for a person."""
    if isinstance(kind, inspect.Metadata):
        return _annotated(kind)
    if isinstance(kind, inspect.UnionType):
        members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
        return " or ".join(dict.fromkeys(map(type_name, members)))
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"list of {type_name(kind.item_type)}"
    if isinstance(kind, inspect.DictType):
        return f"mapping of {type_name(kind.value_type)}"
    if isinstance(kind, inspect.StructType):
        return "{" + ", ".join(field.encode_name for field in kind.fields) + "}"
    return expected(kind)


def _annotated(kind: inspect.Metadata) -> str:
    extra = kind.extra or {}
    if extra.get("free"):
        return "free data"
    named = {Unit.SECONDS: "duration", Unit.BYTES: "size", Unit.RATIO: "share"}
    return named[Unit(extra["unit"])] if "unit" in extra else type_name(kind.type)


def default(field: inspect.Field) -> str:
    """Write a setting's default as a profile would; empty when there is none to speak of."""
    value = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    if value is NODEFAULT or value is None or value in ((), [], {}, ""):
        return ""
    return _written(value, field.type)


def _written(value: Value, kind: inspect.Type) -> str:
    unit = _unit(kind)
    if unit is not None and isinstance(value, int | float):
        return units.show(units.exact(value), unit)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return value if isinstance(value, str) else shown(value)


def _unit(kind: inspect.Type) -> Unit | None:
    if isinstance(kind, inspect.UnionType):
        return next((unit for member in kind.types if (unit := _unit(member))), None)
    extra = (kind.extra or {}) if isinstance(kind, inspect.Metadata) else {}
    return Unit(extra["unit"]) if "unit" in extra else None


@cache
def field_docs(cls: type) -> dict[str, str]:
    """Give the text under each field of a class, its ancestors' among them."""
    found: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__):
        if ancestor.__module__.partition(".")[0] not in ("builtins", "msgspec"):
            found.update(_own_docs(ancestor))
    return found


def _own_docs(cls: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(python.getsource(cls)))
    except (OSError, TypeError):  # a kind without source, as in a frozen application
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        field.target.id: " ".join(python.cleandoc(text.value.value).split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


# ---- told


def tell(found: Description) -> str:
    """Give a kind's reference as Markdown that reads well in a terminal."""
    lines = [f"# {found.name}", "", found.summary, *(["", found.doc] if found.doc else []), ""]
    unanswered = "ERROR: nobody knows" if found.looks_at == "witness" else "FAIL"
    lines += [f"Looks at a {found.looks_at}: no answer is {unanswered}.", ""]
    lines += ["## Settings", "", *map(_tell_setting, found.settings), "", "## Metrics", ""]
    lines += [*map(_tell_metric, found.metrics)]
    if found.named:
        lines += [f"- the readings that you name under {', '.join(f'`{name}`' for name in found.named)}"]
    if found.open_names:
        lines += ["- whatever names the answer brings"]
    limits = [f"- {limit}" for limit in found.limits] or ["None: `expect` must say what is right."]
    return "\n".join([*lines, "", "## Limits by default", "", *limits, ""])


def _tell_setting(one: Setting) -> str:
    rest = "required" if one.required else f"default {one.default}" if one.default else "optional"
    return f"- `{one.name}` ({one.type}; {rest}){f': {one.doc}' if one.doc else ''}"


def _tell_metric(one: Reading) -> str:
    unit = f", {one.unit}" if one.unit else ""
    return f"- `{one.name}` ({one.type}{unit}){f': {one.doc}' if one.doc else ''}"


def overview() -> str:
    """List the kinds that are installed, each with its first line; one that cannot be loaded says why."""
    names = registry.names()
    width = max(map(len, names), default=0)
    return "\n".join(f"{name:{width}}  {_line(name)}" for name in names)


def _line(name: str) -> str:
    try:
        return describe(name).summary
    except registry.UnknownKind as error:
        return f"({error})"


def reference() -> str:
    """Give the reference of every kind that can be loaded, as it stands in docs/probes.md."""
    head = "<!-- Generated by `gonogo probes --all`; a test keeps it current. -->\n\n"
    return head + "\n".join(tell(describe(name)) for name in registry.names() if _can_be_loaded(name))


def _can_be_loaded(name: str) -> bool:
    try:
        registry.find(name)
    except registry.UnknownKind:
        return False
    return True
