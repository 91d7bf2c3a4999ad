"""Tools that number their migrations: golang-migrate, and a plain `schema_migrations` (Rails, dbmate and others)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from probes.postgres.tools.tool import Plan, Recorded, Row, against, entries, refuse_empty

__all__ = ["GolangMigrate", "SchemaMigrations"]

_UP = re.compile(r"(?P<number>[0-9]+)_.*\.up\..+")
_ANY = re.compile(r"(?P<number>[0-9]+)(?:[_-].*)?\.[A-Za-z0-9.]+")


class GolangMigrate:
    """One row: the newest migration that was begun, and whether it was broken off."""

    form = r"\d+(?:[_.-].*)?"
    table = "schema_migrations"
    columns = "version, dirty"
    order = "version"

    def recorded(self, rows: Sequence[Row], _app: str) -> Recorded:
        """Take the version for failed while it is dirty: the database is then between it and the one before."""
        if not rows:
            return Recorded(None, ())
        version, dirty = str(rows[-1][0]), bool(rows[-1][1])
        return Recorded(version, (version,), (version,) if dirty else (), dirty)

    def plan(self, recorded: Recorded, folders: Sequence[Path], _app: str) -> Plan:
        """Take what is numbered higher for pending."""
        names = _numbered(folders, _UP, "000001_create.up.sql")
        at = int(recorded.version) if isinstance(recorded.version, str) else -1
        numbers = {_number(name) for name in names}
        return Plan(
            head=str(_number(names[-1])),
            pending=tuple(name for name in names if _number(name) > at),
            unexpected=() if at < 0 or at in numbers else (str(at),),
        )

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether the database is at this number or a higher one."""
        return isinstance(recorded.version, str) and int(recorded.version) >= _number(head)


class SchemaMigrations:
    """A row for each number that is applied."""

    form = r"\d+(?:[_.-].*)?"
    table = "schema_migrations"
    columns = "version"
    order = "version"

    def recorded(self, rows: Sequence[Row], _app: str) -> Recorded:
        """Take every row for applied."""
        versions = tuple(str(version) for (version,) in rows)
        return Recorded(max(versions, key=_number, default=None), versions)

    def plan(self, recorded: Recorded, folders: Sequence[Path], _app: str) -> Plan:
        """Compare number by number."""
        names = _numbered(folders, _ANY, "20260101120000_add_column.sql or .rb")
        return against(recorded, names, _number, head=lambda name: _digits(name) or name)

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether this number is applied."""
        return _number(head) in {_number(version) for version in recorded.applied}


def _numbered(folders: Sequence[Path], like: re.Pattern[str], example: str) -> list[str]:
    files = (file for folder in folders for file in entries(folder))
    down = (".down.", "_down.")
    names = [file.name for file in files if like.fullmatch(file.name) and not any(part in file.name for part in down)]
    refuse_empty(names, folders, example)
    return sorted(names, key=_number)


def _digits(name: str) -> str:
    match = re.match(r"[0-9]+", name)
    return match[0] if match else ""


def _number(name: str) -> int:
    """Give the number in front; -1 for none, which no file has."""
    return int(_digits(name) or -1)
