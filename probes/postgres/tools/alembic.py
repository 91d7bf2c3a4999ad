"""Alembic: a graph of revisions in Python files, and a table that holds where the database stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from agent.probe import ProbeError, Unreadable
from probes.postgres.tools.tool import Plan, Recorded, Row, assigned, entries, parsed, refuse_empty

__all__ = ["Alembic"]


class _Revision(msgspec.Struct, frozen=True):
    name: str
    after: tuple[str, ...]
    """What it goes on from, and what it depends on."""
    goes_on_from: tuple[str, ...]


class Alembic:
    """https://alembic.sqlalchemy.org/en/latest/branches.html: several rows where branches were not merged."""

    form = r"\w+"
    table = "alembic_version"
    columns = "version_num"
    order = "version_num"

    def recorded(self, rows: Sequence[Row], _app: str) -> Recorded:
        """Give the revisions at which the database stands; those before them are not recorded."""
        names = tuple(str(name) for (name,) in rows)
        version = _only(names, "the database stands at")
        return Recorded(version, names)

    def plan(self, recorded: Recorded, folders: Sequence[Path], _app: str) -> Plan:
        """Walk the graph from the heads down to where the database stands."""
        graph = _graph(folders)
        followed = {name for revision in graph.values() for name in revision.goes_on_from}
        heads = tuple(name for name in graph if name not in followed)
        unexpected = tuple(name for name in recorded.applied if name not in graph)
        if unexpected:
            told = f"the database stands at {', '.join(unexpected)}, which {_where(folders)} does not hold"
            return Plan(_only(heads, "the heads are"), Unreadable(told), unexpected)
        done = set(_down(graph, recorded.applied))
        pending = tuple(name for name in _down(graph, heads) if name not in done)
        return Plan(_only(heads, "the heads are"), pending)

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether the database stands at a revision."""
        return head in recorded.applied


def _only(names: tuple[str, ...], what: str) -> str | Unreadable | None:
    if len(names) > 1:
        return Unreadable(f"{what} {len(names)} revisions: {', '.join(names)}")
    return names[0] if names else None


def _where(folders: Sequence[Path]) -> str:
    return ", ".join(map(str, folders))


def _graph(folders: Sequence[Path]) -> dict[str, _Revision]:
    graph = {}
    for folder in folders:
        for file in entries(folder):
            if file.suffix == ".py" and (revision := _revision(file)):
                graph[revision.name] = revision
    refuse_empty(graph, folders, "ae1027a6acf_add_column.py with a revision in it")
    for revision in graph.values():
        for name in revision.goes_on_from:
            if name not in graph:
                raise ProbeError(f"{_where(folders)}: {revision.name} goes on from {name}, which is not there")
    return graph


def _revision(file: Path) -> _Revision | None:
    found = assigned(parsed(file).body)
    if not isinstance(found.get("revision"), str):
        return None
    goes_on_from = _names(found.get("down_revision"))
    return _Revision(found["revision"], (*goes_on_from, *_names(found.get("depends_on"))), goes_on_from)


def _names(written: Any) -> tuple[str, ...]:  # noqa: ANN401  whatever the file assigns
    if isinstance(written, str):
        return (written,)
    return tuple(name for name in written if isinstance(name, str)) if isinstance(written, list | tuple) else ()


def _down(graph: Mapping[str, _Revision], names: Iterable[str]) -> list[str]:
    """List revisions and all that they rest on, each after what it rests on."""
    found: dict[str, None] = {}
    waiting = [(name, False) for name in reversed(list(names))]
    opened: set[str] = set()
    while waiting:
        name, ready = waiting.pop()
        if ready:
            found[name] = None
        elif name in graph and name not in opened:  # what is not in it is a label of a branch
            opened.add(name)
            waiting.append((name, True))
            waiting += [(before, False) for before in reversed(graph[name].after)]
    return list(found)
