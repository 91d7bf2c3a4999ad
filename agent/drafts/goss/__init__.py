"""A draft from a gossfile: what it looks at from outside, and files and commands of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from agent.drafts import request
from agent.drafts.draft import Check, Draft, Group
from agent.drafts.goss.kinds import KINDS
from agent.drafts.goss.matchers import Unmapped
from agent.drafts.goss.resource import Resource
from agent.drafts.written import Written
from agent.problem import Problem, ProfileError

_TITLES = {
    "http": "Pages",
    "addr": "Addresses",
    "port": "Ports of this machine",
    "dns": "Names",
    "command": "Commands",
    "file": "Files",
}
_INSTEAD = {
    "group": "exec can ask: getent group {key}",
    "interface": "exec can ask: ip -json address show {key}",
    "kernel-param": "exec can ask: sysctl --values {key}",
    "mount": "exec can ask: findmnt {key}",
    "package": "exec can ask: dpkg-query --show {key}, or rpm --query {key}",
    "process": "exec can ask: pgrep --exact {key}",
    "service": "exec can ask: systemctl is-active {key}",
    "user": "exec can ask: getent passwd {key}",
    "matching": "it compares what stands in the file itself",
    "gossfile": "other files are not read: draft from what 'goss render' prints",
}
_COMMANDS = "a command sees HOME, PATH, LANG and the like; name other variables under environment"


def draft(_: str, documents: list[Written]) -> Draft:
    """Draft from the one document of a gossfile.  Raises ProfileError when it is none."""
    (root,) = documents
    if not any(map(root.get, (*KINDS, *_INSTEAD))):
        known = ", ".join(sorted((*KINDS, *_INSTEAD)))
        raise ProfileError([Problem(f"has none of {known}: expected a gossfile", root.mark)])
    left: list[str] = []
    sections = root.entries("a gossfile")
    groups = tuple(
        Group(
            name=title,
            checks=tuple(map(request.with_notes, _checks(kind, sections[kind], left))),
            notes=(_COMMANDS,) if kind == "command" else (),
        )
        for kind, title in _TITLES.items()
        if kind in sections
    )
    for kind, written in sections.items():
        if kind not in KINDS:
            left += _untold(kind, written)
    return Draft(groups=groups, left=tuple(left))


def _checks(kind: str, written: Written, left: list[str]) -> Iterator[Check]:
    for key, entry in written.entries(kind).items():
        one = Resource(kind, key, entry)
        if one.skipped:
            left.append(f"{kind} {key}: is skipped in the source")
            continue
        try:
            yield from KINDS[kind](one)
        except Unmapped as error:
            left.append(f"{kind} {key}: {error}")
        else:
            left += one.left()


def _untold(kind: str, written: Written) -> Iterator[str]:
    if kind not in _INSTEAD:
        yield f"{kind}: is nothing that goss knows"
        return
    for key in written.entries(kind):
        yield f"{kind} {key}: {_INSTEAD[kind].format(key=key)}"
