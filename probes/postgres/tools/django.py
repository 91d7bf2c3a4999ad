"""Django: Python files by app, and a table with one row for each that is applied."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import msgspec

from probes.postgres.tools.tool import Plan, Recorded, Row, assigned, entries, parsed, refuse_empty

__all__ = ["Django"]


class _Migration(msgspec.Struct, frozen=True):
    name: str
    replaces: tuple[str, ...] = ()
    """Migrations that this one was squashed from."""


class Django:
    """Names are `app.0001_initial`; the app is the folder that holds `migrations`."""

    form = r"\w+\.\w+"
    table = "django_migrations"
    columns = "app, name"
    order = "id"

    def recorded(self, rows: Sequence[Row], app: str) -> Recorded:
        """Take every row for applied; Django records no failure, because it rolls back."""
        names = tuple(f"{owner}.{name}" for owner, name in rows if app in ("", owner))
        return Recorded(names[-1] if names else None, names)

    def plan(self, recorded: Recorded, folders: Sequence[Path], app: str) -> Plan:
        """Compare app by app; what other apps (Django's own) have applied is no concern of the folders."""
        found = {one.name: one for folder in folders for one in _migrations(folder, app)}
        refuse_empty(found, folders, "shop/migrations/0001_initial.py")
        done = _done(found, set(recorded.applied))
        skipped = _skipped(found, done)
        ours = {name.partition(".")[0] for name in found}
        replaced = {name for one in found.values() for name in one.replaces}
        return Plan(
            head=max(found, key=lambda name: name.partition(".")[2]) if len(ours) == 1 else None,
            pending=tuple(name for name in found if name not in done and name not in skipped),
            unexpected=tuple(
                name
                for name in recorded.applied
                if name.partition(".")[0] in ours and name not in found and name not in replaced
            ),
        )

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether `app.name` is applied."""
        return head in recorded.applied


def _migrations(folder: Path, app: str) -> list[_Migration]:
    """Read the migrations of a folder that is one app's, or of the apps in it."""
    homes = [folder] if folder.name == "migrations" else [home / "migrations" for home in entries(folder, folders=True)]
    found = []
    for home in homes:
        owner = home.absolute().parent.name
        if app in ("", owner) and (home is folder or home.is_dir()):
            files = (file for file in entries(home) if file.suffix == ".py" and file.name[0] not in "_~")
            found += [_Migration(f"{owner}.{file.stem}", _replaces(file)) for file in files]
    return found


def _replaces(file: Path) -> tuple[str, ...]:
    for statement in parsed(file).body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Migration":
            replaced = assigned(statement.body).get("replaces")
            pairs = replaced if isinstance(replaced, list | tuple) else ()
            return tuple(".".join(map(str, pair)) for pair in pairs if isinstance(pair, tuple))
    return ()


def _done(found: dict[str, _Migration], applied: set[str]) -> set[str]:
    """Add squashed migrations whose parts are all applied, and the parts of those that are applied."""
    before = set[str]()
    while applied != before:  # what was squashed may have been squashed again
        before = set(applied)
        for one in found.values():
            if one.replaces and (one.name in applied or applied.issuperset(one.replaces)):
                applied |= {one.name, *one.replaces}
    return applied


def _skipped(found: dict[str, _Migration], done: set[str]) -> set[str]:
    """Give what Django will not apply: the parts of a squashed one, or the squashed one when it began with parts."""
    skipped: set[str] = set()
    for one in found.values():
        if one.replaces and one.name not in done:
            skipped |= {one.name} if done.intersection(one.replaces) else set(one.replaces)
    return skipped
