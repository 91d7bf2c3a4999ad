"""API servers, kubeconfigs and recorded objects."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme
import yaml

from .server import ApiServer, load

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No kubeconfig but the one that a test makes, and no pod around us."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request):
    """Both kinds of address."""
    return request.param


@pytest.fixture
def serve():
    """Start API servers that live as long as the test."""
    servers = []

    def start(*args, **settings):
        servers.append(ApiServer(*args, **settings).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture
def api(serve):
    """An API server without TLS that trusts everybody."""
    return serve()


@pytest.fixture
def kubeconfig(tmp_path):
    """Write a kubeconfig with one context; `user` and `cluster` are added to its entries."""

    def write(url, user=None, cluster=None, context=None, name="config"):
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "here", "cluster": {"server": url, **(cluster or {})}}],
            "users": [{"name": "dana", "user": user or {}}],
            "contexts": [
                {"name": "test", "context": {"cluster": "here", "user": "dana", "namespace": "shop", **(context or {})}}
            ],
        }
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content))
        return str(path)

    return write


@pytest.fixture
def look(api, kubeconfig):
    """Prepare a probe of this kind for the server `api`, and measure, as the engine does."""

    async def take(kind, /, **settings):
        settings.setdefault("kubeconfig", kubeconfig(api.url))
        probe = kind(**settings)
        probe.prepare()
        return await probe.measure()

    return take


@pytest.fixture
def scene():
    """Load recorded objects; each call gives new ones."""
    return lambda name: load(DATA / f"{name}.yaml")


@pytest.fixture
def fed(api, scene, look):
    """Look at recorded objects."""

    async def take(name, kind, /, **settings):
        api.add(*scene(name))
        return await look(kind, **settings)

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
    """File with the one authority that is trusted."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def tls(authority):
    """Make the TLS of a server; with `clients` it asks for a certificate."""

    def make(*names, clients=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or ("127.0.0.1", "::1", "localhost"))).configure_cert(context)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
        return context

    return make
