"""An Alertmanager of the tests' own, and servers that only pretend to be one."""

import pytest

from probes.alertmanager.probe import AlertmanagerProbe
from tests.probes.http.server import Server
from tests.probes.prometheus.servers import ROUTES, alertmanager


@pytest.fixture(scope="session")
def manager(tmp_path_factory):
    """A real Alertmanager."""
    program = alertmanager(tmp_path_factory.mktemp("alertmanager"), ROUTES)
    yield program
    program.close()


@pytest.fixture
def serve():
    """Start servers that live as long as the test."""
    servers = []

    def start(script, host="127.0.0.1", **options):
        servers.append(Server(script, host, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def look():
    """Prepare and measure, as the engine does."""

    async def take(url, **settings):
        probe = AlertmanagerProbe(url=url, **settings)
        probe.prepare()
        return await probe.measure()

    return take
