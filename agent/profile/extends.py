"""`extends`: one profile is another with changes.

Mappings merge by key, `checks` by explicit id, `remove: true` removes a check, lists replace.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.findings import SHIPPED, Findings, locate, real
from agent.node import Entry, Mapping, Node, Scalar, Sequence
from agent.template import OPENING

_DEEPEST = 20
"""Files in a row that extend each other."""
_STRUCTURE = "checks"


def chain(path: Path, root: Mapping, findings: Findings) -> tuple[Mapping, ...] | None:
    """Give a profile and what it extends, the profile itself first; None, and a finding, when that is not there."""
    roots, seen = [root], {real(path)}
    while (written := roots[-1].get("extends")) is not None:
        base = _base(written, seen, findings)
        source = findings.read(base, written.mark) if base else None
        if base is None or source is None:
            return None
        seen.add(real(base))
        roots.append(source.root)
    return tuple(roots)


def _base(written: Node, seen: set[str], findings: Findings) -> Path | None:
    wrong = ""
    if not isinstance(written, Scalar) or written.empty:
        findings.wrong("extends is not the name of a file", written.mark)
        return None
    path = locate(written.text, written.mark, shipped=SHIPPED)
    if OPENING in written.text:
        wrong = "extends takes no substitution: it is read before there are variables"
    elif real(path) in seen:
        wrong = f"extends goes in a circle: {written.text} leads back to itself"
    elif len(seen) > _DEEPEST:
        wrong = f"extends more than {_DEEPEST} files in a row"
    if wrong:
        findings.wrong(wrong, written.mark)
    return None if wrong else path


def merged(roots: tuple[Mapping, ...], findings: Findings) -> Mapping:
    """Give the whole of a profile: what it extends, changed by what it says."""
    whole, *changes = reversed(roots)
    for change in changes:
        whole = _structure(whole, change, findings)
    return Mapping(tuple(entry for entry in whole.entries if entry.key.text != "extends"), whole.mark)


def _structure(base: Mapping, over: Mapping, findings: Findings) -> Mapping:
    """Merge two profiles, or two items of the same id."""
    below, change = base.get(_STRUCTURE), over.get(_STRUCTURE)
    whole = _merged(base, over)
    if not isinstance(below, Sequence) or not isinstance(change, Sequence):
        return whole
    checks = _checks(below, change, findings)
    entries = (Entry(e.key, checks) if e.key.text == _STRUCTURE else e for e in whole.entries)
    return Mapping(tuple(entries), whole.mark)


def _merged(base: Mapping, over: Mapping) -> Mapping:
    changed = {entry.key.text: entry for entry in over.entries}
    entries = [_entry(entry, changed.pop(entry.key.text, None)) for entry in base.entries]
    return Mapping((*entries, *changed.values()), over.mark)


def _entry(base: Entry, over: Entry | None) -> Entry:
    if over is None:
        return base
    if isinstance(base.value, Mapping) and isinstance(over.value, Mapping):
        return Entry(over.key, _merged(base.value, over.value))
    return over


def _checks(base: Sequence, over: Sequence, findings: Findings) -> Sequence:
    changes = _changes(over, findings)
    items = tuple(_changed(base, changes, findings))
    for identity, change in changes.items():
        if _removes(change):
            hint = findings.hint(identity, [known for item in base.items if (known := _id(item))])
            findings.wrong(f"removes '{identity}', which is no id in the extended profile{hint}", change.mark)
    added = (item for item in over.items if not _removes(item) and (not _id(item) or changes.get(_id(item)) is item))
    return Sequence((*items, *added), over.mark)


def _changes(over: Sequence, findings: Findings) -> dict[str, Mapping]:
    """Give the items that change one of the same id, or are new."""
    changes: dict[str, Mapping] = {}
    for item in over.items:
        identity = _id(item)
        if identity in changes:
            message = f"has the id '{identity}' of line {changes[identity].mark.line}: write all changes in one place"
            findings.wrong(message, item.mark)
        elif identity and isinstance(item, Mapping):
            changes[identity] = item
        elif _removes(item):
            findings.wrong("removes a check, and has no id to say which", item.mark)
    return changes


def _changed(base: Sequence, changes: dict[str, Mapping], findings: Findings) -> Iterator[Node]:
    """Give the items of the extended profile as they are now, and take their changes away."""
    for item in base.items:
        change = changes.pop(_id(item), None)
        if change is None or not isinstance(item, Mapping):
            yield item
        elif not _removes(change):
            yield _structure(item, change, findings)


def _id(item: Node) -> str:
    found = item.get("id") if isinstance(item, Mapping) else None
    return found.text if isinstance(found, Scalar) else ""


def _removes(item: Node) -> bool:
    found = item.get("remove") if isinstance(item, Mapping) else None
    return isinstance(found, Scalar) and found.text == "true"
