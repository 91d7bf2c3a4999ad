"""Flyway: `V1.2__add_column.sql` and `R__view.sql`, and a table with a row for each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from probes.postgres.tools.tool import Plan, Recorded, Row, against, entries, refuse_empty

__all__ = ["Flyway"]

_FILE = re.compile(r"(?P<prefix>[VRB])(?P<version>[0-9][0-9._]*)?__(?P<what>.+)\.(?:sql|java|class|py|sh|ps1)")
_UNDONE = ("UNDO", "DELETE")
Key = tuple[object, ...]


class Flyway:
    """Names are scripts (`V1.2__add_column.sql`), the version is what stands in them (`1.2`)."""

    form = r"\d+(?:[._]\d+)*"
    table = "flyway_schema_history"
    columns = "version, script, type, success"
    order = "installed_rank"

    def recorded(self, rows: Sequence[Row], _app: str) -> Recorded:
        """Follow the history: a later row takes back an earlier one of its version, or repairs it."""
        applied: dict[Key, tuple[str | None, str]] = {}
        failed: dict[Key, str] = {}
        for version, script, kind, success in rows:
            if kind == "SCHEMA":  # Flyway made the schema, which is no migration
                continue
            script = _named(version, script)  # noqa: PLW2901
            key = _key(script)
            failed.pop(key, None)
            if str(kind).startswith(_UNDONE) and success:
                applied.pop(key, None)
            elif success:
                applied[key] = (version, f"{_BASELINE}{version}" if kind == "BASELINE" else script)
            else:
                failed[key] = script
        versions = [version for version, _ in applied.values() if version is not None]
        scripts = tuple(script for _, script in applied.values())
        return Recorded(max(versions, key=_ordered, default=None), scripts, tuple(failed.values()))

    def plan(self, recorded: Recorded, folders: Sequence[Path], _app: str) -> Plan:
        """Compare; what a baseline stands for is applied."""
        names = sorted((file.name for folder in folders for file in _files(folder)), key=_key)
        refuse_empty(names, folders, "V1__create.sql or R__view.sql")
        base = max((_baseline(name) for name in recorded.applied if name.startswith(_BASELINE)), default=())
        names = [name for name in names if not base or _key(name) > base or _key(name)[0] == _LAST]
        told = Recorded(None, tuple(name for name in recorded.applied if not name.startswith(_BASELINE)))
        if not names:
            return Plan(recorded.version, ())
        versioned = [match["version"] for name in names if (match := _FILE.fullmatch(name)) and match["version"]]
        head = max((version.replace("_", ".") for version in versioned), key=_ordered, default=recorded.version)
        plan = against(told, names, _key)
        return Plan(head, plan.pending, plan.unexpected)

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether a version, or one after it, is applied."""
        return isinstance(recorded.version, str) and _ordered(recorded.version) >= _ordered(head)


def _named(version: str | None, script: str) -> str:
    """Give the file's name; a migration in Java is recorded by its class (`db.migration.V1__Create`)."""
    name = script.rpartition("/")[2]
    if version is None:
        return name if _FILE.fullmatch(name) else f"R__{name.rpartition('R__')[2]}.java"
    return name if _FILE.fullmatch(name) else f"V{version}__{name.rpartition('__')[2]}.java"


_BASELINE = "baseline "
_LAST = 1 << 62
"""Repeatable migrations run after all that have a version."""


def _files(folder: Path) -> list[Path]:
    """List migrations in a folder and below, as Flyway does."""
    found = [file for file in entries(folder) if (match := _FILE.fullmatch(file.name)) and _is_one(match)]
    for inner in entries(folder, folders=True):
        found += _files(inner)
    return found


def _is_one(match: re.Match[str]) -> bool:
    """Tell migrations that are to be run: with a version, or repeatable; a baseline script is neither."""
    return match["prefix"] != "B" and (match["prefix"] == "V") == bool(match["version"])


def _key(script: str) -> Key:
    """Order scripts as Flyway runs them."""
    match = _FILE.fullmatch(script)
    if match and match["version"]:
        return _ordered(match["version"])
    return (_LAST, match["what"].replace("_", " ") if match else script)


def _ordered(version: str) -> Key:
    """Make 1.10 follow 1.9, and 1.0 and 01 equal to 1; a version that is no number comes first."""
    parts = [int(part) for part in re.split(r"[._]", version) if part.isdecimal()]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _baseline(name: str) -> Key:
    return _ordered(name.removeprefix(_BASELINE))
