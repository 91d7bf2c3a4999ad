"""Servers for all tests of a process, and others that live as long as the test."""

from contextlib import ExitStack

import pytest
import trustme

from .server import REDIS, Impostor, Server


@pytest.fixture(scope="session")
def shared():
    """A Valkey server that several tests share; `server` is it with nothing in it."""
    with Server() as made:
        yield made


@pytest.fixture
def server(shared):
    shared.run("FLUSHALL")
    return shared


@pytest.fixture(scope="session")
def shared_old():
    with Server(program=REDIS) as made:
        yield made


@pytest.fixture
def old(shared_old):
    """A Redis 6.2 with nothing in it."""
    shared_old.run("FLUSHALL")
    return shared_old


@pytest.fixture
def start():
    """Start another server: `start(*options, program=…, config=…)`."""
    with ExitStack() as stack:
        yield lambda *options, **more: stack.enter_context(Server(*options, **more))


@pytest.fixture
def impostor():
    """Start a server that behaves as told: `impostor(behave)`."""
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(Impostor(behave))


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority, tmp_path_factory):
    """File of the one authority to trust."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
