"""Servers on loopback: honest ones with the standard library's TLS or pyOpenSSL's, and hostile ones."""

import ssl
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import SocketAttribute
from OpenSSL import SSL

GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, ssl.SSLError, SSL.Error)
MINIMAL = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


@asynccontextmanager
async def listening(handle, host="127.0.0.1"):
    """Serve connections with a handler, and give the port."""

    async def handle_one(stream):
        async with stream:
            try:
                await handle(stream)
            except GONE:
                return

    listener = await anyio.create_tcp_listener(local_host=host, local_port=0)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle_one)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


@dataclass
class Tls:
    """A server with the standard library's TLS."""

    files: str
    """Path of chain and key."""
    versions: tuple = ("TLSv1.2", "TLSv1.3")
    client: ssl.VerifyMode = ssl.CERT_NONE
    client_ca: str | None = None
    alpn: tuple = ()
    ciphers: str = "DEFAULT@SECLEVEL=0"
    tickets: int = 2
    banner: bytes = b""
    """What is said as soon as the handshake is done."""
    lingers: bool = True
    """Whether the connection stays open until the client closes it."""
    before: object = None
    """Dialogue before TLS."""

    def __post_init__(self):
        self.context = self._make_context()

    async def __call__(self, stream):
        if self.before:
            await self.before(stream)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)

        async def done(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    await flush()
                    incoming.write(await stream.receive())
                finally:
                    await flush()  # an alert too

        async def flush():
            if outgoing.pending:
                await stream.send(outgoing.read())

        await done(tls.do_handshake)
        await done(lambda: tls.write(self.banner))
        if self.lingers:
            await done(lambda: tls.read(1))

    def _make_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(self.ciphers)  # first: it sets the level at which a weak certificate is loaded
        context.load_cert_chain(self.files)
        context.num_tickets = self.tickets
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is tested
            context.minimum_version = MINIMAL[self.versions[0]]
            context.maximum_version = MINIMAL[self.versions[-1]]
        context.verify_mode = self.client
        if self.client_ca:
            context.load_verify_locations(self.client_ca)
        if self.alpn:
            context.set_alpn_protocols(list(self.alpn))
        return context


@dataclass
class InMemory:
    """A server with pyOpenSSL's TLS: it can staple, and do with its bytes what it likes."""

    identity: object
    staple: bytes = b""
    versions: tuple = (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)
    chunk: int = 65536
    """The most bytes that are sent at once."""
    limit: int | None = None
    """Number of bytes after which it closes."""
    turned: int | None = None
    """Byte of its first answer in which somebody on the way turns a bit."""

    def __post_init__(self):
        self.context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self.context.set_min_proto_version(self.versions[0])
        self.context.set_max_proto_version(self.versions[-1])
        leaf, *above = self.identity.sent
        self.context.use_certificate(leaf)
        self.context.use_privatekey(self.identity.key)
        for certificate in above:
            self.context.add_extra_chain_cert(certificate)
        self.context.set_ocsp_server_callback(lambda *_: self.staple)

    async def __call__(self, stream):
        connection = SSL.Connection(self.context)
        connection.set_accept_state()
        left = self.limit
        while not await self._step(connection):
            for piece in self._said(connection):
                await stream.send(self._on_its_way(piece)[:left])
                if left is not None and (left := left - len(piece)) <= 0:
                    return
            connection.bio_write(await stream.receive())
        for piece in self._said(connection):
            await stream.send(piece)
        await stream.receive()

    def _on_its_way(self, piece):
        at = self.turned
        return piece if at is None or at >= len(piece) else piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]

    async def _step(self, connection):
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def _said(self, connection):
        while True:
            try:
                yield connection.bio_read(self.chunk)
            except SSL.WantReadError:
                return


def answering(*answers, then_close=True):
    """Make a server that answers a hello with these bytes."""

    async def answer(stream):
        await stream.receive()
        for one in answers:
            await stream.send(one)
        if not then_close:
            await anyio.sleep_forever()

    return answer
