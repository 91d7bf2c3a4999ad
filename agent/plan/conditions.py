"""`when`: whether an item applies, from variables alone."""

from __future__ import annotations

from agent.coerce import holds_late
from agent.limit import Limit, LimitError, Metric, compile_limit
from agent.node import Entry, Mapping, Node, Scalar, free
from agent.plan.limits import complain
from agent.plan.scope import Scope
from agent.probe import Value
from agent.settings import spec
from agent.threshold import judge


def skipped(when: Node | None, scope: Scope) -> str:
    """Say why an item does not apply; empty when it does.  All conditions must hold."""
    if when is None:
        return ""
    if not isinstance(when, Mapping) or not when.entries:
        scope.findings.wrong("when is not a mapping of variables to limits", when.mark)
        return ""
    reasons = [_unmet(entry, scope) for entry in when.entries]
    return "; ".join(reason for reason in reasons if reason)


def _unmet(entry: Entry, scope: Scope) -> str:
    name = entry.key.text
    limit = _limit(name, entry.value, scope)
    if limit is None or name not in scope.variables.declared:
        scope.variables.value(name, entry.key.mark)
        return ""
    found = scope.variables.value(name, entry.key.mark)
    if found is not None and holds_late(found):
        scope.findings.wrong(f"variable '{name}' holds a secret or a reading, which no condition sees", entry.key.mark)
        return ""
    return "; ".join(map(str, judge(limit, _plain(found))))


def _plain(node: Node | None) -> Value:
    """Take a variable as a reading: text as text, `version:` as absent."""
    if node is None or (isinstance(node, Scalar) and node.empty):
        return None
    return node.text if isinstance(node, Scalar) else free(node)


def _limit(name: str, written: Node, scope: Scope) -> Limit | None:
    resolved = scope.resolve(written)
    if holds_late(resolved):
        scope.findings.wrong("a condition cannot rest on a secret or a reading", written.mark)
        return None
    try:
        return compile_limit(Metric(name), spec(resolved))
    except LimitError as error:
        complain(error, resolved, scope.findings)
        return None
