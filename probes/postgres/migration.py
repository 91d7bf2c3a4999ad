"""Compare a database's schema with the migrations that it should have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import psycopg
from anyio import to_thread
from msgspec import Meta
from psycopg import sql

from agent.probe import Need, Probe, ProbeError, Reading, Seconds, Unreachable, Unreadable, checked
from probes.postgres.catalogue import Absences, absences, parse_column, parse_name, table
from probes.postgres.connection import Text, needs
from probes.postgres.dsn import parse_dsn
from probes.postgres.link import Link, Overflow, opened
from probes.postgres.query import begin
from probes.postgres.tools.alembic import Alembic
from probes.postgres.tools.django import Django
from probes.postgres.tools.flyway import Flyway
from probes.postgres.tools.knex import Knex
from probes.postgres.tools.numbered import GolangMigrate, SchemaMigrations
from probes.postgres.tools.prisma import Prisma
from probes.postgres.tools.tool import Plan, Recorded, Tool

__all__ = ["MigrationProbe", "MigrationReading"]

_TOOLS: dict[str, Tool] = {
    "alembic": Alembic(),
    "django": Django(),
    "flyway": Flyway(),
    "golang-migrate": GolangMigrate(),
    "knex": Knex(),
    "prisma": Prisma(),
    "schema_migrations": SchemaMigrations(),
}
_ROWS = sql.SQL("SELECT {} FROM {} ORDER BY {}")
_LOCKED = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE is_locked = 1)")


class MigrationReading(Reading, frozen=True):
    """How a database stands to its migrations."""

    pending: int | Unreadable
    """How many are to be applied still.  With `head` at most 1, because what stands before it is not known.  It
    cannot be read where the database stands at a revision (Alembic) that `path` does not hold."""
    failed: int
    """How many were begun and neither finished nor taken back (Flyway, golang-migrate, Prisma)."""
    dirty: bool
    """Whether a migration runs or was broken off: golang-migrate's mark, Knex' lock; else false."""
    applied: int
    """How many are applied, as far as the tool records it: Alembic and golang-migrate record only the last."""
    missing: list[str]
    """Those of `columns` and `indexes` that are not there."""
    invalid: list[str]
    """Those of `indexes` that are there and that PostgreSQL does not use: not valid, or not ready."""
    version: str | Unreadable | None = None
    """The newest that is applied: a revision (Alembic), `app.name` (Django), a name (Prisma), a number or version
    (others); absent when none is.  It cannot be read where the database stands at several revisions."""
    head: str | Unreadable | None = None
    """The newest of `path`, or `head`; absent where folders of several apps (Django) have no one newest."""
    pending_names: list[str] | Unreadable | None = None
    """Those to be applied, in their order."""
    failed_names: list[str] = []
    """Those that failed."""
    unexpected: list[str] | None = None
    """Applied ones that `path` does not hold: the database is ahead of the code; absent without `path`."""


class MigrationProbe(Probe, frozen=True):
    """Read the table of a migration tool and compare it with a folder of migrations or with the newest of them.

    By default nothing may be pending, failed, dirty, missing or invalid.  A database without the tool's table has
    applied nothing.  A folder without migrations, and a table that the role may not read, are errors.  Nothing is
    run: the files are read only.
    """

    defaults = {
        "pending": "0",
        "failed": "0",
        "dirty": "false",
        "missing": {"equals": []},
        "invalid": {"equals": []},
    }

    dsn: Text
    """Connection string, as for `postgres.connection`."""
    tool: Literal["alembic", "django", "flyway", "golang-migrate", "knex", "prisma", "schema_migrations"]
    """Who applies the migrations; `schema_migrations` is a table of that name with a row for each number, as Rails,
    dbmate and others keep it."""
    path: str | Annotated[list[str], Meta(min_length=1)] = []
    """Folder of the migrations, or several: Alembic's `versions`, `prisma/migrations`, `db/migrate`; for Django an
    app's `migrations` or the folder that holds the apps.  This, or `head`."""
    head: str = ""
    """The newest migration, as the tool calls it (see `version`), where the folder is not at hand."""
    table: Annotated[str, checked(parse_name)] | None = None
    """The tool's table, as `name` or `schema.name`; default: as the tool calls it, on the search path."""
    app: str = ""
    """Django: look at this app only."""
    columns: list[Annotated[str, checked(parse_column)]] = []
    """Columns that must be there, as `table.column` or `schema.table.column`, spelt as in the catalogue."""
    indexes: list[Annotated[str, checked(parse_name)]] = []
    """Indexes that must be there and be valid, as `name` or `schema.name`."""
    statement_timeout: Seconds = 10.0
    """How long the server works on one statement; longer is a failure."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        if bool(self.path) == bool(self.head):
            raise ValueError("give either path (the folder of the migrations) or head (the newest of them)")
        if self.head and not re.fullmatch(_TOOLS[self.tool].form, self.head):
            raise ValueError(f"head is {self.head!r}, which {self.tool} calls no migration")
        if self.app and self.tool != "django":
            raise ValueError("app is for tool: django")

    async def measure(self) -> MigrationReading:
        """Read the table, then the folder."""
        dsn = parse_dsn(self.dsn)
        async with opened(dsn) as link:
            try:
                recorded, absent = await self._ask(link)
            except Overflow as error:
                raise Unreachable(f"the table of migrations has {error}") from error
        plan = await to_thread.run_sync(self._plan, recorded, abandon_on_cancel=True)
        return _reading(recorded, plan, absent, compared=bool(self.path))

    def target(self) -> str:
        """Host that is asked."""
        return parse_dsn(self.dsn).host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, the table and the folders."""
        dsn = parse_dsn(self.dsn)
        tables = Need("postgres", "SELECT", f"{self._table_name()} in database {dsn.database}")
        return (*needs(dsn), tables, *(Need("file", "read", str(folder)) for folder in self._folders()))

    def _table_name(self) -> str:
        return self.table or _TOOLS[self.tool].table

    def _folders(self) -> tuple[Path, ...]:
        return tuple(map(Path, [self.path] if isinstance(self.path, str) else self.path))

    def _plan(self, recorded: Recorded) -> Plan:
        tool = _TOOLS[self.tool]
        if not self.head:
            return tool.plan(recorded, self._folders(), self.app)
        return Plan(self.head, () if tool.reached(recorded, self.head) else (self.head,))

    async def _ask(self, link: Link) -> tuple[Recorded, Absences]:
        await begin(link, self.statement_timeout)
        recorded = await self._recorded(link)
        return recorded, await absences(link, self.columns, self.indexes)

    async def _recorded(self, link: Link) -> Recorded:
        tool, found = _TOOLS[self.tool], await table(link, self._table_name())
        if found is None:
            return tool.recorded([], self.app)
        query = _ROWS.format(sql.SQL(tool.columns), found, sql.SQL(tool.order))
        try:
            rows = await (await link.execute(query)).fetchall()
        except psycopg.errors.UndefinedColumn as error:
            raise ProbeError(
                f"{self._table_name()} is no table of {self.tool}: {error.diag.message_primary}"
            ) from error
        recorded = tool.recorded(rows, self.app)
        return msgspec.structs.replace(recorded, dirty=recorded.dirty or await self._locked(link))

    async def _locked(self, link: Link) -> bool:
        """Tell whether Knex holds its lock: it runs, or was killed while it did."""
        lock = await table(link, f"{self._table_name()}_lock") if self.tool == "knex" else None
        row = await (await link.execute(_LOCKED.format(lock))).fetchone() if lock else None
        return bool(row and row[0])


def _reading(recorded: Recorded, plan: Plan, absent: Absences, *, compared: bool) -> MigrationReading:
    pending = plan.pending
    return MigrationReading(
        version=recorded.version,
        head=plan.head,
        pending=pending if isinstance(pending, Unreadable) else len(pending),
        pending_names=pending if isinstance(pending, Unreadable) else list(pending),
        failed=len(recorded.failed),
        failed_names=list(recorded.failed),
        dirty=recorded.dirty,
        applied=len(recorded.applied),
        unexpected=list(plan.unexpected) if compared else None,
        missing=absent.missing,
        invalid=absent.invalid,
    )
