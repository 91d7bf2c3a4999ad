"""A server on loopback that says exactly what a test tells it to, byte by byte, and remembers what it was asked."""

import contextlib
import socket
import ssl
import struct
import threading
from typing import NamedTuple

NEVER = threading.Event()


class Asked(NamedTuple):
    """One request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """The server's end of one connection, handed to the script of a test."""

    def __init__(self, sock, over):
        self.sock, self.over = sock, over

    def ask(self):
        """Read one request with its body."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed within the head")
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        missing = int(headers.get("content-length", 0)) - len(body)
        while missing > 0:
            more = self.sock.recv(missing)
            body, missing = body + more, missing - len(more)
        return Asked(method, target, headers, body)

    def send(self, *parts):
        for part in parts:
            self.sock.sendall(part)

    def reset(self):
        """End the connection with a reset."""
        raw = self.sock
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()

    def hang(self):
        """Say nothing more until the test is over."""
        self.over.wait()


class Server:
    """Runs a script for each connection, in a thread of its own."""

    def __init__(self, script, host="127.0.0.1", tls=None, port=0):
        self.script, self.tls, self.host = script, tls, host
        self.over, self.asked, self.peers = threading.Event(), [], []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if host.startswith("/"):
            family, address = socket.AF_UNIX, host
        else:
            address = (host, port)
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(1024)
        self.port = None if host.startswith("/") else self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    @property
    def url(self):
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://[{self.host}]:{self.port}" if ":" in self.host else f"{scheme}://{self.host}:{self.port}"

    def accept(self):
        with contextlib.suppress(OSError, ValueError):
            while True:
                sock, _ = self.listener.accept()
                self.peers.append(sock)
                thread = threading.Thread(target=self.talk, args=(sock,), daemon=True)
                self.threads.append(thread)
                thread.start()

    def talk(self, sock):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, ValueError):
            stack.callback(sock.close)
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                stack.callback(sock.close)
                self.peers.append(sock)
            self.script(self, Peer(sock, self.over))
            if isinstance(sock, ssl.SSLSocket):
                sock = sock.unwrap()
                stack.callback(sock.close)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):  # to close with bytes unread would reset what was said
                pass

    def close(self):
        self.over.set()
        with contextlib.suppress(OSError, ValueError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.peers:
            with contextlib.suppress(OSError, ValueError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(5)


def response(status=200, body=b"", **headers):
    """The bytes of a whole and honest answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(*parts):
    """Make a script that reads the request, sends these bytes and closes."""

    def script(server, peer):
        server.asked.append(peer.ask())
        peer.send(*parts)

    return script


def routes(answers):
    """Make a script that answers by method and path (or path alone), with bytes or a function of the request."""

    def script(server, peer):
        asked = peer.ask()
        server.asked.append(asked)
        path = asked.target.partition("?")[0]
        found = answers.get(f"{asked.method} {asked.target}", answers.get(asked.target, answers.get(path)))
        if found is None:
            found = response(404, b"nothing here")
        peer.send(found(asked) if callable(found) else found)

    return script
