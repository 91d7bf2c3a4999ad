"""What every test shares."""

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


@pytest.fixture
def anyio_backend():
    """Probes run on asyncio; the engine's own tests override this with both backends."""
    return "asyncio"


@pytest.fixture
def closed_port():
    """A port of 127.0.0.1 where nothing listens, kept from others meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else gets it
        yield held.getsockname()[1]


class _Denying(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(403)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def denying_server():
    """The URL of a server that answers everything with 403."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Denying) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()
