"""Sources of time, good and bad, in threads."""

import select
import socket
import ssl
import struct
import threading
import time
from contextlib import ExitStack, suppress

import pytest
import trustme

NTP = struct.Struct("!BBbbII4s8s8sQQ")
EPOCH = 2208988800


def ntp_answer(request, *, ahead=0.0, first=0x24, stratum=2, reference=b"\x7f\0\0\1", delay=0.0, doubt=0.0):
    """Answer as a time server whose clock is `ahead` of this machine's; the rest are header fields."""
    now = stamp(time.time() + ahead)
    return NTP.pack(
        first,
        stratum,
        6,
        -20,
        round(delay * 65536),
        round(doubt * 65536),
        reference,
        bytes(8),
        request[40:48],
        now,
        now,
    )


def stamp(moment):
    return round((moment + EPOCH) * (1 << 32)) & (1 << 64) - 1


class TimeServer:
    """Answers each datagram as told, until the `with` ends."""

    def __init__(self, answer, host="127.0.0.1"):
        self._answer = answer
        self._sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((host, 0))
        port = self._sock.getsockname()[1]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._bell, self._ear = socket.socketpair()
        self.heard = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._bell.send(b"x")
        self._thread.join()
        for sock in (self._sock, self._bell, self._ear):
            sock.close()

    def _run(self):
        while self._ear not in select.select([self._sock, self._ear], [], [])[0]:
            request, sender = self._sock.recvfrom(1000)
            self.heard.set()
            if (answer := self._answer(request)) is not None:
                self._sock.sendto(answer, sender)


class WebServer:
    """Sends each connection the same bytes after its request, until the `with` ends."""

    def __init__(self, answer, host="127.0.0.1", tls=None):
        self._answer, self._tls = answer, tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        port = self._listener.getsockname()[1]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.heard, self.over = threading.Event(), threading.Event()
        self.requests = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self):
        while not self.over.is_set():
            with suppress(OSError):  # shut down, or a client that does not trust us
                self._serve(self._listener.accept()[0])

    def _serve(self, sock):
        with ExitStack() as stack:
            stack.enter_context(sock)
            if self._tls:
                sock = stack.enter_context(self._tls.wrap_socket(sock, server_side=True))
            self.requests.append(sock.recv(65536).decode())
            self.heard.set()
            answer = self._answer() if callable(self._answer) else self._answer
            if answer is None:
                self.over.wait()
            else:
                sock.sendall(answer)


@pytest.fixture
def serve_time():
    with ExitStack() as stack:
        yield lambda *args: stack.enter_context(TimeServer(*args))


@pytest.fixture
def serve_web():
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(WebServer(*args, **options))


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority, tmp_path_factory):
    """File of the one authority to trust."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def certified(authority):
    """TLS as 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
