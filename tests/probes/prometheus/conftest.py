"""Servers and probes for the tests of `prometheus.*`."""

import pytest

from tests.probes.http.server import Server

from .servers import ROUTES, Live, alertmanager, history


@pytest.fixture(scope="session")
def manager(tmp_path_factory):
    """A real Alertmanager."""
    program = alertmanager(tmp_path_factory.mktemp("alertmanager"), ROUTES)
    yield program
    program.close()


@pytest.fixture(scope="session", autouse=True)
def started(tmp_path_factory, manager):
    """A real Prometheus that begins to scrape while other tests run."""
    live = Live(tmp_path_factory.mktemp("live"), manager)
    yield live
    live.close()


@pytest.fixture(scope="session")
def live(started):
    """The same, when everything was scraped and evaluated."""
    return started.wait()


@pytest.fixture(scope="session")
def past(tmp_path_factory):
    """A real Prometheus with a past; its samples count for an hour."""
    program = history(tmp_path_factory.mktemp("past"))
    yield program.url
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

    async def take(kind, **settings):
        probe = kind(**settings)
        probe.prepare()
        return await probe.measure()

    return take
