"""Ask a PostgreSQL database one question that only reads."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

import psycopg
from msgspec import Meta
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from agent.probe import Bytes, Need, Probe, ProbeError, Reading, Seconds, Value, checked
from probes.postgres.columns import Table, read_values
from probes.postgres.connection import Text, needs
from probes.postgres.dsn import parse_dsn
from probes.postgres.link import LIMIT, Link, Overflow, opened
from probes.postgres.statement import parse_statement

__all__ = ["QueryProbe", "QueryReading"]


class QueryReading(Reading, frozen=True):
    """What a query gave.

    Each column is a metric under its name: its value where there is one row, a list of all rows' where there are
    several, absent where there is none or where it is NULL.  A `numeric` is exact, JSON is data, an `interval` a
    number of seconds (or in the unit that the column's name ends in), a `date` text; a `timestamp` without time
    zone cannot be read.  Two columns of one name, and one called like a metric here, are an error.
    """

    open_names = True

    rows: int
    """Number of rows."""
    latency_seconds: float
    """From sending the query until the last row."""
    value: Value = None
    """The only column, whatever it is called; absent where there are several."""


class QueryProbe(Probe, frozen=True):
    """Send one statement in a read-only transaction with a time limit, over a connection of its own.

    A server that does not answer, or not in time, has failed.  A query that the server refuses, because it is
    wrong, would write, or lacks a privilege, is an error, with the server's words or the privilege by name.
    """

    dsn: Text
    """Connection string, as for `postgres.connection`."""
    query: Annotated[str, checked(parse_statement)]
    """One statement that begins with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN."""
    parameters: list[str] = []
    """Texts for `$1`, `$2` … in the query, which the server gives their types: safer than writing them into it."""
    statement_timeout: Seconds = 10.0
    """How long the server works on it; longer is a failure.  Also after the check was cut short."""
    rows_limit: Annotated[int, Meta(ge=1)] = 1000
    """Rows that are read; more are an error: aggregate, or add LIMIT."""
    limit: Bytes = LIMIT
    """Bytes that are read; more are an error; default 8 MiB."""

    def __post_init__(self) -> None:
        """Refuse parameters that are too many or too few, and a timeout that would be none."""
        count = parse_statement(self.query)
        if count != len(self.parameters):
            raise ValueError(f"query has {count} parameters ($1 …), and parameters gives {len(self.parameters)}")
        if self.statement_timeout < 0.001:
            raise ValueError("statement_timeout is below a millisecond, which would be none")

    async def measure(self) -> QueryReading:
        """Connect and ask."""
        dsn = parse_dsn(self.dsn)
        async with opened(dsn, self.limit) as link:
            try:
                return await self._ask(link)
            except UnicodeDecodeError as error:
                raise ProbeError("the answer is not UTF-8") from error
            except Overflow as error:
                raise ProbeError(f"the answer has {error}: ask for less, or raise limit") from error

    def target(self) -> str:
        """Host that is asked."""
        return parse_dsn(self.dsn).host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, and the privilege to read."""
        dsn = parse_dsn(self.dsn)
        return (*needs(dsn), Need("postgres", "SELECT", f"what the query reads in database {dsn.database}"))

    async def _ask(self, link: Link) -> QueryReading:
        await begin(link, self.statement_timeout)
        cursor = psycopg.AsyncRawCursor(link)
        read_values(cursor)
        started = perf_counter()
        # Prepared, because only then the server itself refuses a second statement.
        await cursor.execute(self.query.encode(), self.parameters or None, prepare=True)
        elapsed = perf_counter() - started
        table = await self._table(cursor)
        return QueryReading(
            rows=len(table.rows),
            value=table.value(),
            latency_seconds=elapsed,
            named=table.named(),
        )

    async def _table(self, cursor: psycopg.AsyncCursor[TupleRow]) -> Table:
        """Read the rows that are there, when they are not too many."""
        count = cursor.pgresult.ntuples if cursor.pgresult else 0
        if count > self.rows_limit:
            raise ProbeError(
                f"the query gives {count} rows, expected at most {self.rows_limit}: aggregate, or add LIMIT"
            )
        size = _size(cursor.pgresult, count) if cursor.pgresult else 0
        if size > self.limit:
            raise Overflow(f"more than {self.limit} bytes")
        return Table([column.name for column in cursor.description or ()], await cursor.fetchall())


def _size(result: PGresult, rows: int) -> int:
    return sum(len(result.get_value(row, column) or b"") for row in range(rows) for column in range(result.nfields))


async def begin(link: Link, seconds: float) -> None:
    """Begin a transaction that cannot write, in which no statement takes longer.

    The styles are those that values are read in; a role or a database may have others.
    """
    await link.execute(
        f"BEGIN READ ONLY; SET LOCAL statement_timeout = {max(1, round(seconds * 1000))};"
        "SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1"
    )
