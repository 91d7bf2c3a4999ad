"""JSON Schema of a profile, for editors: completion and a first check for every installed kind.

`gonogo validate` knows more (references, variables, censuses); what this accepts it may still refuse.
An editor reads YAML's numbers and booleans as such, so text is allowed wherever a number is, because a
quantity (`500ms`) and a substitution (`$(port)`) are text.
"""

from __future__ import annotations

from typing import get_type_hints

from msgspec import inspect

from agent import registry, settings
from agent.coerce import choices_of
from agent.describe import field_docs
from agent.limit import OPERATORS
from agent.model import Severity
from agent.probe import Value
from agent.profile.keys import CHECK, COMMON, HEAD, SECTION

Schema = dict[str, Value]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_DURATION: Schema = {"type": ["string", "number"], "description": "A duration: 500ms, 1h30m, 30d."}
_TEXTS: Schema = {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_FLAG: Schema = {"type": ["boolean", "string"]}
_REFS: Schema = {"oneOf": [*_TEXTS["oneOf"], {"type": "object", "additionalProperties": _TEXTS}]}
_LIMIT: Schema = {"$ref": "#/$defs/limit"}
_SUBSTITUTION: Schema = {"type": "string", "pattern": r"\$\("}


def schema() -> Schema:
    """Give the JSON Schema of a profile, with every kind that can be loaded."""
    kinds = {name: kind for name in registry.names() if (kind := _found(name)) is not None}
    return {
        "$schema": DIALECT,
        "title": "gonogo profile",
        "type": "object",
        "required": ["checks"],
        "additionalProperties": False,
        "properties": {key: _KEYS[key] for key in (*_profile_keys(), *HEAD)},
        "$defs": {
            "item": _item(kinds),
            "limit": _limit(),
            **{f"kind-{name}": _settings(kind) for name, kind in kinds.items()},
            **{f"metrics-{name}": _metrics(kind) for name, kind in kinds.items()},
        },
    }


def _profile_keys() -> list[str]:
    return [key for key in (*COMMON, *SECTION) if key not in ("each", "needs", "id")]


def _found(name: str) -> registry.Kind | None:
    try:
        return registry.find(name)
    except registry.UnknownKind:
        return None


def _item(kinds: dict[str, registry.Kind]) -> Schema:
    own = {key: _KEYS[key] for key in (*COMMON, *SECTION, *CHECK, "checks", "include", "vars")}
    bodies = [{"required": [body]} for body in ("checks", "include", *kinds)]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**own, **{name: {"$ref": f"#/$defs/kind-{name}"} for name in kinds}},
        "oneOf": bodies,
        "allOf": [_metrics_of(name) for name in kinds],
    }


def _metrics_of(name: str) -> Schema:
    metrics = {"$ref": f"#/$defs/metrics-{name}"}
    return {"if": {"required": [name]}, "then": {"properties": {"expect": metrics, "warn": metrics}}}


def _metrics(kind: registry.Kind) -> Schema:
    docs = field_docs(get_type_hints(kind.probe.measure)["return"])
    known = (*kind.metrics, *(metric.name for metric in registry.ENGINE_METRICS))
    return {
        "type": "object",
        "properties": {name: {**_LIMIT, "description": docs.get(name, "")} for name in known},
        "additionalProperties": _LIMIT,
    }


def _limit() -> Schema:
    operand = {"type": ["string", "number", "boolean", "array", "object"]}
    inner = {name: _LIMIT if name == "not" else operand for name in OPERATORS}
    as_mapping = {"type": "object", "properties": inner, "additionalProperties": False, "minProperties": 1}
    return {"oneOf": [_TEXT, {"type": "array"}, as_mapping]}


def _settings(kind: registry.Kind) -> Schema:
    docs = field_docs(kind.probe)
    fields = settings.fields(kind.probe)
    properties = {field.encode_name: {**_type(field.type), "description": docs.get(field.name, "")} for field in fields}
    return {
        "type": ["object", "null"],
        "description": " ".join((kind.probe.__doc__ or "").partition("\n\n")[0].split()),
        "properties": properties,
        "additionalProperties": False,
    }


def _type(kind: inspect.Type) -> Schema:
    """Give a setting's schema; none is `required`, because `defaults` may bring it."""
    if isinstance(kind, inspect.Metadata):
        return _annotated(kind)
    if isinstance(kind, inspect.UnionType):
        return {"anyOf": [_type(member) for member in kind.types]}
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return {"anyOf": [{"type": "array", "items": _type(kind.item_type)}, _SUBSTITUTION]}
    if isinstance(kind, inspect.DictType):
        return {"anyOf": [{"type": "object", "additionalProperties": _type(kind.value_type)}, _SUBSTITUTION]}
    if isinstance(kind, inspect.StructType):
        return _struct(kind)
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return {"anyOf": [{"enum": list(choices_of(kind))}, {"type": "number"}, _SUBSTITUTION]}
    return _SCALARS.get(type(kind), {})


def _struct(kind: inspect.StructType) -> Schema:
    properties = {field.encode_name: _type(field.type) for field in kind.fields}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _annotated(kind: inspect.Metadata) -> Schema:
    extra = kind.extra or {}
    if extra.get("free"):
        return {}
    return {"type": ["string", "number"]} if "unit" in extra else _type(kind.type)


_SCALARS: dict[type, Schema] = {
    inspect.StrType: _TEXT,
    inspect.IntType: {"anyOf": [{"type": "integer"}, _SUBSTITUTION]},
    inspect.FloatType: {"anyOf": [{"type": "number"}, _SUBSTITUTION]},
    inspect.BoolType: _FLAG,
    inspect.NoneType: {"type": "null"},
}
_CHECKS: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}}
_LIMITS: Schema = {"type": "object", "minProperties": 1, "additionalProperties": _LIMIT}
_KEYS: dict[str, Schema] = {
    "name": {**_TEXT, "description": "What the report calls it; its slug is the id unless one is given."},
    "id": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$"},
    "title": _TEXT,
    "description": _TEXT,
    "owner": {**_TEXT, "description": "Who answers for it; the nearest one holds."},
    "runbook": {**_TEXT, "description": "Where help is written; the nearest one holds."},
    "tags": _TEXTS,
    "refs": {**_REFS, "description": "What this proves; or per metric."},
    "refutes": {**_TEXTS, "description": "Boxes that name the opposite state."},
    "when": {**_LIMITS, "description": "It applies when these variables hold these limits."},
    "needs": {**_TEXTS, "description": "Checks or sections that must pass before."},
    "severity": {"enum": [severity.value for severity in Severity]},
    "each": {"type": ["array", "object", "string"], "description": "One child per element: $(item), $(key)."},
    "require": {"type": "string", "description": "all, any, 19/20 or 95%."},
    "defaults": {"type": "object", "description": "Policies, and settings of kinds or families of kinds."},
    "expect": _LIMITS,
    "warn": {**_LIMITS, "description": "As expect, and changes no outcome."},
    "active": {**_FLAG, "description": "Changes, sends or loads something: runs with --allow-active only."},
    "always": {**_FLAG, "description": "Clean-up: takes its turn also after failure or interrupt."},
    "timeout": {**_DURATION, "description": "Of one attempt."},
    "retry": {"type": "object", "properties": {"attempts": {"type": "integer"}, "delay": _DURATION}},
    "within": {**_DURATION, "description": "Until the first pass."},
    "every": {**_DURATION, "description": "From attempt to attempt, with within and hold."},
    "hold": {**_DURATION, "description": "It keeps passing for this long."},
    "tolerate": {**_DURATION, "description": "Breaches over within this are forgiven, with hold."},
    "checks": _CHECKS,
    "include": {"type": "string", "description": "A file beside this one, or gonogo:NAME."},
    "vars": {"type": "object"},
    "extends": {"type": "string", "description": "The profile that this one changes."},
    "subject": {"type": "object", "additionalProperties": _TEXT},
    "deadline": {**_DURATION, "description": "Of the whole run."},
    "concurrency": {"type": ["integer", "string", "object"]},
    "baseline": {"type": "string", "description": "The JSON report to compare with."},
    "waivers": {"type": "array", "items": {"type": "object", "required": ["check", "owner", "reason", "expires"]}},
}
