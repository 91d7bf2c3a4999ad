"""One PostgreSQL server for all tests of a process, and impostors that live as long as the test."""

from contextlib import ExitStack

import pytest
import trustme

from .server import Impostor, Server


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def server(authority):
    """A server with TLS (the certificate is for `localhost`) that several tests share."""
    made = Server()
    try:
        made.create()
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(made.data / "server.key")
        certificate.cert_chain_pems[0].write_to_path(made.data / "server.crt")
        made.own(made.data / "server.key")
        made.own(made.data / "server.crt")
        yield made.start("-c", "ssl=on")
    finally:
        made.stop()


@pytest.fixture
def impostor():
    """Start a server that behaves as told: `impostor(behave)`."""
    with ExitStack() as stack:
        yield lambda behave, **options: stack.enter_context(Impostor(behave, **options))
