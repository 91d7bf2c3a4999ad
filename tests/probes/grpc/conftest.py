"""Servers of gRPC by the real library, hostile ones by h2, and certificates for them."""

import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import anyio
import grpc
import hpack
import pytest
import trustme
from anyio.abc import SocketAttribute
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame

from probes.grpc.probe import GrpcProbe
from tests.probes.loopback import finish, serving

TOKEN = "Bearer 7f3b9c1d55"
Health = health_pb2.HealthCheckResponse


class Real(health.HealthServicer):
    """The library's own health service, which can also fail in every way that gRPC has."""

    def Check(self, request, context):
        self.seen = dict(context.invocation_metadata())
        if request.service.startswith("code:"):
            context.abort(grpc.StatusCode[request.service[5:]], "because: Grüße, 100%")
        if request.service == "private" and self.seen.get("authorization") != TOKEN:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"who is {self.seen.get('authorization')}?")
        return super().Check(request, context)


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
def servicer():
    real = Real()
    real.set("", Health.SERVING)
    real.set("shop.v1.Orders", Health.SERVING)
    real.set("shop.v1.Stock", Health.NOT_SERVING)
    real.set("shop.v1.New", Health.UNKNOWN)
    real.set("private", Health.SERVING)
    return real


@pytest.fixture(scope="session")
def ports(servicer, authority, files):
    """Ports of a real server by address and kind: `plain`, `tls` and `mutual`."""
    server = grpc.server(ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    issued = authority.issue_cert("127.0.0.1", "::1", "shop.example.com")
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    tls = grpc.ssl_server_credentials([pair])
    mutual = grpc.ssl_server_credentials([pair], (files / "ca.pem").read_bytes(), require_client_auth=True)
    found = {}
    for address in ("127.0.0.1", "::1"):
        where = f"[{address}]:0" if ":" in address else f"{address}:0"
        found[address, "plain"] = server.add_insecure_port(where)
        found[address, "tls"] = server.add_secure_port(where, tls)
        found[address, "mutual"] = server.add_secure_port(where, mutual)
    server.start()
    yield found
    server.stop(None).wait()


@pytest.fixture(scope="session")
def healthless():
    """Port of a real server without a health service."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None).wait()


@pytest.fixture
def look():
    """Prepare and measure, as the engine does."""

    async def take(port, host="127.0.0.1", **settings):
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        probe = GrpcProbe(address=address, **settings)
        probe.prepare()
        return await probe.measure()

    return take


HANG, RESET = object(), object()


def head(*pairs, end=False, status="200"):
    """Frame of headers of an answer of gRPC, unless they say otherwise."""
    named = {name for name, _ in pairs}
    first = [(":status", status)] + ([] if "content-type" in named else [("content-type", "application/grpc")])
    return _headers([*first, *pairs], end=end)


def trailers(*pairs):
    return _headers(pairs, end=True)


def _headers(pairs, end):
    block = hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*pair) for pair in pairs])
    return HeadersFrame(1, block, flags=["END_HEADERS", "END_STREAM"] if end else ["END_HEADERS"]).serialize()


def data(content, end=False):
    return DataFrame(1, content, flags=["END_STREAM"] if end else []).serialize()


def message(content, flag=0):
    """A message of gRPC in its frame of five bytes."""
    return bytes([flag]) + len(content).to_bytes(4, "big") + content


class Script:
    """What a hostile server answers to a call: its settings, then these bytes; after that it closes."""

    def __init__(self, *parts, settings=True):
        self.parts, self.settings, self.asked, self.content = parts, settings, {}, b""

    async def __call__(self, stream):
        await self.hear(stream)
        if self.settings:
            await stream.send(SettingsFrame(0).serialize())
        for part in self.parts:
            if part is HANG:
                await anyio.sleep_forever()
            if part is RESET:
                raw = stream.extra(SocketAttribute.raw_socket)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            await stream.send(part)
        await finish(stream)

    async def hear(self, stream):
        """Take the whole call."""
        connection, ended = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8")), False
        while not ended:
            for event in connection.receive_data(await stream.receive()):
                if isinstance(event, RequestReceived):
                    self.asked = dict(event.headers)
                if hasattr(event, "data"):
                    self.content += event.data
                ended = ended or isinstance(event, StreamEnded)


@pytest.fixture
def told(look):
    """Ask a server that follows a script; what it was asked is in `told.script`."""

    async def take(*parts, host="127.0.0.1", context=None, with_settings=True, **settings):
        take.script = Script(*parts, settings=with_settings)
        async with serving(take.script, host, context) as port:
            take.place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            return await look(port, host, **settings)

    return take
