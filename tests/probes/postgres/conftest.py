"""One PostgreSQL server for all tests of a process, and impostors that live as long as the test."""

import ssl
from contextlib import ExitStack

import pytest
import trustme

from .server import PASSWORD, Impostor, Server, run, tls_before, until

ROLES = f"""
CREATE ROLE shop LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE shut LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE few LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 4;
CREATE ROLE barred LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0;
CREATE TABLE orders (id int PRIMARY KEY, total numeric);
INSERT INTO orders VALUES (1, 1.10), (2, 20), (3, NULL);
GRANT SELECT ON orders TO shop;
CREATE TABLE secrets (id int);
CREATE SCHEMA closed;
CREATE TABLE closed.things (id int);
GRANT SELECT ON closed.things TO shop;
CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
CREATE FUNCTION hidden() RETURNS int LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION hidden FROM PUBLIC;
"""


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority, tmp_path_factory):
    """File of the authority that issued the certificate of `tls`."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def server():
    """A server that all tests share; none changes what is there."""
    made = Server()
    try:
        made.create().start()
        made.sql(ROLES, "CREATE DATABASE other", "REVOKE CONNECT ON DATABASE other FROM PUBLIC")
        yield made
    finally:
        made.stop()


@pytest.fixture
def tls(server, authority, impostor):
    """The port of a place before the server where TLS is spoken; its certificate is for `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return impostor(tls_before(server.port, context)).port


@pytest.fixture(scope="module")
def standby(server):
    """A standby of the server, which streams."""
    made = Server()
    try:
        run(
            "pg_basebackup", "--pgdata", made.data, "--host", server.folder, "--port", str(server.port),
            "--username", "postgres", "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
        )  # fmt: skip
        made.start()
        until(server, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')")
        yield made
    finally:
        made.stop()


@pytest.fixture
def impostor():
    """Start a server that behaves as told: `impostor(behave)`."""
    with ExitStack() as stack:
        yield lambda behave, **options: stack.enter_context(Impostor(behave, **options))


@pytest.fixture
def clean_environment(monkeypatch):
    for name in ("PGUSER", "PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
