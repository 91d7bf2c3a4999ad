"""Identity tokens of a kubeconfig, renewed by the library and behind its back looked after."""

import base64
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import yaml

from agent.probe import ProbeError
from probes.kubernetes.version import VersionProbe, VersionReading

VERSION = VersionReading(version="1.31.2", git_version="v1.31.2", major=1, minor=31, platform="linux/amd64")


def token(ahead, name="dana"):
    """A token that expires so many seconds from now; nobody here looks at its signature."""
    parts = {"alg": "none"}, {"sub": name, "exp": int(time.time()) + ahead}
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    # The library takes no token whose payload has a length that leaves 3 of 4.
    return token(ahead, name + "x") if len(coded[1]) % 4 == 1 else ".".join([*coded, "c2ln"])


class Issuer(ThreadingHTTPServer):
    """An identity provider that gives one new token, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, tls):
        super().__init__(("127.0.0.1", 0), _Issuing)
        self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server_address[1]}"
        self.gives, self.status, self.asked = token(3600), 200, []

    def handle_error(self, request, client_address):
        pass


class _Issuing(BaseHTTPRequestHandler):
    def do_GET(self):
        self._say({"token_endpoint": f"{self.server.url}/token"}, 200 if self.server.status == 400 else None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.asked.append(parse_qs(body))
        if self.server.status == 400:
            self._say({"error": "invalid_grant", "error_description": "the refresh token has expired"})
            return
        self._say(
            {"id_token": self.server.gives, "refresh_token": "refresh-2", "token_type": "Bearer", "access_token": "a"}
        )

    def _say(self, content, status=None):
        body = json.dumps(content).encode()
        self.send_response(status or self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def issuer(tls, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = Issuer(tls())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def probe(serve, tls, kubeconfig, ca, issuer):
    """A probe whose user has such a token."""
    api = serve(tls=tls())

    def make(held, **config):
        api.tokens = {issuer.gives: "dana", held: "dana"} if config.pop("known", True) else {issuer.gives: "dana"}
        config = {
            "client-id": "gonogo",
            "client-secret": "s3cret",
            "id-token": held,
            "refresh-token": "refresh-1",
            "idp-issuer-url": issuer.url,
            "idp-certificate-authority": ca,
        } | config
        user = {"auth-provider": {"name": "oidc", "config": {key: one for key, one in config.items() if one}}}
        return VersionProbe(kubeconfig=kubeconfig(api.url, user, {"certificate-authority": ca}))

    return make


async def ask(probe):
    probe.prepare()
    return await probe.measure()


async def test_a_token_that_is_good(probe, issuer):
    assert await ask(probe(token(3600))) == VERSION
    assert issuer.asked == []


@pytest.mark.parametrize("inline", [True, False], ids=["authority inline", "authority in a file"])
async def test_a_token_that_has_expired_is_renewed_and_kept(probe, issuer, ca, inline):
    authority = {}
    if inline:
        data = base64.b64encode(Path(ca).read_bytes()).decode()
        authority = {"idp-certificate-authority": None, "idp-certificate-authority-data": data}
    wanted = probe(token(-60), known=False, **authority)
    assert await ask(wanted) == VERSION
    (asked,) = issuer.asked
    assert (asked["grant_type"], asked["refresh_token"]) == (["refresh_token"], ["refresh-1"])
    config = yaml.safe_load(Path(wanted.kubeconfig).read_text())["users"][0]["user"]["auth-provider"]["config"]
    assert (config["id-token"], config["refresh-token"]) == (issuer.gives, "refresh-2")
    assert config.keys() - {"idp-certificate-authority", "idp-certificate-authority-data"} == {
        "client-id",
        "client-secret",
        "id-token",
        "refresh-token",
        "idp-issuer-url",
    }
    assert await ask(wanted) == VERSION
    assert len(issuer.asked) == 1


async def test_an_issuer_that_is_not_trusted_is_not_asked(probe, issuer):
    """Without an authority in the kubeconfig the library would ask it unverified, and show it the refresh token."""
    wanted = probe(token(-60), **{"idp-certificate-authority": None})
    written = Path(wanted.kubeconfig).read_text()
    told = f"kubeconfig {wanted.kubeconfig}: the id-token has expired, and {issuer.url} gave no new one: "
    with pytest.raises(ProbeError, match=f"^{re.escape(told)}.*certificate verify failed"):
        wanted.prepare()
    assert issuer.asked == []
    assert Path(wanted.kubeconfig).read_text() == written


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda issuer: setattr(issuer, "status", 503), id="it is down"),
        pytest.param(lambda issuer: setattr(issuer, "gives", token(-60, "old")), id="it gives an old one"),
    ],
)
def test_no_new_token_is_an_error(probe, issuer, change):
    change(issuer)
    wanted = probe(token(-60))
    message = f"kubeconfig {wanted.kubeconfig}: the id-token has expired, and {issuer.url} gave no new one"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        wanted.prepare()


def test_a_refused_renewal_says_why(probe, issuer):
    issuer.status = 400
    wanted = probe(token(-60))
    message = (
        f"kubeconfig {wanted.kubeconfig}: the id-token has expired, and {issuer.url} gave no new one: "
        "(invalid_grant) the refresh token has expired"
    )
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        wanted.prepare()


@pytest.mark.parametrize("held", ["s3cret", "a.b", "a.!.c", "a.bm90IGpzb24.c", "a.Ww.c", "a.eyJleHAiOiJzIn0.c"])
def test_what_is_no_token_is_an_error(probe, issuer, held):
    wanted = probe(held)
    with pytest.raises(ProbeError) as caught:
        wanted.prepare()
    assert str(caught.value).startswith(f"kubeconfig {wanted.kubeconfig}")
    assert held not in str(caught.value)
