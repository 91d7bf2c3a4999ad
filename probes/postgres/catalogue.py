"""Tables, columns and indexes: what the catalogue holds, as this role sees it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from psycopg import sql

from agent.probe import ProbeError
from probes.postgres.link import Link

__all__ = ["Absences", "absences", "parse_column", "parse_name", "table"]

_TABLES = """
SELECT n.nspname::text, pg_catalog.pg_table_is_visible(c.oid),
  pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %(name)s::text AND %(schema)s::text IN ('', n.nspname::text)
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 2 DESC, 1
"""

_COLUMNS = """
SELECT wanted FROM unnest(%(names)s::text[], %(schemas)s::text[], %(tables)s::text[], %(columns)s::text[])
  AS w (wanted, schema, tab, col)
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  WHERE c.relname = tab AND a.attname = col AND a.attnum > 0 AND NOT a.attisdropped
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN schema = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = schema END)
"""

_INDEXES = """
SELECT wanted, bool_and(i.indisvalid AND i.indisready AND i.indislive)
FROM unnest(%(names)s::text[], %(schemas)s::text[], %(indexes)s::text[]) AS w (wanted, schema, idx)
  LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid)
  ON c.relname = idx AND CASE WHEN schema = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = schema END
GROUP BY wanted
"""


class Absences(msgspec.Struct, frozen=True):
    """What was expected and is not as it should be."""

    missing: list[str]
    """Columns and indexes that are not there."""
    invalid: list[str]
    """Indexes that are there and not used: their making was broken off, or is not done."""


def parse_name(text: str) -> tuple[str, str]:
    """Read `name` or `schema.name`.  Raises ValueError."""
    schema, dot, name = text.rpartition(".")
    if not name or (dot and not schema) or "." in schema:
        raise ValueError(f"{text!r} is no name, expected name or schema.name")
    return schema, name


def parse_column(text: str) -> tuple[str, str, str]:
    """Read `table.column` or `schema.table.column`.  Raises ValueError."""
    parts = text.split(".")
    if len(parts) not in (2, 3) or not all(parts):
        raise ValueError(f"{text!r} is no column, expected table.column or schema.table.column")
    return parts[0] if len(parts) == 3 else "", parts[-2], parts[-1]


async def table(link: Link, name: str) -> sql.Composable | None:
    """Find a table; None when there is none.  Raises ProbeError when this role cannot read it or not be sure."""
    schema, bare = parse_name(name)
    cursor = await link.execute(_TABLES, {"name": bare, "schema": schema})
    found = await cursor.fetchall()
    if not found:
        return None
    home, visible, usable, readable = found[0]
    if not usable:
        raise ProbeError(f'role "{link.role}" lacks USAGE on schema {home}, which holds {bare}')
    if not visible and not schema:
        homes = ", ".join(row[0] for row in found)
        raise ProbeError(f"{bare} is in schema {homes}, which is not on the search path: say table: {home}.{bare}")
    if not readable:
        raise ProbeError(f'role "{link.role}" lacks SELECT on table {home}.{bare}')
    return sql.Identifier(home, bare)


async def absences(link: Link, columns: Sequence[str], indexes: Sequence[str]) -> Absences:
    """Look for columns and indexes; a name without schema is looked for on the search path."""
    missing: list[str] = []
    invalid: list[str] = []
    if columns:
        schemas, tables, names = zip(*map(parse_column, columns), strict=True)
        wanted = {"names": list(columns), "schemas": list(schemas), "tables": list(tables), "columns": list(names)}
        missing += [row[0] for row in await (await link.execute(_COLUMNS, wanted)).fetchall()]
    if indexes:
        schemas, names = zip(*map(parse_name, indexes), strict=True)
        wanted = {"names": list(indexes), "schemas": list(schemas), "indexes": list(names)}
        states: dict[str, bool | None] = dict(await (await link.execute(_INDEXES, wanted)).fetchall())
        missing += [name for name in indexes if states[name] is None]
        invalid += [name for name in indexes if states[name] is False]
    return Absences([name for name in (*columns, *indexes) if name in missing], invalid)
