"""What checks and sections have in common: weight, owner, what they prove."""

from __future__ import annotations

from agent.model import Severity
from agent.node import Mapping, Node, Scalar, Sequence
from agent.plan.outline import Draft, text_of, texts_of
from agent.probe import Value
from agent.problem import nearest


def common(draft: Draft) -> dict[str, Value]:
    """Give the fields of an Item, for a Struct's constructor."""
    refs, metric_refs = _refs(draft)
    own = draft.of_each != "element"  # the weight is of the section that `each` makes
    return {
        "address": draft.address,
        "name": draft.name,
        "mark": draft.mark,
        "severity": _severity(draft) if own else Severity.NORMAL,
        "owner": draft.around.owner,
        "runbook": draft.around.runbook,
        "tags": draft.around.tags,
        "refs": refs,
        "metric_refs": metric_refs,
        "refutes": texts_of(_placed(draft, "refutes"), "refutes", draft.scope),
        "skipped": draft.around.skipped,
        "slug": draft.slug,
    }


def _severity(draft: Draft) -> Severity:
    text = text_of(draft.get("severity"), "severity", draft.scope)
    choices = [severity.value for severity in Severity]
    if text and text not in choices:
        node = draft.get("severity")
        mark = node.mark if node else draft.mark
        draft.scope.findings.wrong(f"severity is '{text}'{nearest(text, choices)}", mark)
    return Severity(text) if text in choices else Severity.NORMAL


def _placed(draft: Draft, key: str) -> Node | None:
    """Give what is written, where it belongs: what names the element to each child, all else to their section."""
    node = draft.get(key)
    if node is None or not draft.of_each:
        return node
    of_element = _names_element(node)
    return node if of_element == (draft.of_each == "element") else None


def _names_element(node: Node) -> bool:
    if isinstance(node, Mapping):
        return any(_names_element(entry.value) for entry in node.entries)
    if isinstance(node, Sequence):
        return any(map(_names_element, node.items))
    return isinstance(node, Scalar) and ("$(item" in node.text or "$(key" in node.text)


def _refs(draft: Draft) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    node = _placed(draft, "refs")
    if not isinstance(node, Mapping):
        return texts_of(node, "refs", draft.scope), {}
    by_metric = {entry.key.text: texts_of(entry.value, "refs", draft.scope) for entry in node.entries}
    together = tuple(ref for refs in by_metric.values() for ref in refs)
    return together, by_metric
