"""Knex: JavaScript or TypeScript files, a table with a row for each, and a lock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probes.postgres.tools.tool import Plan, Recorded, Row, against, entries, refuse_empty

__all__ = ["Knex"]

_SUFFIXES = frozenset(
    {".js", ".ts", ".cjs", ".mjs", ".cts", ".mts", ".co", ".coffee", ".eg", ".iced", ".litcoffee", ".ls"}
)


class Knex:
    """Names are files without their ending, which differs between source and build.

    The version is the number in front, as `knex migrate:currentVersion` says it.
    """

    form = r"\S+"
    table = "knex_migrations"
    columns = "name"
    order = "id"

    def recorded(self, rows: Sequence[Row], _app: str) -> Recorded:
        """Take every row for applied; Knex records no failure."""
        names = tuple(_stem(str(name)) for (name,) in rows)
        return Recorded(max(map(_number, names), default=None), names)

    def plan(self, recorded: Recorded, folders: Sequence[Path], _app: str) -> Plan:
        """Compare name by name."""
        files = (file for folder in folders for file in entries(folder))
        names = sorted({_stem(file.name) for file in files if _is_one(file)})
        refuse_empty(names, folders, "20260101120000_add_column.js")
        return against(recorded, names, head=_number)

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether a migration is applied, by its number or its whole name."""
        wanted = _stem(head)
        return any(wanted in (name, _number(name)) for name in recorded.applied)


def _is_one(file: Path) -> bool:
    return file.suffix in _SUFFIXES and not file.name.endswith((".d.ts", ".d.cts", ".d.mts"))


def _stem(name: str) -> str:
    path = Path(name)
    return path.stem if path.suffix in _SUFFIXES else name


def _number(name: str) -> str:
    return name.partition("_")[0]
