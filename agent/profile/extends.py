"""`extends`: one profile is another with changes.

Mappings merge by key, `checks` by explicit id, `remove: true` removes a check, lists replace.
"""

from __future__ import annotations

from pathlib import Path

from agent.findings import Findings, locate
from agent.node import Entry, Mapping, Node, Scalar, Sequence


def merged(path: Path, root: Mapping, findings: Findings, seen: tuple[Path, ...] = ()) -> Mapping:
    """Give the whole of a profile: what it extends, changed by what it says."""
    written = root.get("extends")
    own = Mapping(tuple(entry for entry in root.entries if entry.key.text != "extends"), root.mark)
    if written is None:
        return own
    if not isinstance(written, Scalar) or written.empty:
        findings.wrong("extends is not the name of a file", written.mark)
        return own
    return _over(path, written, own, findings, (*seen, path.resolve()))


def _over(path: Path, written: Scalar, own: Mapping, findings: Findings, seen: tuple[Path, ...]) -> Mapping:
    if "$(" in written.text:
        findings.wrong("extends takes no substitution: it is read before there are variables", written.mark)
        return own
    base = locate(written.text, path)
    if base.resolve() in seen:
        findings.wrong(f"extends goes in a circle: {written.text} leads back here", written.mark)
        return own
    source = findings.read(base, written.mark)
    if source is None:
        return own
    return _merge(merged(base, source.root, findings, seen), own, findings)


def _merge(base: Mapping, over: Mapping, findings: Findings) -> Mapping:
    changed = {entry.key.text: entry for entry in over.entries}
    entries = [_entry(entry, changed.pop(entry.key.text, None), findings) for entry in base.entries]
    return Mapping((*entries, *changed.values()), over.mark)


def _entry(base: Entry, over: Entry | None, findings: Findings) -> Entry:
    if over is None:
        return base
    return Entry(over.key, _value(over.key.text, base.value, over.value, findings))


def _value(key: str, base: Node, over: Node, findings: Findings) -> Node:
    if key == "checks" and isinstance(base, Sequence) and isinstance(over, Sequence):
        return _checks(base, over, findings)
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return _merge(base, over, findings)
    return over


def _checks(base: Sequence, over: Sequence, findings: Findings) -> Sequence:
    changes = {_id(item): item for item in over.items if _id(item)}
    items: list[Node] = []
    for item in base.items:
        change = changes.pop(_id(item), None)
        if change is None:
            items.append(item)
        elif not _removes(change) and isinstance(item, Mapping) and isinstance(change, Mapping):
            items.append(_merge(item, change, findings))
    for change in changes.values():
        if _removes(change):
            findings.wrong(f"removes '{_id(change)}', which is no id in the extended profile", change.mark)
    added = [item for item in over.items if not _removes(item) and (not _id(item) or _id(item) in changes)]
    return Sequence((*items, *added), over.mark)


def _id(item: Node) -> str:
    found = item.get("id") if isinstance(item, Mapping) else None
    return found.text if isinstance(found, Scalar) else ""


def _removes(item: Node) -> bool:
    found = item.get("remove") if isinstance(item, Mapping) else None
    return isinstance(found, Scalar) and found.text == "true"
