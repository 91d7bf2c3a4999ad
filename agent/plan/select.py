"""Narrowing a plan to some of its checks: `--tag` and `--section`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agent.plan.steps import Planned, Section, Step
from agent.problem import Problem, ProfileError, nearest


def narrowed(root: Section, tags: tuple[str, ...], sections: tuple[str, ...]) -> Section:
    """Keep the checks that have one of the tags and stand in one of the sections, and what these need.

    Raises ProfileError when a name names nothing, or no check is left.
    """
    items = {item.address: item for item in root.walk()}
    steps = [item for item in items.values() if isinstance(item, Step)]
    _known("tag", tags, {tag for step in steps for tag in step.tags})
    _known("section or check", sections, set(items))
    chosen = {
        step.address
        for step in steps
        if (not tags or set(tags) & set(step.tags)) and (not sections or _inside(step.address, sections))
    }
    if not chosen:
        raise ProfileError([Problem("no check has the tags inside the sections that were asked for")])
    return _kept(root, _with_needs(chosen, items))


def _known(what: str, asked: Iterable[str], known: set[str]) -> None:
    problems = [
        Problem(f"there is no {what} '{name}'{nearest(name, sorted(known), listed=20)}")
        for name in asked
        if name not in known
    ]
    if problems:
        raise ProfileError(problems)


def _inside(address: str, sections: tuple[str, ...]) -> bool:
    return any(address == name or address.startswith((f"{name}/", f"{name}[")) for name in sections)


def _with_needs(chosen: set[str], items: dict[str, Planned]) -> set[str]:
    """Add what the chosen checks need, and what that needs; and clean-up, which follows its section."""
    found: set[str] = set()
    todo = list(chosen)
    while todo:
        address = todo.pop()
        if address in found:
            continue
        found.add(address)
        item = items[address]
        inner = item.needs if isinstance(item, Step) else [child.address for child in item.children]
        todo += inner
        if isinstance(item, Step) and item.active:
            todo += _cleanup(address, items)
    return found


def _cleanup(address: str, items: dict[str, Planned]) -> list[str]:
    section = address.rpartition("/")[0]
    return [
        other
        for other, item in items.items()
        if isinstance(item, Step) and item.always and other.rpartition("/")[0] == section
    ]


def _kept(section: Section, chosen: set[str]) -> Section:
    children: list[Planned] = []
    for child in section.children:
        if isinstance(child, Section):
            inner = _kept(child, chosen)
            children += [inner] if inner.children else []
        elif child.address in chosen:
            children.append(child)
    return msgspec.structs.replace(section, children=tuple(children))
