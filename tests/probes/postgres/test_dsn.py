"""Connection strings: what they say, and that nothing of a broken one is ever shown."""

import pytest

from agent.probe import Unreachable
from probes.postgres.dsn import parse_dsn

from .server import whole

FORM = "expected postgresql://user:password@host:port/database or host=… dbname=… user=… password=…"
ENCODE = "is a character of the password missing its percent-encoding (@ is %40, / is %2F, % is %25)?"
NO_STRING = f"no connection string of PostgreSQL, {FORM}"
NO_PORT = f"has a port that is none, expected 1 to 65535; {ENCODE}"


@pytest.mark.parametrize(
    ("text", "shown", "database"),
    [
        ("postgresql://shop:pw@db.example.com/orders", "db.example.com:5432", "orders"),
        ("postgres://shop@[2001:db8::1]:6432/orders?sslmode=require", "[2001:db8::1]:6432", "orders"),
        ("postgresql://shop:p%40w@a,b:6432/orders", "a:5432, b:6432", "orders"),
        ("postgresql:///orders?host=/run/postgresql", "/run/postgresql/.s.PGSQL.5432", "orders"),
        ("host=db user=shop password='it''s'", "db:5432", "shop"),
        ("host=a,b port=6432 dbname=orders", "a:6432, b:6432", "orders"),
        ("hostaddr=127.0.0.1 dbname=orders", "127.0.0.1:5432", "orders"),
    ],
)
def test_what_is_read(text, shown, database):
    dsn = parse_dsn(text.replace("''", "\\'"))
    assert (str(dsn), dsn.database) == (shown, database)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("hunter2", NO_STRING, id="a-word"),
        pytest.param("mysql://shop:hunter2@db/orders", NO_STRING, id="another-scheme"),
        pytest.param("host=db password=a hunter2", NO_STRING, id="a-password-with-a-space"),
        pytest.param("host=db password=a hunter2=x", NO_STRING, id="an-unknown-parameter"),
        pytest.param("postgresql://shop:hunter2%zz@db/orders", NO_STRING, id="wrong-encoding"),
        pytest.param("postgresql://shop:hunter/2@db/orders", NO_PORT, id="a-slash-in-the-password"),
        pytest.param(
            "postgresql://shop:12/hunter2@db/orders", f"has more than one @; {ENCODE}", id="a-number-and-a-slash"
        ),
        pytest.param("postgresql://shop:a@hunter2@db/orders", f"has more than one @; {ENCODE}", id="an-at"),
        pytest.param("host=db port=70000", NO_PORT, id="a-port-too-high"),
        pytest.param(
            "host=db port=1,2", "has 1 hosts and 2 ports, expected one port, or one for each host", id="ports"
        ),
        pytest.param("host=db,,c", "has an empty host", id="an-empty-host"),
        pytest.param("service=shop", "names a service, expected the host itself", id="a-service"),
        pytest.param("host=db\0 password=hunter2", "holds a NUL character", id="nul"),
        pytest.param("host=db password=\ud800hunter2", NO_STRING, id="half-a-character"),
        pytest.param(
            "postgresql://shop:hunter2@/orders",
            f"names no host, {FORM}; the host of a Unix socket is its directory",
            id="no-host",
        ),
    ],
)
def test_what_is_refused_and_not_quoted(text, said):
    with pytest.raises(ValueError, match=whole(said)):
        parse_dsn(text)
    assert "hunter" not in said


async def test_a_host_without_an_address_is_left_out_while_another_has_one():
    located = await parse_dsn("host=nowhere.invalid,127.0.0.1 port=1,2").located()
    assert "host=127.0.0.1 hostaddr=127.0.0.1 port=2 " in located


async def test_no_host_has_an_address():
    with pytest.raises(Unreachable, match=r"^the name nowhere\.invalid does not exist$"):
        await parse_dsn("host=nowhere.invalid").located()


async def test_a_given_address_is_not_looked_up():
    located = await parse_dsn("host=nowhere.invalid hostaddr=127.0.0.1").located()
    assert "hostaddr=127.0.0.1" in located.split()
