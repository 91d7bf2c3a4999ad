"""A migration tool: what its table records, what its folder holds, and what of that is still to be applied."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from agent.probe import ProbeError, Unreadable
from probes.http.words import system

__all__ = ["Plan", "Recorded", "Tool", "against", "assigned", "entries", "parsed", "refuse_empty"]

_LARGEST = 1 << 20
Row = tuple[Any, ...]


class Recorded(msgspec.Struct, frozen=True):
    """What a database says of its own migrations."""

    version: str | Unreadable | None
    """The newest that is applied, as the tool calls it; absent when none is."""
    applied: tuple[str, ...]
    """All that are applied, as far as the tool records them."""
    failed: tuple[str, ...] = ()
    """Those that were begun and neither finished nor taken back."""
    dirty: bool = False
    """Whether a migration runs or was broken off, by the tool's own mark."""


class Plan(msgspec.Struct, frozen=True):
    """What a folder of migrations says of a database."""

    head: str | Unreadable | None
    """The newest migration."""
    pending: tuple[str, ...] | Unreadable
    """Those to be applied, in their order."""
    unexpected: tuple[str, ...] = ()
    """Applied ones that the folder does not hold."""


class Tool(Protocol):
    """One tool."""

    form: str
    """Pattern of what it calls a migration."""
    table: str
    """Its table, unless the operator's has another name."""
    columns: str
    """What is read from the table, in SQL, and in which order."""
    order: str

    def recorded(self, rows: Sequence[Row], app: str) -> Recorded:
        """Read the rows of the table."""

    def plan(self, recorded: Recorded, folders: Sequence[Path], app: str) -> Plan:
        """Compare with the folders; reads files.  Raises ProbeError when they cannot be read or hold nothing."""

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether a migration, by the tool's name for it, is applied."""


def against(
    recorded: Recorded,
    names: Sequence[str],
    key: Callable[[str], object] = str,
    head: Callable[[str], str] = str,
) -> Plan:
    """Compare, where a folder lists all migrations in their order and the table each one that is applied.

    `key` makes names comparable; `head` is what the tool calls the newest.
    """
    applied = {key(name) for name in recorded.applied}
    known = {key(name) for name in names}
    return Plan(
        head=head(names[-1]),
        pending=tuple(name for name in names if key(name) not in applied),
        unexpected=tuple(name for name in recorded.applied if key(name) not in known),
    )


def entries(folder: Path, *, folders: bool = False) -> Iterator[Path]:
    """List what is in a folder: its files, or its folders.  Raises ProbeError."""
    try:
        found = sorted(entry for entry in folder.iterdir() if entry.is_dir() is folders)
    except OSError as error:
        raise ProbeError(f"{folder}: {system(error)}, expected the folder of migrations") from error
    yield from (entry for entry in found if not entry.name.startswith("."))


def refuse_empty(found: Iterable[object], folders: Sequence[Path], like: str) -> None:
    """Raise ProbeError when there is nothing to compare with: no migration is pending where none is."""
    if not any(True for _ in found):
        raise ProbeError(f"{', '.join(map(str, folders))}: no migration, expected files like {like}")


def parsed(file: Path) -> ast.Module:
    """Read a Python file without running it.  Raises ProbeError."""
    try:
        if file.stat().st_size > _LARGEST:
            raise ProbeError(f"{file}: more than {_LARGEST} bytes, expected a migration")
        return ast.parse(file.read_bytes())
    except OSError as error:
        raise ProbeError(f"{file}: {system(error)}") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProbeError(f"{file}: no Python that can be read") from error


def assigned(statements: Iterable[ast.stmt]) -> dict[str, Any]:
    """Give the names that are assigned a constant, or a list of such."""
    found = {}
    for statement in statements:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                try:
                    found[name] = ast.literal_eval(value)
                except (ValueError, TypeError, RecursionError, MemoryError):
                    continue
    return found
