"""Pages of metrics, on servers that say what a test tells them."""

import pytest

from probes.metrics_page.probe import MetricsPageProbe
from tests.probes.http.server import Server, response, says

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


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
        probe = MetricsPageProbe(url=url, **settings)
        probe.prepare()
        return await probe.measure()

    return take


@pytest.fixture
def read(serve, look):
    """Read a page."""

    async def take(page, content_type=TEXT, **settings):
        body = page if isinstance(page, bytes) else page.encode()
        headers = {"content_type": content_type} if content_type else {}
        take.server = serve(says(response(200, body, **headers)))
        return await look(f"{take.server.url}/metrics", **settings)

    return take
