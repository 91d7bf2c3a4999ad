"""Servers, certificates and names for the tests of `http` and `api`."""

import socket
import ssl

import pytest
import trustme

from probes.http.probe import HttpProbe

from .server import Server


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request):
    """Both kinds of address."""
    return request.param


@pytest.fixture
def serve():
    """Start servers that live as long as the test."""
    servers = []

    def start(script, host="127.0.0.1", **options):
        servers.append(Server(script, host, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def look():
    """Prepare and measure, as the engine does."""

    async def take(url, kind=HttpProbe, **settings):
        probe = kind(url=url, **settings)
        probe.prepare()
        return await probe.measure()

    return take


@pytest.fixture
def nobody():
    """A port on which nothing listens, held so that nothing will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


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
    """Make the TLS of a server."""

    def make(*names, alpn=("http/1.1",), ca=authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(*(names or ("127.0.0.1", "::1", "localhost"))).configure_cert(context)
        context.set_alpn_protocols(list(alpn))
        return context

    return make


@pytest.fixture
def names(monkeypatch):
    """Give names to loopback addresses: the system's resolver cannot be told any by a test."""
    table, real = {}, socket.getaddrinfo

    def getaddrinfo(host, port, family=0, *args, flags=0, **options):
        known = None if flags & socket.AI_NUMERICHOST else table.get(host)
        if known is None:
            return real(host, port, family, *args, flags=flags, **options)
        if isinstance(known, Exception):
            raise known
        if callable(known):
            known = known()
        found = [entry for address in known for entry in real(address, port, 0, *args, **options)]
        found = [entry for entry in found if family in (0, entry[0])]
        if not found:
            raise socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table
