"""Queries that are refused before a server sees them, and those that are not."""

import pytest

from probes.postgres.statement import parse_statement

from .server import whole

READS = "expected one that only reads"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "select 1;",
        "  SELECT 1 ; ; ",
        "(SELECT 1) UNION (SELECT 2)",
        "VALUES (1), (2)",
        "TABLE orders",
        "SHOW max_connections",
        "EXPLAIN SELECT 1",
        "WITH t AS (SELECT 1) SELECT * FROM t",
        "-- a comment; with a semicolon\nSELECT 1 /* ; /* nested ; */ ; */",
        "SELECT 'a;b', E'it\\'s; ', $$ ; $$, $x$ ; $$ ; $x$, \"a;b\", U&'d\\0061t', U&\"d;\"",
        "SELECT 'DELETE FROM orders', \"set_config\"('a')",
        "SELECT count(*) FILTER (WHERE action = 'update') FROM log",
        "SELECT updated, insert_count, delete_at FROM log",
        "SELECT id FROM orders FOR UPDATE",  # the server refuses it, in a read-only transaction
        "SELECT set_config FROM settings",
        "SELECT my_set_config('x')",
        "SELECT count(*) AS n FROM (SELECT 1 AS rows) AS rows",
        "SELECT 1 AS count FROM rows AS rows",
        "SELECT extract(epoch FROM now()) AS age",
        "SELECT $1::int, a$b FROM t",
    ],
)
def test_what_may_be_asked(query):
    parse_statement(query)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "is empty"),
        (" -- nothing\n ; ", "is empty"),
        ("SELECT 1; SELECT 2", "holds more than one statement"),
        ("SELECT 1; DROP TABLE orders", "holds more than one statement"),
        ("SELECT ';'; SELECT 2", "holds more than one statement"),
        ("SELECT 1\0; DROP TABLE orders", "holds a NUL character"),
        ("SELECT 'open", "has a ' without its end"),
        ('SELECT "open', 'has a " without its end'),
        ("SELECT $a$ open $b$", "has a $a$ without its end"),
        ("SELECT 1 /* open /* */", "has a /* without its end"),
        ("WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d", f"holds DELETE, {READS}"),
        ("WITH d AS (SELECT 1) INSERT INTO orders SELECT * FROM d", f"holds INSERT, {READS}"),
        ("WITH d AS (UPDATE orders SET id = 1 RETURNING 1) SELECT 1", f"holds UPDATE, {READS}"),
        ("WITH d AS (SELECT 1) UPDATE orders SET id = 1", f"holds UPDATE, {READS}"),
        (
            "WITH d AS (SELECT 1) MERGE INTO orders USING d ON true WHEN MATCHED THEN DELETE",
            f"holds MERGE, {READS}",
        ),
        ("EXPLAIN ANALYZE DELETE FROM orders", f"holds DELETE, {READS}"),
        ("SELECT * INTO copy FROM orders", "holds SELECT INTO, which makes a table"),
        (
            "SELECT pg_terminate_backend(pid) FROM t",
            f"calls pg_terminate_backend, which changes something, {READS}",
        ),
        ("SELECT PG_RELOAD_CONF ()", f"calls pg_reload_conf, which changes something, {READS}"),
        ("SELECT pg_catalog.set_config('a', 'b', true)", f"calls set_config, which changes something, {READS}"),
        ("SELECT nextval('s')", f"calls nextval, which changes something, {READS}"),
        ("SELECT lo_export(1, '/tmp/x')", f"calls lo_export, which changes something, {READS}"),
        ("SELECT pg_stat_reset_shared('io')", f"calls pg_stat_reset_shared, which changes something, {READS}"),
        (
            "SELECT count(*) AS rows FROM t",
            "a column is called rows, which is a metric of this kind: call it something else",
        ),
        (
            'SELECT 1, max(x) AS "latency_seconds"',
            "a column is called latency_seconds, which is a metric of this kind: call it something else",
        ),
    ],
)
def test_what_is_refused(query, said):
    with pytest.raises(ValueError, match=whole(said)):
        parse_statement(query)


@pytest.mark.parametrize(
    "word",
    ["DELETE", "UPDATE", "INSERT", "MERGE", "DROP", "CREATE", "ALTER", "TRUNCATE", "COPY", "DO", "CALL", "SET", "BEGIN",
     "COMMIT", "LOCK", "VACUUM", "NOTIFY", "LISTEN", "LOAD", "CHECKPOINT", "GRANT", "REFRESH", "PREPARE", "EXECUTE",
     "DECLARE", "FETCH", "DISCARD", "RESET", "REINDEX", "ANALYZE", "SELEC"],
)  # fmt: skip
def test_statements_of_another_kind_are_refused(word):
    said = f"begins with {word}, expected one that only reads: SELECT, WITH, VALUES, TABLE, SHOW, EXPLAIN"
    with pytest.raises(ValueError, match=whole(said)):
        parse_statement(f"{word.lower()} x")


def test_a_long_query_is_read_once():
    parse_statement("SELECT " + ", ".join(["'x''y'"] * 20_000))
    parse_statement("SELECT '" + "x" * 10_000_000 + "'")
    parse_statement("SELECT " + "(" * 10_000 + "1" + ")" * 10_000)
