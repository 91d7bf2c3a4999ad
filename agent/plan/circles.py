"""What follows from who needs whom: circles, and what does not apply because something else does not."""

from __future__ import annotations

from collections.abc import Iterator

from agent.plan.draft import Draft
from agent.plan.links import Links
from agent.problem import Mark

_Next = Iterator[tuple[str, Mark | None]]


def refuse_circles(links: Links) -> None:
    """Find needs that go in a circle; each circle is one finding."""
    over: set[str] = set()
    for address in links.drafts:
        if address not in over:
            _walk(address, over, links)


def _walk(start: str, over: set[str], links: Links) -> None:
    """Walk depth first, without recursion: a chain may be as long as the profile."""
    path: dict[str, _Next] = {start: _following(start, links)}
    while path:
        address, following = next(reversed(path.items()))
        below, mark = next(following, ("", None))
        if not below:
            over.add(address)
            del path[address]
        elif below in path:
            _tell([*path], below, mark, links)
        elif below not in over:
            path[below] = _following(below, links)


def _following(address: str, links: Links) -> _Next:
    """Give what must be over before: for a check what it needs, for a section what is in it."""
    draft = links.drafts[address]
    if draft.is_check:
        yield from links.around(draft)
    yield from ((child.address, None) for child in draft.children)


def _tell(path: list[str], back: str, mark: Mark | None, links: Links) -> None:
    circle = [*path[path.index(back) :], back]
    checks = [name for name in circle if links.drafts[name].is_check or name == back]
    links.findings.wrong(f"needs go in a circle: {' -> '.join(checks)}", mark or links.drafts[back].mark)


def passed_on(links: Links) -> dict[str, str]:
    """Give the items that do not apply because something that they need does not, with the reason of each."""
    users: dict[str, list[Draft]] = {}
    for address, needs in links.needs.items():
        for needed in needs:
            users.setdefault(needed, []).append(links.drafts[address])
    found: dict[str, str] = {}
    waiting = [draft for draft in links.drafts.values() if draft.around.skipped]
    while waiting:
        idle = waiting.pop()
        for user in users.get(idle.address, ()):
            for below in user.walk():
                if not below.around.skipped and below.address not in found:
                    found[below.address] = f"needs {idle.address}, which does not apply"
                    waiting.append(below)
    return found
