"""The rules of lint, each a function from a bound profile to its doubts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

import msgspec

from agent.lint import limits
from agent.lint.times import budgets
from agent.model import Severity
from agent.node import Secret, late
from agent.plan.bind import Bind
from agent.plan.steps import Planned, Section, Step
from agent.planned import written
from agent.probe import Value
from agent.problem import Mark


class Doubt(msgspec.Struct, frozen=True):
    """One thing worth a second look; `rule` is its name, for those who sort them."""

    rule: str
    message: str
    mark: Mark


def _about(item: Planned, rule: str, message: str) -> Doubt:
    return Doubt(rule, f"'{item.name}' {message}", item.mark)


Rule: TypeAlias = Callable[[Bind, datetime], Iterator[Doubt]]


def lint(bound: Bind, now: datetime) -> tuple[Doubt, ...]:
    """Give every doubt, in the order of the files and lines."""
    doubts = dict.fromkeys(doubt for rule in RULES for doubt in rule(bound, now))
    return tuple(sorted(doubts, key=lambda doubt: (doubt.mark.file, doubt.mark.line, doubt.mark.column, doubt.rule)))


def _items(bound: Bind) -> list[Planned]:
    return list(bound.plan.root.walk())


def _steps(bound: Bind) -> list[Step]:
    return [step for step in bound.plan.steps if not step.skipped]


def unowned(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find checks that nobody answers for."""
    for step in bound.plan.steps:
        if not step.owner:
            yield _about(step, "unowned", "has no owner, here or around it")


def dead_limits(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find limits that cannot fail, and limits that nothing can meet."""
    for step in _steps(bound):
        for limit in (*step.limits, *step.warnings):
            for message in limits.dubious(limit, step.probe):
                yield _about(step, "limit", message)


def hollow_sections(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find sections that can never pass, because nothing in them counts."""
    for item in _items(bound):
        if isinstance(item, Section) and not item.skipped and not any(map(_counts, item.children)):
            yield _about(item, "hollow", "cannot pass: nothing in it counts (advisory or not applying)")


def _counts(item: Planned) -> bool:
    return item.severity is not Severity.ADVISORY and not item.skipped


def lax_sections(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find a `require` that changes nothing, or that lets everything but one fail."""
    for item in _items(bound):
        if not isinstance(item, Section) or item.require.text == "all":
            continue
        counted = sum(map(_counts, item.children))
        if item.require.share == 1 and item.require.census is None:
            yield _about(item, "require", f"require {item.require.text} is 'all'")
        elif counted == 1:
            yield _about(item, "require", f"require {item.require.text} of one that counts is 'all'")


def waivers(bound: Bind, now: datetime) -> Iterator[Doubt]:
    """Find waivers that are over, that change nothing, or that rest on a name."""
    items = {item.address: item for item in _items(bound)}
    for dated in bound.waivers:
        waiver, step = dated.waiver, items.get(dated.check)
        if waiver.expires <= now:
            yield Doubt("waiver", f"the waiver of {dated.check} expired on {waiver.expires:%Y-%m-%d}", waiver.mark)
        if step is not None and (step.skipped or step.severity is Severity.ADVISORY):
            why = "does not apply" if step.skipped else "is advisory"
            yield Doubt("waiver", f"the waiver of {dated.check} changes nothing: the check {why}", waiver.mark)
        if step is not None and (rests := _slugs(dated.check, items)):
            yield Doubt("slug", f"the waiver of {dated.check} rests on {rests}: give an id", waiver.mark)


def _slugs(address: str, items: dict[str, Planned]) -> str:
    """Name the items on the way to an address whose ids are slugs of their names."""
    on_the_way = (item for other, item in items.items() if other and f"{address}/".startswith(f"{other}/"))
    return ", ".join(f"the name '{item.name}'" for item in on_the_way if item.slug)


def references(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find `needs` and readings that a change of a name would break."""
    items = {item.address: item for item in _items(bound)}
    for step in bound.plan.steps:
        for address in step.needs:
            needed = items.get(address)
            if needed is not None and needed.slug:
                yield _about(step, "slug", f"refers to '{needed.name}' by the slug of its name: give it an id")


def repeated_changes(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find checks that change something and are tried again."""
    for step in bound.plan.steps:
        policy = step.policy
        if step.active and (policy.attempts > 1 or policy.within is not None or policy.hold is not None):
            yield _about(step, "retry", "is active and tried again: what it changes is changed again")


_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def unmarked_changes(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find requests that usually change something and do not say `active`."""
    for step in bound.plan.steps:
        method = _setting(step, "method")
        if method in _CHANGING and not step.active:
            yield _about(step, "active", f"sends {method} and is not active: say active: true if it changes anything")


def open_secrets(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find secrets that go over the network in the clear."""
    for step in bound.plan.steps:
        url = str(_setting(step, "url") or "")
        if url.startswith("http://") and any(isinstance(part, Secret) for part in late(step.settings)):
            yield _about(step, "clear", "sends a secret over http://, which anybody on the way can read")


def shells(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find shells that read what a reading or a secret puts into their command."""
    for step in bound.plan.steps:
        command = step.settings.get("command")
        if _setting(step, "shell") == "true" and command is not None and any(late(command)):
            yield _about(step, "shell", "the shell reads what is substituted into its command")


def twins(bound: Bind, _: datetime) -> Iterator[Doubt]:
    """Find checks that are the same look with the same limits."""
    seen: dict[str, Step] = {}
    for step in _steps(bound):
        if step.active or step.ready is None:
            continue
        look = f"{step.kind} {step.ready!r} {[*map(str, step.limits)]} {step.needs} {step.policy}"
        if look in seen:
            yield _about(step, "twin", f"is the same check as '{seen[look].name}'")
        seen.setdefault(look, step)


def _setting(step: Step, name: str) -> Value:
    node = step.settings.get(name)
    return written(node) if node is not None else None


def _budgets(bound: Bind, _: datetime) -> Iterator[Doubt]:
    return (Doubt("budget", message, mark) for message, mark in budgets(bound.plan))


RULES: tuple[Rule, ...] = (
    unowned,
    dead_limits,
    hollow_sections,
    lax_sections,
    waivers,
    references,
    repeated_changes,
    unmarked_changes,
    open_secrets,
    shells,
    twins,
    _budgets,
)
