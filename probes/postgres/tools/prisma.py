"""Prisma Migrate: a folder for each migration, and a table that keeps failures until somebody resolves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probes.postgres.tools.tool import Plan, Recorded, Row, against, entries, refuse_empty

__all__ = ["Prisma"]


class Prisma:
    """Names are folders: `20260101120000_add_column`."""

    form = r"\S+"
    table = "_prisma_migrations"
    columns = "migration_name, finished_at IS NOT NULL, rolled_back_at IS NOT NULL"
    order = "started_at"

    def recorded(self, rows: Sequence[Row], _app: str) -> Recorded:
        """Take for applied what was finished and not rolled back, for failed what is neither."""
        applied = tuple(str(name) for name, finished, taken_back in rows if finished and not taken_back)
        failed = tuple(str(name) for name, finished, taken_back in rows if not finished and not taken_back)
        return Recorded(max(applied, default=None), applied, failed)

    def plan(self, recorded: Recorded, folders: Sequence[Path], _app: str) -> Plan:
        """Compare name by name."""
        inner = (one for folder in folders for one in entries(folder, folders=True))
        names = sorted(one.name for one in inner if (one / "migration.sql").is_file())
        refuse_empty(names, folders, "20260101120000_init/migration.sql")
        return against(recorded, names)

    def reached(self, recorded: Recorded, head: str) -> bool:
        """Tell whether a migration is applied."""
        return head in recorded.applied
