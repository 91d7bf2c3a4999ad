"""`when`: whether an item applies, from variables alone."""

from __future__ import annotations

from agent.coerce import holds_late, rests_on_run
from agent.compare import Incomparable, TookTooLong
from agent.limit import RELATIVE, Limit, Metric
from agent.node import Entry, Mapping, Node, Scalar, free
from agent.plan.limits import compiled
from agent.plan.scope import Scope
from agent.probe import Value
from agent.threshold import compare_all, judge


def skipped(when: Node | None, scope: Scope) -> str:
    """Say why an item does not apply; empty when it does.  All conditions must hold."""
    if when is None:
        return ""
    if not isinstance(when, Mapping) or not when.entries:
        message = "when is not a mapping of variables to limits, as {cdn_url: {exists: true}}"
        scope.findings.wrong(message, when.mark)
        return ""
    reasons = [_unmet(entry, scope) for entry in when.entries]
    return "; ".join(reason for reason in reasons if reason)


def _unmet(entry: Entry, scope: Scope) -> str:
    name, mark = entry.key.text, entry.key.mark
    if name not in scope.variables.declared:
        hint = scope.findings.hint(name, scope.variables.declared)
        scope.findings.wrong(f"variable '{name}' is not declared{hint}", mark)
        return ""
    value = scope.variable(name, mark)
    limit = _limit(name, entry.value, scope)
    if limit is None:
        return ""
    if value is not None and holds_late(value):
        if rests_on_run(value):
            scope.findings.wrong(f"variable '{name}' holds a secret or a reading, which no condition sees", mark)
        return ""
    known = _plain(value)
    return "" if _incomparable(limit, known, entry, scope) else "; ".join(map(str, judge(limit, known)))


def _incomparable(limit: Limit, value: Value, entry: Entry, scope: Scope) -> bool:
    """Tell whether nobody can say if it holds: that is a mistake, and takes nothing out of the count."""
    if value is None or value == []:
        return False
    try:
        compare_all(limit, value)
    except TookTooLong as error:
        scope.findings.stop(f"variable '{entry.key.text}' is {error}", entry.key.mark)
    except Incomparable as error:
        scope.findings.wrong(f"variable '{entry.key.text}' is {error}", entry.key.mark)
        return True
    return False


def _plain(node: Node | None) -> Value:
    """Take a variable as a reading: text as text, what has no value as absent."""
    if node is None:
        return None
    return node.text if isinstance(node, Scalar) else free(node)


def _limit(name: str, written: Node, scope: Scope) -> Limit | None:
    resolved = scope.resolve(written)
    if holds_late(resolved):
        if rests_on_run(resolved):
            scope.findings.wrong("a condition cannot rest on a secret or a reading", written.mark)
        return None
    limit = compiled(Metric(name), resolved, scope.findings)
    relative = [test.op for test in limit.tests if test.op in RELATIVE] if limit else []
    if relative:
        scope.findings.wrong(f"{relative[0]} compares with a baseline, which no condition sees", written.mark)
    return None if relative else limit
