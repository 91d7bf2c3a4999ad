"""JSON Schema of the json report, and of the events of ndjson, made from the types.

What a field means is the string under it in the source, so that nothing is written twice.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agent import events, model, report, verdict
from agent.describe import field_docs
from agent.events import Event
from agent.report import SCHEMA_VERSION, Report

_ROOMS = (report, model, verdict, events)
"""Where the types of reports and events stand."""


def of_report() -> dict[str, Any]:
    """Give the schema that every json report satisfies."""
    note = f"Version {SCHEMA_VERSION}; it rises, in schema_version, when a consumer would have to change."
    return _schema(Report, title="A gonogo report", description=note)


def of_event() -> dict[str, Any]:
    """Give the schema that every line of ndjson satisfies."""
    return _schema(Event, title="An event of a gonogo run", description="One line of ndjson.")


def _schema(type_: object, **head: str) -> dict[str, Any]:
    (schema,), components = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    for name, part in components.items():
        docs = field_docs(_find(name))
        for field, described in part.get("properties", {}).items():
            if field in docs:
                described["description"] = docs[field]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **head, **schema, "$defs": components}


def _find(name: str) -> type:
    found: type = next(vars(room)[name] for room in _ROOMS if name in vars(room))
    return found
