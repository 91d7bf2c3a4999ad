"""The head of a profile: what it says about the run as a whole."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from agent.coerce import Coercion, holds_late, rests_on_run
from agent.node import Entry, Mapping, Node, Scalar
from agent.plan.scope import Scope
from agent.plan.texts import text_of
from agent.probe import Seconds, Value
from agent.profile import Profile
from agent.settings import fields

_Count = Annotated[int, Meta(ge=1, le=10_000)]


class Concurrency(msgspec.Struct, frozen=True, kw_only=True):
    """`concurrency: {total: 100, per_target: 20}`."""

    total: _Count = 50
    """Checks that run at once."""
    per_target: _Count = 10
    """Checks that run at once against one host."""


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    deadline: Seconds | None = None
    concurrency: Concurrency | _Count = 50


_FIELDS = {field.encode_name: field for field in fields(_Written)}


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is about the run."""

    deadline: float | None = None
    """In seconds."""
    concurrency: Concurrency = Concurrency()


def head(profile: Profile, scope: Scope) -> Head:
    """Read the keys that are about the run; what is wrong is a finding, and left out."""
    values = {name: _value(name, node, scope) for name in _FIELDS if (node := profile.get(name)) is not None}
    if values.get("deadline") == 0:
        scope.findings.wrong("deadline is zero: nothing could run", profile.keys["deadline"].value.mark)
    wanted = values.get("concurrency")
    concurrency = Concurrency(total=wanted) if isinstance(wanted, int) else wanted or Concurrency()
    return Head(deadline=values.get("deadline"), concurrency=concurrency)


def _value(name: str, written: Node, scope: Scope) -> Value:
    node = scope.resolve(written)
    if holds_late(node):
        if rests_on_run(node):
            scope.findings.wrong(f"{name} cannot rest on a secret or a reading", written.mark)
        return None
    reader = Coercion()
    value = reader.read(node, _FIELDS[name].type, name)
    for mistake in reader.mistakes:
        scope.findings.wrong(mistake.message, mistake.mark)
    return None if reader.mistakes else value


def subject(node: Node | None, scope: Scope) -> dict[str, str]:
    """Read what is about to go, or has gone; what has no value is left out."""
    if node is None:
        return {}
    found = scope.resolve(node) if isinstance(node, Scalar) else node
    if not isinstance(found, Mapping):
        scope.findings.wrong("subject is not a mapping, as {name: shop, version: $(version)}", node.mark)
        return {}
    return {entry.key.text: text_of(entry.value, f"subject.{entry.key.text}", scope) for entry in _written(found)}


def _written(subject: Mapping) -> list[Entry]:
    return [entry for entry in subject.entries if not (isinstance(entry.value, Scalar) and entry.value.empty)]
