"""The web servers of the sample system: the shop, its replicas, its edge and the status page."""

from __future__ import annotations

import gzip
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock
from time import monotonic

VERSION = "1.4.2"
TOKEN = "demo-status-token"
_SLOW_SECONDS = 2.0
_FLAP_SECONDS = 0.5


class Shop(ThreadingHTTPServer):
    """Serves every part of the sample; `fault` is what is wrong with it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, at: tuple[str, int], fault: str, password: str, identity: Path | None = None) -> None:
        self.fault = fault
        self.password = password
        self.stopping = Event()
        self.started = monotonic()
        self._lock = Lock()
        self._seen: dict[str, int] = {}
        super().__init__(at, _Handler)
        if identity is not None and fault != "plain-http":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def count(self, what: str) -> int:
        """Count how often something happened."""
        with self._lock:
            self._seen[what] = self._seen.get(what, 0) + 1
            return self._seen[what]

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: a client that hangs up is its own business."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one request, as the fault lets it."""

    server: Shop
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Keep quiet: the terminal belongs to gonogo."""

    def do_GET(self) -> None:
        pages = {
            "/health": self._health,
            "/ready": self._ready,
            "/live": self._live,
            "/worker": self._worker,
            "/metrics": self._metrics,
            "/orders": self._orders,
            "/incidents": self._incidents,
        }
        page = pages.get(self.path.partition("?")[0])
        if page is None:
            self._json({"error": "not found"}, 404)
        else:
            page()

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or b"{}")
        if self.server.fault == "login-broken":
            self._json({"error": "try again later"}, 503)
        elif self.path == "/login" and body.get("password") == self.server.password:
            self._json({"access_token": f"session-of-{body.get('user')}"})
        else:
            self._json({"error": "wrong user or password"}, 401)

    def _health(self) -> None:
        fault = self.server.fault
        if fault == "slow":
            self.server.stopping.wait(_SLOW_SECONDS)
        if fault == "hang":
            self.server.stopping.wait()
            self.close_connection = True
        elif fault == "garbage":
            self.wfile.write(b"\x00\x01 who are you?\r\n\r\n")
            self.close_connection = True
        elif fault == "server-error":
            self._json({"error": "no database"}, 500)
        else:
            self._json({"status": "ok", "version": "1.4.1" if fault == "wrong-version" else VERSION})

    def _ready(self) -> None:
        if self.server.fault == "retry-heals" and self.server.count("ready") == 1:
            self.close_connection = True  # without an answer
        else:
            self._json({"status": "ready", "database": "ok", "queue": "ok"})

    def _live(self) -> None:
        self._json({"status": "live"})

    def _worker(self) -> None:
        turn = int((monotonic() - self.server.started) / _FLAP_SECONDS)
        down = self.server.fault == "flapping" and turn % 2 == 1
        self._json({"worker": "down" if down else "up"})

    def _metrics(self) -> None:
        counter = "" if self.server.fault == "metric-missing" else "# TYPE orders_total counter\norders_total 42\n"
        text = f'# TYPE build_info gauge\nbuild_info{{version="{VERSION}"}} 1\n{counter}'
        self._send(text.encode(), "text/plain; version=0.0.4")

    def _orders(self) -> None:
        if self.headers.get("authorization") == "Bearer session-of-smoke":
            self._json({"orders": [{"id": 1, "total": "19.90"}]})
        else:
            self._json({"error": "who are you"}, 401)

    def _incidents(self) -> None:
        allowed = self.headers.get("authorization") == f"Bearer {TOKEN}" and self.server.fault != "witness-denies"
        self._json({"incidents": []} if allowed else {"error": "forbidden"}, 200 if allowed else 403)

    def _json(self, body: object, status: int = 200) -> None:
        self._send(json.dumps(body).encode(), "application/json", status)

    def _send(self, body: bytes, content_type: str, status: int = 200) -> None:
        cut = self.server.fault == "truncated"
        sent = gzip.compress(body) if cut else body
        self.send_response(status)
        self.send_header("content-type", content_type)
        if cut:
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent[: len(sent) // 2] if cut else sent)
        self.close_connection = self.close_connection or cut
