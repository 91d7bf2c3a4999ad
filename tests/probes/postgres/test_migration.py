"""postgres.migration against a real server: each tool's table, up to date, behind, failed, unreadable."""

import pytest

from agent.probe import Need, ProbeError, Unreachable, Unreadable
from probes.postgres.catalogue import parse_column, parse_name
from probes.postgres.migration import MigrationProbe

from .server import PASSWORD, whole


@pytest.fixture
def schema(server):
    """A schema of the test's own; gives how to fill it, and the dsn of a role that looks into it."""

    class Schema:
        place = f"127.0.0.1:{server.port}"

        def sql(self, *statements):
            server.sql(*(f"SET search_path TO mine; {statement}" for statement in statements))

        def dsn(self, role="postgres"):
            return server.dsn(role, more="sslmode=disable options='-c search_path=mine'")

    server.sql("CREATE SCHEMA mine", "GRANT USAGE ON SCHEMA mine TO shop")
    yield Schema()
    server.sql("DROP SCHEMA IF EXISTS mine CASCADE", "DROP SCHEMA IF EXISTS elsewhere CASCADE")


def write(folder, *names, text=""):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


async def look(schema, tool, **settings):
    return await MigrationProbe(dsn=schema.dsn(), tool=tool, **settings).measure()


async def trouble(kind, probe):
    with pytest.raises(kind) as caught:
        await probe.measure()
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def facts(reading):
    return {
        name: getattr(reading, name)
        for name in ("version", "head", "pending", "pending_names", "failed_names", "dirty", "applied", "unexpected")
    }


ALEMBIC = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"


def revision(name, after):
    return f'"""Change something."""\nfrom alembic import op\n\nrevision: str = {name!r}\ndown_revision = {after!r}\n'


async def test_alembic(schema, tmp_path):
    for name, after in {"a1": None, "b2": "a1", "c3": "b2"}.items():
        write(tmp_path, f"{name}_change.py", text=revision(name, after))
    write(tmp_path, "helper.py", "README")
    schema.sql(ALEMBIC, "INSERT INTO alembic_version VALUES ('b2')")
    reading = await look(schema, "alembic", path=str(tmp_path))
    assert facts(reading) == {
        "version": "b2",
        "head": "c3",
        "pending": 1,
        "pending_names": ["c3"],
        "failed_names": [],
        "dirty": False,
        "applied": 1,
        "unexpected": [],
    }
    schema.sql("UPDATE alembic_version SET version_num = 'c3'")
    assert (await look(schema, "alembic", path=str(tmp_path))).pending == 0
    schema.sql("UPDATE alembic_version SET version_num = 'd4'")
    ahead = await look(schema, "alembic", path=str(tmp_path))
    assert ahead.pending == Unreadable(f"the database stands at d4, which {tmp_path} does not hold")
    assert (ahead.pending_names, ahead.unexpected) == (ahead.pending, ["d4"])


DJANGO = "CREATE TABLE django_migrations (id serial PRIMARY KEY, app text, name text, applied timestamptz)"


async def test_django(schema, tmp_path):
    write(tmp_path, "shop/migrations/0001_initial.py", "shop/migrations/0002_price.py", "shop/migrations/__init__.py")
    write(tmp_path, "users/migrations/0001_initial.py", "static/logo.svg")
    schema.sql(
        DJANGO,
        "INSERT INTO django_migrations (app, name) VALUES ('auth', '0001_initial'), ('shop', '0001_initial'),"
        " ('users', '0001_initial'), ('users', '0002_gone')",
    )
    assert facts(await look(schema, "django", path=str(tmp_path))) == {
        "version": "users.0002_gone",
        "head": None,
        "pending": 1,
        "pending_names": ["shop.0002_price"],
        "failed_names": [],
        "dirty": False,
        "applied": 4,
        "unexpected": ["users.0002_gone"],
    }
    of_shop = await look(schema, "django", path=str(tmp_path / "shop/migrations"), app="shop")
    assert (of_shop.version, of_shop.head, of_shop.applied) == ("shop.0001_initial", "shop.0002_price", 1)


PRISMA = """CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at timestamptz,
migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz DEFAULT now(),
applied_steps_count int DEFAULT 0)"""


async def test_prisma(schema, tmp_path):
    names = ("20260101_init", "20260102_price", "20260103_name")
    write(tmp_path, *(f"{name}/migration.sql" for name in names), "migration_lock.toml")
    (tmp_path / "empty").mkdir()
    schema.sql(
        PRISMA,
        "INSERT INTO _prisma_migrations (id, migration_name, started_at, finished_at, rolled_back_at) VALUES"
        " ('1', '20260101_init', '2026-01-01', '2026-01-01', NULL),"
        " ('2', '20260102_price', '2026-01-02', NULL, '2026-01-02'),"
        " ('3', '20260102_price', '2026-01-03', NULL, NULL)",
    )
    assert facts(await look(schema, "prisma", path=str(tmp_path))) == {
        "version": "20260101_init",
        "head": "20260103_name",
        "pending": 2,
        "pending_names": ["20260102_price", "20260103_name"],
        "failed_names": ["20260102_price"],
        "dirty": False,
        "applied": 1,
        "unexpected": [],
    }


FLYWAY = """CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description text,
type varchar(20), script varchar(1000), checksum int, installed_by text, installed_on timestamp, execution_time int,
success boolean)"""


def ran(*rows):
    values = ", ".join(
        f"({rank}, {'NULL' if version is None else repr(version)}, {kind!r}, {script!r}, {success})"
        for rank, (version, kind, script, success) in enumerate(rows)
    )
    return f"INSERT INTO flyway_schema_history (installed_rank, version, type, script, success) VALUES {values}"


async def test_flyway(schema, tmp_path):
    write(tmp_path, "V1__create.sql", "V1.9__a.sql", "sub/V1_10__b.sql", "R__view.sql", "U1.9__a.sql", "notes.txt")
    schema.sql(
        FLYWAY,
        ran(
            (None, "SCHEMA", '"mine"', True),
            ("1", "SQL", "V1__create.sql", True),
            ("1.9", "SQL", "V1.9__a.sql", False),
        ),
    )
    assert facts(await look(schema, "flyway", path=str(tmp_path))) == {
        "version": "1",
        "head": "1.10",
        "pending": 3,
        "pending_names": ["V1.9__a.sql", "V1_10__b.sql", "R__view.sql"],
        "failed_names": ["V1.9__a.sql"],
        "dirty": False,
        "applied": 1,
        "unexpected": [],
    }


KNEX = "CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int, migration_time timestamptz)"
LOCK = "CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked int)"


async def test_knex(schema, tmp_path):
    write(tmp_path, "20260101_create.ts", "20260102_price.ts", "types.d.ts", "README.md")
    schema.sql(
        KNEX,
        LOCK,
        "INSERT INTO knex_migrations (name) VALUES ('20260101_create.js')",
        "INSERT INTO knex_migrations_lock (is_locked) VALUES (1)",
    )
    assert facts(await look(schema, "knex", path=str(tmp_path))) == {
        "version": "20260101",
        "head": "20260102",
        "pending": 1,
        "pending_names": ["20260102_price"],
        "failed_names": [],
        "dirty": True,
        "applied": 1,
        "unexpected": [],
    }
    schema.sql("UPDATE knex_migrations_lock SET is_locked = 0")
    assert not (await look(schema, "knex", path=str(tmp_path))).dirty


async def test_golang_migrate(schema, tmp_path):
    write(tmp_path, "000001_create.up.sql", "000001_create.down.sql", "000002_price.up.sql", "000010_name.up.sql")
    schema.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean)")
    schema.sql("INSERT INTO schema_migrations VALUES (2, true)")
    assert facts(await look(schema, "golang-migrate", path=str(tmp_path))) == {
        "version": "2",
        "head": "10",
        "pending": 1,
        "pending_names": ["000010_name.up.sql"],
        "failed_names": ["2"],
        "dirty": True,
        "applied": 1,
        "unexpected": [],
    }


async def test_schema_migrations(schema, tmp_path):
    write(tmp_path, "20260101_create.rb", "20260102_price.rb", "20260103_name.rb", "README")
    schema.sql("CREATE TABLE schema_migrations (version varchar PRIMARY KEY)")
    schema.sql("INSERT INTO schema_migrations VALUES ('20260101'), ('20260103'), ('20260104')")
    assert facts(await look(schema, "schema_migrations", path=str(tmp_path))) == {
        "version": "20260104",
        "head": "20260103",
        "pending": 1,
        "pending_names": ["20260102_price.rb"],
        "failed_names": [],
        "dirty": False,
        "applied": 3,
        "unexpected": ["20260104"],
    }


@pytest.mark.parametrize(
    ("tool", "head"),
    [
        ("alembic", "b2"),
        ("django", "shop.0001_initial"),
        ("flyway", "1.10"),
        ("golang-migrate", "3"),
        ("knex", "20260101"),
        ("prisma", "20260101_init"),
        ("schema_migrations", "20260101"),
    ],
)
async def test_a_database_without_the_table_has_applied_nothing(schema, tool, head):
    reading = await look(schema, tool, head=head)
    assert (reading.version, reading.applied, reading.head) == (None, 0, head)
    assert (reading.pending, reading.pending_names, reading.unexpected) == (1, [head], None)


async def test_a_head_that_is_reached(schema):
    schema.sql(KNEX, "INSERT INTO knex_migrations (name) VALUES ('20260101_create.js')")
    for head in ("20260101", "20260101_create", "20260101_create.js"):
        assert (await look(schema, "knex", head=head)).pending == 0
    assert (await look(schema, "knex", head="2026")).pending == 1


async def test_the_table_may_have_another_name(schema):
    schema.sql("CREATE TABLE done (id int, name text)", "INSERT INTO done VALUES (1, '1_x.js')")
    assert (await look(schema, "knex", head="1", table="done")).pending == 0
    assert (await look(schema, "knex", head="1", table="mine.done")).pending == 0


async def test_a_table_that_is_not_on_the_search_path_is_an_error(schema, server):
    server.sql("CREATE SCHEMA elsewhere", f"SET search_path TO elsewhere; {KNEX}")
    assert await trouble(ProbeError, MigrationProbe(dsn=schema.dsn(), tool="knex", head="1")) == (
        f"{schema.place}: knex_migrations is in schema elsewhere, which is not on the search path: "
        "say table: elsewhere.knex_migrations"
    )
    reading = await look(schema, "knex", head="1", table="elsewhere.knex_migrations")
    assert reading.pending == 1


async def test_a_table_that_may_not_be_read_is_an_error(schema, server):
    schema.sql(KNEX)
    probe = MigrationProbe(dsn=schema.dsn("shop"), tool="knex", head="1")
    assert await trouble(ProbeError, probe) == f'{schema.place}: role "shop" lacks SELECT on table mine.knex_migrations'
    schema.sql("GRANT SELECT ON knex_migrations TO shop", "REVOKE USAGE ON SCHEMA mine FROM shop")
    said = f'{schema.place}: role "shop" lacks USAGE on schema mine, which holds knex_migrations'
    assert await trouble(ProbeError, probe) == said


async def test_a_table_of_another_tool_is_an_error(schema):
    schema.sql("CREATE TABLE schema_migrations (version varchar PRIMARY KEY)")
    assert await trouble(ProbeError, MigrationProbe(dsn=schema.dsn(), tool="golang-migrate", head="1")) == (
        f'{schema.place}: schema_migrations is no table of golang-migrate: column "dirty" does not exist'
    )


async def test_columns_and_indexes(schema):
    schema.sql(
        "CREATE TABLE orders (id int, total numeric, gone int)",
        "ALTER TABLE orders DROP COLUMN gone",
        "CREATE INDEX orders_total ON orders (total)",
        "CREATE INDEX orders_broken ON orders (id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_broken'::regclass",
    )
    reading = await look(
        schema,
        "knex",
        head="1",
        columns=["orders.total", "mine.orders.id", "orders.gone", "orders.nope", "nope.id", "public.orders.gone"],
        indexes=["orders_total", "mine.orders_total", "orders_broken", "orders_nope", "public.orders_total"],
    )
    assert reading.missing == [
        "orders.gone",
        "orders.nope",
        "nope.id",
        "public.orders.gone",
        "orders_nope",
        "public.orders_total",
    ]
    assert reading.invalid == ["orders_broken"]


@pytest.mark.parametrize(
    ("tool", "like"),
    [
        ("alembic", "ae1027a6acf_add_column.py with a revision in it"),
        ("django", "shop/migrations/0001_initial.py"),
        ("flyway", "V1__create.sql or R__view.sql"),
        ("golang-migrate", "000001_create.up.sql"),
        ("knex", "20260101120000_add_column.js"),
        ("prisma", "20260101120000_init/migration.sql"),
        ("schema_migrations", "20260101120000_add_column.sql or .rb"),
    ],
)
async def test_a_folder_without_migrations_is_an_error(schema, tmp_path, tool, like):
    write(tmp_path, "README.md")
    probe = MigrationProbe(dsn=schema.dsn(), tool=tool, path=str(tmp_path))
    assert await trouble(ProbeError, probe) == f"{tmp_path}: no migration, expected files like {like}"


async def test_a_folder_that_is_not_there_is_an_error(schema, tmp_path):
    probe = MigrationProbe(dsn=schema.dsn(), tool="knex", path=[str(tmp_path / "gone")])
    assert await trouble(ProbeError, probe) == (
        f"{tmp_path / 'gone'}: no such file or directory, expected the folder of migrations"
    )


async def test_nothing_listens(closed_port):
    probe = MigrationProbe(dsn=f"host=127.0.0.1 port={closed_port}", tool="knex", head="1")
    assert await trouble(Unreachable, probe) == f"127.0.0.1:{closed_port}: connection refused"


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_name, "", "'' is no name, expected name or schema.name"),
        (parse_name, ".a", "'.a' is no name, expected name or schema.name"),
        (parse_name, "a.b.c", "'a.b.c' is no name, expected name or schema.name"),
        (parse_column, "a", "'a' is no column, expected table.column or schema.table.column"),
        (parse_column, "a..b", "'a..b' is no column, expected table.column or schema.table.column"),
    ],
)
def test_names_that_are_none(parse, text, said):
    with pytest.raises(ValueError, match=whole(said)):
        parse(text)


async def test_a_server_that_takes_too_long_has_failed(schema):
    schema.sql(KNEX, "CREATE VIEW slow AS SELECT id, name || pg_sleep(30)::text AS name FROM knex_migrations")
    schema.sql("INSERT INTO knex_migrations (name) VALUES ('1_x.js')")
    probe = MigrationProbe(dsn=schema.dsn(), tool="knex", head="1", table="slow", statement_timeout=0.05)
    assert (await trouble(Unreachable, probe)).endswith(": canceling statement due to statement timeout")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "give either path (the folder of the migrations) or head (the newest of them)"),
        ({"path": "x", "head": "1"}, "give either path (the folder of the migrations) or head (the newest of them)"),
        ({"head": "1", "app": "shop"}, "app is for tool: django"),
        ({"tool": "flyway", "head": "latest"}, "head is 'latest', which flyway calls no migration"),
        ({"tool": "golang-migrate", "head": "new_1"}, "head is 'new_1', which golang-migrate calls no migration"),
        ({"tool": "django", "head": "0001_initial"}, "head is '0001_initial', which django calls no migration"),
    ],
)
def test_settings_that_do_not_fit(settings, said):
    with pytest.raises(ValueError, match=whole(said)):
        MigrationProbe(**{"dsn": "host=db", "tool": "knex", **settings})


def test_what_it_takes():
    probe = MigrationProbe(dsn="host=db dbname=shop", tool="knex", path="migrations")
    assert probe.target() == "db"
    assert probe.permissions()[2:] == (
        Need("postgres", "SELECT", "knex_migrations in database shop"),
        Need("file", "read", "migrations"),
    )
