"""A public key infrastructure per test, and servers that use it."""

from contextlib import AsyncExitStack

import pytest

from probes.tls.probe import TlsProbe

from . import pki
from .servers import Tls, listening


@pytest.fixture(scope="session")
def root():
    return pki.authority("Root")


@pytest.fixture(scope="session")
def intermediate(root):
    return pki.authority("Intermediate", root)


@pytest.fixture(scope="session")
def server(intermediate):
    """A good certificate, below an intermediate."""
    return pki.issue(intermediate, common="Server", names=("localhost", "127.0.0.1", "::1"))


@pytest.fixture(scope="session")
def ca(root, tmp_path_factory):
    """File with the one CA that is trusted."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(root.pem)
    return str(path)


@pytest.fixture(scope="session")
def files(server, tmp_path_factory):
    """File with chain and key of the good certificate."""
    return server.write(tmp_path_factory.mktemp("server"))


@pytest.fixture
async def serve():
    """Start servers that live as long as the test, and give the port of each."""
    async with AsyncExitStack() as stack:

        async def start(handle, host="127.0.0.1"):
            return await stack.enter_async_context(listening(handle, host))

        yield start


@pytest.fixture
def look(serve, ca, tmp_path):
    """Serve a certificate and read it, without a scan."""

    async def take(identity, host="localhost", **settings):
        port = await serve(Tls(identity.write(tmp_path)))
        return await probe(port, **{"ca": ca, "host": host} | settings).measure()

    return take


def probe(at, **settings):
    """Look at a port of this machine, without a scan."""
    return TlsProbe(**{"host": "localhost", "connect_to": f"127.0.0.1:{at}", "scan": False} | settings)
