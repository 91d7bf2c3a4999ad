"""Servers on loopback: honest ones with the standard library's TLS or pyOpenSSL's, and hostile ones."""

import ssl
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSStream
from OpenSSL import SSL

GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, ssl.SSLError)
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
    before: object = None
    """Dialogue before TLS."""

    def __post_init__(self):
        self.context = self._make_context()

    async def __call__(self, stream):
        if self.before:
            await self.before(stream)
        wrapped = await TLSStream.wrap(stream, server_side=True, ssl_context=self.context, standard_compatible=False)
        await wrapped.receive()

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


@dataclass(frozen=True)
class Stapling:
    """A server with pyOpenSSL's TLS, which can staple an OCSP response."""

    identity: object
    staple: bytes

    async def __call__(self, stream):
        connection = SSL.Connection(self.context())
        connection.set_accept_state()
        while True:
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                await self._flush(connection, stream)
                connection.bio_write(await stream.receive())
            except SSL.Error:
                return await self._flush(connection, stream)
            else:
                break
        await self._flush(connection, stream)
        await stream.receive()
        return None

    async def _flush(self, connection, stream):
        try:
            await stream.send(connection.bio_read(65536))
        except SSL.WantReadError:
            return

    def context(self):
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        leaf, *above = self.identity.sent
        context.use_certificate(leaf)
        context.use_privatekey(self.identity.key)
        for certificate in above:
            context.add_extra_chain_cert(certificate)
        context.set_ocsp_server_callback(lambda *_: self.staple)
        return context
