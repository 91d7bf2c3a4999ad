"""Servers of WebSocket by a real library, hostile ones by hand, and certificates for them."""

import base64
import hashlib
import http
import json
import socket
import ssl
import struct
from contextlib import asynccontextmanager

import anyio
import pytest
import trustme
from anyio.abc import SocketAttribute
from websockets.asyncio.server import serve

from probes.websocket.probe import WebsocketProbe
from tests.probes.loopback import finish, serving


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request):
    """Both kinds of address."""
    return request.param


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def files(authority, tmp_path_factory):
    """Folder with the CA that is trusted, and a client's certificate."""
    folder = tmp_path_factory.mktemp("certificates")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("client").private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    return folder


@pytest.fixture(scope="session")
def ca(files):
    return str(files / "ca.pem")


@pytest.fixture(scope="session")
def tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "::1", "shop.example.com").configure_cert(context)
    return context


async def echo(connection):
    """Say everything back, as a service might."""
    async for message in connection:
        if isinstance(message, bytes) or not message.startswith("{"):
            await connection.send(message)
        else:
            await connection.send(json.dumps({"ok": True, "was": json.loads(message)}))


def guard(connection, request):
    """Let in who knows the token, on paths that exist."""
    if request.path.startswith("/private") and request.headers.get("authorization") != "Bearer sesame":
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?\n")
    if request.path.startswith("/gone"):
        return connection.respond(http.HTTPStatus.NOT_FOUND, "nothing here\n")
    return None


@pytest.fixture
def real():
    """Run a real server within a block, and give its URL."""

    @asynccontextmanager
    async def run(handler=echo, host="127.0.0.1", tls=None, **options):
        async with serve(handler, host, 0, ssl=tls, process_request=guard, **options) as server:
            port = server.sockets[0].getsockname()[1]
            name = f"[{host}]" if ":" in host else host
            yield f"{'wss' if tls else 'ws'}://{name}:{port}"

    return run


@pytest.fixture
def look():
    """Prepare and measure, as the engine does."""

    async def take(url, **settings):
        probe = WebsocketProbe(url=url, **settings)
        probe.prepare()
        return await probe.measure()

    return take


HANG, RESET = object(), object()


def accept(key, *headers):
    """The head of an honest acceptance, with some headers more."""
    proof = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    first = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    return "\r\n".join([*first, f"Sec-WebSocket-Accept: {proof}", *headers, "", ""]).encode()


def frame(content=b"", opcode=1, fin=True, mask=False, rsv=0):
    """A frame as a server writes it, and also as none should."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(content)
    if size < 126:
        head = bytes([first, (0x80 if mask else 0) | size])
    elif size < 65536:
        head = bytes([first, 126]) + struct.pack("!H", size)
    else:
        head = bytes([first, 127]) + struct.pack("!Q", size)
    return head + (b"\0\0\0\0" if mask else b"") + content


class Script:
    """What a hostile server does: a handshake (a function of the key, or bytes), then parts; then it closes."""

    def __init__(self, *parts, handshake=accept):
        self.parts, self.handshake, self.headers, self.heard = parts, handshake, {}, bytearray()

    async def __call__(self, stream):
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive()
        self.first, *lines = head.decode().split("\r\n")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        opening = self.handshake(self.headers["sec-websocket-key"]) if callable(self.handshake) else self.handshake
        for part in (opening, *self.parts):
            if part is HANG:
                await anyio.sleep_forever()
            if part is RESET:
                raw = stream.extra(SocketAttribute.raw_socket)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            await stream.send(part)
        await finish(stream)


@pytest.fixture
def told(look):
    """Ask a server that follows a script; the script is `told.script`."""

    async def take(*parts, handshake=accept, host="127.0.0.1", **settings):
        take.script = Script(*parts, handshake=handshake)
        async with serving(take.script, host) as port:
            take.place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            return await look(f"ws://{take.place}", **settings)

    return take
