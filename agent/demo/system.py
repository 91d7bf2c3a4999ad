"""The sample system as a whole: started, described by variables, and gone without a trace."""

from __future__ import annotations

import json
import os
import secrets
import socketserver
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import msgspec

from agent.demo import certificates, names
from agent.demo.web import TOKEN, VERSION, Shop

HOST = "127.0.0.1"
PASSWORD = "DEMO_PASSWORD"
STATUS_TOKEN = "DEMO_STATUS_TOKEN"


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts listen; 0 is a free port."""

    shop: int = 0
    replica: int = 0
    edge: int = 0
    queue: int = 0
    status: int = 0
    dns: int = 0
    second_dns: int = 0


FIXED = Ports(shop=18080, replica=18081, edge=18443, queue=18090, status=18082, dns=18053, second_dns=18054)
"""What profiles/demo.yaml looks at when nobody gives it variables: `gonogo demo --serve`."""


@contextmanager
def sample(fault: str = "", ports: Ports = Ports(), directory: Path | None = None) -> Iterator[dict[str, str]]:  # noqa: B008
    """Run the sample system, broken in one way or in none; gives the variables of profiles/demo.yaml.

    Its secrets are put into the environment meanwhile.  Raises OSError when a port is taken.
    """
    with ExitStack() as stack:
        place = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gonogo-demo-")))
        place.mkdir(parents=True, exist_ok=True)
        password = secrets.token_urlsafe(12)
        _, identity = certificates.write(place, names.ZONE, fault)
        _evidence(place, fault)
        stack.enter_context(_environment(password, fault))
        found = {
            "shop_port": stack.enter_context(_web(ports.shop, fault, password)),
            "replica_port": stack.enter_context(_web(ports.replica, fault, password, down=fault == "half-up")),
            "edge_port": stack.enter_context(_web(ports.edge, fault, password, identity)),
            "queue_port": stack.enter_context(_web(ports.queue, "", password, down=fault == "port-closed")),
            "status_port": stack.enter_context(_web(ports.status, fault, password, down=fault == "witness-down")),
            "dns_port": stack.enter_context(_dns(ports.dns, None if fault == "dns-missing" else HOST)),
            "second_dns_port": stack.enter_context(_dns(ports.second_dns, _second_address(fault))),
        }
        yield {
            **{name: str(port) for name, port in found.items()},
            "host": HOST,
            "directory": str(place),
            "version": VERSION,
        }


def _second_address(fault: str) -> str | None:
    return {"dns-missing": None, "dns-disagrees": "192.0.2.7"}.get(fault, HOST)


@contextmanager
def _web(port: int, fault: str, password: str, identity: Path | None = None, *, down: bool = False) -> Iterator[int]:
    server = Shop((HOST, port), fault, password, identity)
    found: int = server.server_address[1]
    if down:  # the port was free a moment ago, and nothing listens there now
        server.server_close()
    with nullcontext() if down else _running(server):
        try:
            yield found
        finally:
            server.stopping.set()


@contextmanager
def _dns(port: int, address: str | None) -> Iterator[int]:
    server = names.UdpServer((HOST, port), names.answerer(address))
    with _running(server):
        yield server.server_address[1]


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _environment(password: str, fault: str) -> Iterator[None]:
    given = {STATUS_TOKEN: TOKEN, PASSWORD: password}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    if fault == "secret-missing":
        del os.environ[PASSWORD]
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _evidence(place: Path, fault: str) -> None:
    """Write what the checks of files and commands look at."""
    age = timedelta(days=3) if fault == "stale-backup" else timedelta(hours=2)
    record = json.dumps(
        {"taken": (datetime.now(UTC) - age).isoformat(timespec="seconds"), "size": 1048576, "tables": 12}
    )
    (place / "backup.json").write_text(record[:20] if fault == "backup-corrupt" else record)
    pending, code = int(fault == "migration-pending"), 3 if fault == "command-fails" else 0
    tool = place / "migrations"
    tool.write_text(f"#!/bin/sh\necho 'current: 0042'\necho 'pending: {pending}'\nexit {code}\n")
    tool.chmod(0o755)
