"""What checks and sections have in common: weight, owner, what they prove."""

from __future__ import annotations

from agent.model import Severity
from agent.node import Mapping
from agent.plan.draft import Draft
from agent.plan.texts import text_of, texts_of
from agent.probe import Value
from agent.problem import nearest


def common(draft: Draft) -> dict[str, Value]:
    """Give the fields of an Item, for a Struct's constructor."""
    refs, metric_refs = _refs(draft)
    return {
        "address": draft.address,
        "name": draft.name,
        "mark": draft.mark,
        "severity": _severity(draft),
        "owner": draft.around.owner,
        "runbook": draft.around.runbook,
        "tags": draft.around.tags,
        "refs": refs,
        "metric_refs": metric_refs,
        "refutes": texts_of(*draft.own("refutes")),
        "skipped": draft.around.skipped,
        "slug": draft.slug,
    }


def _severity(draft: Draft) -> Severity:
    node, key, scope = draft.own("severity")
    text = text_of(node, key, scope)
    if node is None or not text:
        return Severity.NORMAL
    choices = {severity.value: severity for severity in Severity}
    if text not in choices:
        scope.findings.wrong(f"severity is '{text}'{nearest(text, tuple(choices))}", node.mark)
    return choices.get(text, Severity.NORMAL)


def _refs(draft: Draft) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    node, key, scope = draft.own("refs")
    if not isinstance(node, Mapping):
        return texts_of(node, key, scope), {}
    if not draft.is_check:
        scope.findings.wrong("refs by metric belong to a check, and this is a section", node.mark)
        return (), {}
    by_metric = {entry.key.text: texts_of(entry.value, key, scope) for entry in node.entries}
    return tuple(ref for refs in by_metric.values() for ref in refs), by_metric
