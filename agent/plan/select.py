"""Narrowing a plan to some of its checks: `--tag` and `--section`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from agent.plan.steps import Planned, Section, Step
from agent.problem import Problem, ProfileError, nearest


def narrowed(root: Section, tags: tuple[str, ...], sections: tuple[str, ...]) -> Section:
    """Keep the checks that have one of the tags and stand in one of the sections, and what these need.

    Raises ProfileError when a name names nothing, or no check is left.
    """
    items = {item.address: item for item in root.walk() if item is not root}
    steps = _steps(root)
    problems = [
        *_unknown("tag", tags, sorted({tag for step in steps for tag in step.tags})),
        *_unknown("section or check", sections, list(items)),
    ]
    if problems:
        raise ProfileError(problems)
    inside = [step for name in sections for step in _steps(items[name])] if sections else steps
    chosen = [step.address for step in inside if not tags or not {*tags}.isdisjoint(step.tags)]
    if not chosen:
        raise ProfileError([Problem("no check has the tags inside the sections that were asked for")])
    return _kept(root, _with_needs(chosen, items, _cleanup(root)))


def _steps(item: Planned) -> list[Step]:
    if isinstance(item, Step):
        return [item]
    return [below for below in item.walk() if isinstance(below, Step)]


def _unknown(what: str, asked: Sequence[str], known: list[str]) -> Iterator[Problem]:
    for name in asked:
        if name not in known:
            yield Problem(f"there is no {what} '{name}'{nearest(name, known, listed=20)}")


def _with_needs(chosen: list[str], items: dict[str, Planned], cleanup: dict[str, list[str]]) -> set[str]:
    """Add what the chosen checks need, and what that needs; and what cleans up after the active ones."""
    found: set[str] = set()
    waiting = list(chosen)
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        found.add(address)
        item = items[address]
        if isinstance(item, Section):
            waiting += [child.address for child in item.children]
        else:
            waiting += [*item.needs, *cleanup.get(address, ())]
    return found


def _cleanup(root: Section) -> dict[str, list[str]]:
    """Give for each active check the clean-up that follows it: in its section, and in those around it."""
    found: dict[str, list[str]] = {}
    for section in root.walk():
        if isinstance(section, Section):
            _follow(section, found)
    return found


def _follow(section: Section, found: dict[str, list[str]]) -> None:
    active: list[str] = []
    for child in section.children:
        if isinstance(child, Step) and child.always:
            for address in active:
                found.setdefault(address, []).append(child.address)
        active += [step.address for step in _steps(child) if step.active]


def _kept(section: Section, chosen: set[str]) -> Section:
    children: list[Planned] = []
    for child in section.children:
        if isinstance(child, Section):
            inner = _kept(child, chosen)
            children += [inner] if inner.children else []
        elif child.address in chosen:
            children.append(child)
    return msgspec.structs.replace(section, children=tuple(children))
