"""postgres.query against a real server: values as they are, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal

import anyio
import pytest

from agent.probe import Need, ProbeError, Unreachable, Unreadable
from probes.postgres.query import QueryProbe

from .server import PASSWORD, whole

CALL = "which is a metric of this kind: call it something else"


@pytest.fixture
def ask(server):
    async def ask(query, role="postgres", **settings):
        return await QueryProbe(dsn=server.dsn(role, more="sslmode=disable"), query=query, **settings).measure()

    return ask


async def test_one_value(ask):
    reading = await ask("SELECT setting::int AS max_connections FROM pg_settings WHERE name = 'max_connections'")
    assert (reading.value, reading.rows, reading.named) == (40, 1, {"max_connections": 40})
    assert 0 < reading.latency_seconds < 60


async def test_one_row(ask):
    reading = await ask("SELECT count(*) AS orders, sum(total) AS total, 'x' AS label FROM orders")
    assert (reading.value, reading.rows) == (None, 1)
    assert reading.named == {"orders": 3, "total": Decimal("21.10"), "label": "x"}


async def test_several_rows_are_lists(ask):
    reading = await ask("SELECT id, total FROM orders ORDER BY id")
    assert (reading.value, reading.rows) == (None, 3)
    assert reading.named == {"id": [1, 2, 3], "total": [Decimal("1.10"), Decimal(20), None]}
    assert (await ask("SELECT id FROM orders ORDER BY id")).value == [1, 2, 3]


async def test_no_row_and_null_are_absent(ask):
    reading = await ask("SELECT id FROM orders WHERE false")
    assert (reading.value, reading.rows, reading.named) == (None, 0, {"id": None})
    assert (await ask("SELECT NULL AS nothing")).named == {"nothing": None}


async def test_a_column_without_a_name_is_only_the_value(ask):
    reading = await ask("SELECT 1 + 1")
    assert (reading.value, reading.named) == (2, {})
    assert (await ask("SELECT 1, 2")).named == {}


async def test_the_only_column_may_be_called_value(ask):
    reading = await ask("SELECT 7 AS value")
    assert (reading.value, reading.named) == (7, {})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("true", True),
        ("1.10::numeric", Decimal("1.10")),
        ("9007199254740993::bigint", 9007199254740993),
        ("0.1::float8", 0.1),
        ("'ä'::text", "ä"),
        ("'2026-12-01'::date", "2026-12-01"),
        ("'10:30'::time", "10:30:00"),
        ("'2026-12-01 10:30:00.25+01'::timestamptz", datetime(2026, 12, 1, 9, 30, 0, 250000, tzinfo=UTC)),
        ("'infinity'::timestamptz", Unreadable("infinity is no time that can be judged")),
        ("'0044-03-15 BC'::timestamptz", Unreadable("0044-03-15 00:00:00+00:53:28 BC is no time that can be judged")),
        (
            "'2026-12-01 10:30'::timestamp",
            Unreadable("2026-12-01 10:30:00 has no time zone: say which it is in, for instance … AT TIME ZONE 'UTC'"),
        ),
        ("interval '1 day 02:00:01.5'", Decimal("93601.5")),
        ("interval '-1 day +02:00'", Decimal(-79200)),
        ("interval '-00:00:01'", Decimal(-1)),
        ("interval '1 year 2 mons'", Decimal(31557600 + 2 * 2592000)),
        ("interval '0'", Decimal(0)),
        ("interval 'infinity'", Unreadable("infinity is no length of time")),
        ("ARRAY[interval '1 min']", [Decimal(60)]),
        ("""'{"a": [1.10, null]}'::json""", {"a": [Decimal("1.10"), None]}),
        ("""'{"a": 1}'::jsonb""", {"a": 1}),
        ("""'{"a": 1, "a": 2}'::json""", Unreadable('the JSON: the key "a" stands twice in one object')),
        ("ARRAY[1, NULL]", [1, None]),
        ("'\\xdead'::bytea", "\\xdead"),
        ("'10.0.0.1'::inet", "10.0.0.1"),
        ("int4range(1, 5)", "[1,5)"),
        ("row(1, 'a')", "(1,a)"),
        ("'00000000-0000-0000-0000-000000000001'::uuid", "00000000-0000-0000-0000-000000000001"),
        ("'a'::\"char\"", "a"),
        ("100 % 7", 2),
    ],
)
async def test_values_are_kept_as_they_are(ask, expression, value):
    assert (await ask(f"SELECT {expression}")).value == value


async def test_whatever_the_database_prefers_values_are_read_alike(server):
    styles = "-c datestyle=German -c intervalstyle=sql_standard -c extra_float_digits=0"
    dsn = server.dsn(more=f"options='{styles}'")
    query = "SELECT '2026-12-01 10:00+00'::timestamptz AS at, interval '1 day' AS lasts, 0.1::float8 + 0.2 AS sum"
    reading = await QueryProbe(dsn=dsn, query=query).measure()
    assert reading.named == {"at": datetime(2026, 12, 1, 10, tzinfo=UTC), "lasts": Decimal(86400), "sum": 0.1 + 0.2}


async def test_an_interval_keeps_its_unit_where_the_name_promises_another(ask):
    reading = await ask(
        "SELECT interval '90 min' AS lag_minutes, interval '1 min' AS lag_seconds, interval '1 s' AS lag"
    )
    assert reading.named == {"lag_minutes": "5400s", "lag_seconds": "60s", "lag": Decimal(1)}


async def test_parameters_are_no_part_of_the_statement(ask):
    reading = await ask("SELECT $1::int + 1 AS n, $2::text AS word", parameters=["41", "'; DROP TABLE orders --"])
    assert reading.named == {"n": 42, "word": "'; DROP TABLE orders --"}


@pytest.mark.parametrize("query", ["SHOW max_connections", "TABLE secrets", "VALUES (1)", "EXPLAIN SELECT 1"])
async def test_other_statements_that_read(ask, query):
    assert (await ask(query)).rows in (0, 1)


@pytest.mark.parametrize(("query", "parameters"), [("SELECT $2::int, '$3'", ["1"]), ("SELECT 1", ["1"])])
def test_each_parameter_is_given(query, parameters):
    count = 2 if "$2" in query else 0
    said = f"query has {count} parameters ($1 …), and parameters gives 1"
    with pytest.raises(ValueError, match=whole(said)):
        QueryProbe(dsn="host=db", query=query, parameters=parameters)


async def trouble(kind, ask, *args, **settings):
    with pytest.raises(kind) as caught:
        await ask(*args, **settings)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT wipe()", "cannot execute DELETE in a read-only transaction"),
        ("SELECT id FROM orders FOR UPDATE", "cannot execute SELECT FOR UPDATE in a read-only transaction"),
        ("SELECT * FROM gone", 'relation "gone" does not exist'),
        ("SELECT gone FROM orders", 'column "gone" does not exist'),
        ("SELECT 1 +", "syntax error at end of input"),
        ("SELECT 1/0", "division by zero"),
    ],
)
async def test_what_the_server_refuses_is_an_error_in_its_words(server, ask, query, said):
    assert await trouble(ProbeError, ask, query) == f"127.0.0.1:{server.port}: {said}"
    assert (await ask("SELECT count(*) FROM orders")).value == 3


@pytest.mark.parametrize(
    ("query", "lacks"),
    [
        ("SELECT * FROM secrets", "SELECT on table secrets"),
        ("SELECT * FROM closed.things", "USAGE on schema closed"),
        ("SELECT hidden()", "EXECUTE on function hidden"),
    ],
)
async def test_a_missing_privilege_is_named(server, ask, query, lacks):
    assert await trouble(ProbeError, ask, query, "shop") == f'127.0.0.1:{server.port}: role "shop" lacks {lacks}'


async def test_a_parameter_that_no_text_can_be_is_an_error(ask):
    said = await trouble(ProbeError, ask, "SELECT $1::text", parameters=["a\0b"])
    assert said.endswith(": PostgreSQL text fields cannot contain NUL (0x00) bytes")


async def test_a_query_of_megabytes_is_sent_whole(ask):
    assert (await ask("SELECT length('" + "x" * 5_000_000 + "')")).value == 5_000_000


async def test_a_query_that_takes_too_long_is_a_failure(server, ask):
    said = await trouble(Unreachable, ask, "SELECT pg_sleep(30)", statement_timeout=0.05)
    assert said == f"127.0.0.1:{server.port}: canceling statement due to statement timeout"


async def test_a_query_that_is_cut_short_ends_at_once(ask):
    with anyio.fail_after(5):
        with anyio.move_on_after(0.3) as scope:
            await ask("SELECT pg_sleep(30)", statement_timeout=1)
        assert scope.cancelled_caught


async def test_a_server_that_ends_the_query_has_failed(server, ask):
    async with anyio.create_task_group() as tasks:

        async def end():
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(31)'"
            query += " AND wait_event = 'PgSleep'"
            with server.admin() as admin:
                while not admin.execute(query).fetchall():
                    await anyio.sleep(0.01)

        tasks.start_soon(end)
        said = await trouble(Unreachable, ask, "SELECT pg_sleep(31)", statement_timeout=60)
    assert said == f"127.0.0.1:{server.port}: terminating connection due to administrator command"


async def test_more_rows_than_wanted_are_an_error(server, ask):
    query = "SELECT generate_series(1, 11)"
    assert (await ask(query, rows_limit=11)).rows == 11
    assert await trouble(ProbeError, ask, query, rows_limit=10) == (
        f"127.0.0.1:{server.port}: the query gives 11 rows, expected at most 10: aggregate, or add LIMIT"
    )


@pytest.mark.parametrize("query", ["SELECT repeat('x', 20000000)", "SELECT generate_series(1, 100000000)"])
@pytest.mark.parametrize("host", ["127.0.0.1", "socket"])
async def test_more_bytes_than_wanted_are_an_error(server, query, host):
    dsn = server.dsn(host=server.folder if host == "socket" else host, more="sslmode=disable")
    with pytest.raises(ProbeError, match="the answer has more than 1000000 bytes: ask for less, or raise limit"):
        await QueryProbe(dsn=dsn, query=query, limit=1_000_000).measure()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("WITH t AS (SELECT 1 AS rows) SELECT * FROM t", f"a column is called rows, {CALL}"),
        ("SELECT 1 AS value, 2 AS other", f"a column is called value, {CALL}"),
        ("SELECT 1 AS a, 2 AS a", "two columns are called a: call one something else"),
    ],
)
async def test_names_that_could_be_taken_for_something_else_are_errors(server, ask, query, said):
    told = f"127.0.0.1:{server.port}: {said}"
    assert await trouble(ProbeError, ask, query) == told
    assert await trouble(ProbeError, ask, f"SELECT * FROM ({query}) t WHERE false") == told


async def test_nothing_listens(closed_port):
    with pytest.raises(Unreachable, match=f"^127.0.0.1:{closed_port}: connection refused$"):
        await QueryProbe(dsn=f"host=127.0.0.1 port={closed_port}", query="SELECT 1").measure()


async def test_text_that_the_server_cannot_send_is_an_error(server):
    server.sql("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0")
    try:
        with pytest.raises(ProbeError, match="invalid byte sequence"):
            await QueryProbe(dsn=server.dsn(database="bytes"), query="SELECT E'\\377'").measure()
    finally:
        server.sql("DROP DATABASE bytes WITH (FORCE)")


def test_what_it_takes():
    probe = QueryProbe(dsn="host=db dbname=shop", query="SELECT 1")
    assert probe.target() == "db"
    assert probe.permissions() == (
        Need("network", "connect", "db:5432"),
        Need("postgres", "CONNECT", "database shop"),
        Need("postgres", "SELECT", "what the query reads in database shop"),
    )


def test_a_timeout_of_nothing_would_be_none():
    with pytest.raises(ValueError, match=r"^statement_timeout is below a millisecond, which would be none$"):
        QueryProbe(dsn="host=db", query="SELECT 1", statement_timeout=0)
