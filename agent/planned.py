"""A plan, told: each check with its resolved settings, limits and order; secrets stay names."""

from __future__ import annotations

from collections.abc import Iterator

from agent import units
from agent.node import Late, Mapping, Measured, Node, Scalar, Secret, Sequence, free
from agent.plan.steps import LateLimit, Plan, Planned, Policy, Section, Step
from agent.probe import Need, Value
from agent.units import Unit


def written(node: Node) -> Value:
    """Give a resolved node as data; what only the run learns stands as it was written."""
    if isinstance(node, Late):
        return "".join(map(_part, node.parts)) or "…"
    if isinstance(node, Mapping):
        return {entry.key.text: written(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [written(item) for item in node.items]
    return node.text if isinstance(node, Scalar) else free(node)


def _part(part: str | Secret | Measured) -> str:
    if isinstance(part, Secret):
        return f"$(secret:{part.name})"
    return f"$({part.address}.{part.metric})" if isinstance(part, Measured) else part


def tree(plan: Plan) -> dict[str, Value]:
    """Give a plan as data, for JSON."""
    return {
        "name": plan.name,
        "title": plan.title,
        "subject": dict(plan.subject),
        "digest": plan.digest,
        "deadline_seconds": plan.deadline,
        "concurrency": {"total": plan.concurrency, "per_target": plan.per_target},
        "active_allowed": plan.active_allowed,
        "root": _node(plan.root),
    }


def _node(item: Planned) -> dict[str, Value]:
    both = {
        "address": item.address,
        "name": item.name,
        "severity": item.severity,
        "owner": item.owner,
        "runbook": item.runbook,
        "tags": item.tags,
        "refs": item.refs,
        "skipped": item.skipped,
        "place": str(item.mark),
    }
    if isinstance(item, Section):
        return {**both, "require": item.require.text, "children": [_node(child) for child in item.children]}
    return {
        **both,
        "kind": item.kind,
        "settings": written(item.settings),
        "expect": [*map(str, item.limits), *map(_late, item.late_limits)],
        "warn": [*map(str, item.warnings), *map(_late, item.late_warnings)],
        "policy": item.policy,
        "active": item.active,
        "always": item.always,
        "needs": item.needs,
        "waiver": str(item.waiver) if item.waiver else "",
    }


def _late(limit: LateLimit) -> str:
    return f"{limit.metric.name}: {_inline(written(limit.written))}"


def tell(plan: Plan) -> str:
    """Give a plan for a person: passive checks run together, active ones one at a time after them."""
    steps = plan.steps
    active = sum(step.active and not step.skipped for step in steps)
    skipped = sum(bool(step.skipped) for step in steps)
    head = f"{plan.title}: {len(steps)} checks, {active} active, {skipped} do not apply"
    allowed = (
        "" if plan.active_allowed or not active else "; active checks would be blocked (--allow-active is not given)"
    )
    limits = f"{plan.concurrency} at once, {plan.per_target} per host"
    deadline = f", deadline {_time(plan.deadline)}" if plan.deadline else ""
    return "\n".join([head + allowed, limits + deadline, "", *_lines(plan.root, 0)])


def _lines(section: Section, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for item in section.children:
        skipped = f"  (does not apply: {item.skipped})" if item.skipped else ""
        if isinstance(item, Section):
            require = "" if item.require.text == "all" else f"  require {item.require.text}"
            yield f"{indent}{item.name}  [{item.address}]{require}{skipped}"
            yield from _lines(item, depth + 1)
        else:
            yield f"{indent}{item.name}  [{item.address}]{skipped}"
            yield from (f"{indent}    {line}" for line in _check(item))


def _check(step: Step) -> Iterator[str]:
    yield f"{step.kind}: {_inline(written(step.settings))}"
    limits = [*map(str, step.limits), *map(_late, step.late_limits)]
    yield f"expect: {'; '.join(limits)}"
    if warnings := [*map(str, step.warnings), *map(_late, step.late_warnings)]:
        yield f"warn: {'; '.join(warnings)}"
    yield _policy(step.policy, step)
    if step.needs:
        yield f"needs: {', '.join(step.needs)}"
    if step.waiver:
        yield str(step.waiver)


def _policy(policy: Policy, step: Step) -> str:
    words = [f"timeout {_time(policy.timeout)}"]
    words += [f"{policy.attempts} attempts, {_time(policy.delay)} apart"] if policy.attempts > 1 else []
    words += [f"within {_time(policy.within)}"] if policy.within is not None else []
    words += [f"hold {_time(policy.hold)}"] if policy.hold is not None else []
    words += [f"every {_time(policy.every)}"] if policy.within is not None or policy.hold is not None else []
    words += ["active"] if step.active else []
    words += ["always (clean-up)"] if step.always else []
    words += [step.severity.value] if step.severity != "normal" else []
    return ", ".join(words)


def _time(seconds: float) -> str:
    return units.show(units.exact(seconds), Unit.SECONDS)


def _inline(value: Value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return str(value)


def permissions(plan: Plan) -> tuple[Need, ...]:
    """List what the checks that apply must be allowed to do; those with late settings only as far as known."""
    ready = [step.ready for step in plan.steps if step.ready is not None and not step.skipped]
    return tuple(sorted({need for probe in ready for need in probe.permissions()}))


def tell_permissions(needs: tuple[Need, ...]) -> str:
    """Give them for a person, by system."""
    if not needs:
        return "nothing is needed beyond running here"
    return "\n".join(f"{need.system}: {need.action}{f' {need.scope}' if need.scope else ''}" for need in needs)
