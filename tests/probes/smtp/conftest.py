"""Mail servers, real and hostile, and certificates for them."""

import asyncio
import datetime as dt
import socket
import ssl
import struct
from contextlib import asynccontextmanager

import anyio
import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from anyio.abc import SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSStream

from probes.smtp.probe import SmtpProbe
from tests.probes.loopback import finish, serving

USER, PASSWORD = "smoke", "pa55 wörd"
SHAKE, HANG, RESET = object(), object(), object()


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request):
    """Both kinds of address."""
    return request.param


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority, tmp_path_factory):
    """File with the one CA that is trusted."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def tls(authority):
    """TLS of a mail server; one that is strict about ALPN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=90)
    authority.issue_cert("127.0.0.1", "::1", "shop.example.com", not_after=expires).configure_cert(context)
    return context


class Box:
    """Takes messages, unless it is told to refuse."""

    def __init__(self):
        self.messages, self.answers = [], {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 sender ok")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 recipient ok")

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(envelope)
        return self.answers.get("DATA", "250 2.0.0 Ok: queued as 4XyZ1")


def _authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=known, handled=False)


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def mail(box, tls):
    """Run a real server within a block, and give its port."""

    @asynccontextmanager
    async def run(host="127.0.0.1", implicit=False, **options):
        options = {"tls_context": None if implicit else tls, "hostname": "mx.example.com", **options}
        if implicit:
            options["auth_require_tls"] = False  # it knows STARTTLS only
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(box, authenticator=_authenticate, ident="real", loop=loop, **options),
            host,
            0,
            ssl=tls if implicit else None,
        )
        async with server:
            yield server.sockets[0].getsockname()[1]

    return run


@pytest.fixture
def look(ca):
    """Prepare and measure, as the engine does."""

    async def take(port, host="127.0.0.1", **settings):
        if settings.get("tls") != "none":
            settings = {"ca": ca, **settings}
        probe = SmtpProbe(host=host, port=port, **settings)
        probe.prepare()
        return await probe.measure()

    return take


class Script:
    """What a hostile server says: its greeting, then one answer to each command; after that it closes.

    An answer may be SHAKE, to do so with TLS, HANG, RESET, or a list of pieces, sent one by one.
    """

    def __init__(self, *answers, tls=None):
        self.answers, self.tls, self.heard = answers, tls, []

    async def __call__(self, stream):
        reader = BufferedByteReceiveStream(stream)
        for number, answer in enumerate(self.answers):
            if answer is SHAKE:
                stream = await TLSStream.wrap(stream, server_side=True, ssl_context=self.tls, standard_compatible=False)
                reader = BufferedByteReceiveStream(stream)
                continue
            if number:
                self.heard.append(await self.hear(reader))
            if answer is HANG:
                await anyio.sleep_forever()
            if answer is RESET:
                raw = stream.extra(SocketAttribute.raw_socket)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            for piece in [answer] if isinstance(answer, bytes) else answer:
                await stream.send(piece)
        await finish(stream)

    async def hear(self, reader):
        content = self.heard and self.heard[-1] == b"DATA"
        return await reader.receive_until(b"\r\n.\r\n" if content else b"\r\n", 65536)


@pytest.fixture
def told(look, tls):
    """Visit a server that follows a script; what it heard is in `told.heard`."""

    async def take(*answers, host="127.0.0.1", **settings):
        script = Script(*answers, tls=tls)
        take.heard = script.heard
        async with serving(script, host) as port:
            take.place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            return await look(port, host, **{"tls": "none", **settings})

    return take
