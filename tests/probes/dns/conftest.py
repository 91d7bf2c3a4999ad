"""Name servers that live as long as the test, and authorities for their certificates."""

from contextlib import ExitStack

import pytest
import trustme

from .server import DnsServer


@pytest.fixture
def serve():
    """Start a name server: `serve(answer, host=..., tls=...)`."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(DnsServer(*args, **options))


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority, tmp_path_factory):
    """File of the one authority to trust."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
