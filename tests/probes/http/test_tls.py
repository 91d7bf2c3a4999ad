"""TLS: what is trusted, what is shown, and what it says when it is not well."""

import datetime as dt
import ssl

import anyio
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from agent.probe import ProbeError, Unreachable
from probes.http import trust
from probes.http.probe import HttpProbe
from probes.http.trust import Trust

from .server import response, says


async def test_a_trusted_server(serve, look, tls, ca, host):
    server = serve(says(response(200, b"safe")), host, tls=tls())
    reading = await look(server.url, ca=ca)
    assert (reading.status, reading.body, reading.http_version) == (200, "safe", "1.1")
    assert reading.tls_seconds > 0
    assert reading.certificate_expires_in_seconds > 86400


async def test_when_the_certificate_expires_is_told_with_and_without_verification(serve, look, authority, ca):
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=expires).configure_cert(context)
    server = serve(says(response(200)), tls=context)
    for settings in ({"ca": ca}, {"verify": False}):
        reading = await look(server.url, **settings)
        assert reading.certificate_expires_in_seconds == pytest.approx(7200, abs=60)


UNTRUSTED = {
    "unknown authority": ({}, "certificate is not trusted: unable to get local issuer certificate"),
    "wrong name": (
        {"names": ("other.example",)},
        "certificate is not trusted: IP address mismatch, certificate is not valid for '127.0.0.1'",
    ),
    "expired": ({"not_after": -1}, "certificate is not trusted: certificate has expired"),
}


@pytest.mark.parametrize("name", UNTRUSTED)
async def test_a_certificate_that_is_not_trusted_is_a_failure(serve, look, authority, ca, name):
    options, reason = UNTRUSTED[name]
    issuer = authority if options else trustme.CA()
    after = {}
    if "not_after" in options:
        now = dt.datetime.now(dt.UTC)
        day = dt.timedelta(days=1)
        after = {"not_before": now - 2 * day, "not_after": now - day}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(*options.get("names", ("127.0.0.1",)), **after).configure_cert(context)
    server = serve(says(response(200)), tls=context)
    with pytest.raises(Unreachable) as caught:
        await look(server.url, ca=ca)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {reason}"
    assert (await look(server.url, verify=False)).status == 200


async def test_the_server_name_is_asked_for_and_verified_instead_of_the_urls(serve, look, tls, ca):
    asked = []
    context = tls("shop.example.com")
    context.sni_callback = lambda sock, name, context: asked.append(name)
    server = serve(says(response(200)), tls=context)
    assert (await look(server.url, ca=ca, server_name="shop.example.com")).status == 200
    reading = await look("https://shop.example.com/", ca=ca, connect_to=f"127.0.0.1:{server.port}")
    assert (reading.status, asked) == (200, ["shop.example.com"] * 2)
    with pytest.raises(Unreachable, match=r"certificate is not valid for 'else\.example\.com'"):
        await look(server.url, ca=ca, server_name="else.example.com")


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLSv1.2", "TLSv1.3"])
def mutual(request, tls, authority):
    """TLS of a server that wants to see a certificate."""
    context = tls()
    context.maximum_version = request.param
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


@pytest.fixture
def identity(authority, tmp_path):
    """Files with a client's certificate, its key, and both."""
    cert = authority.issue_cert("client@example.com")
    both, chain, key = tmp_path / "both.pem", tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.private_key_and_cert_chain_pem.write_to_path(both)
    cert.cert_chain_pems[0].write_to_path(chain)
    cert.private_key_pem.write_to_path(key)
    return {"both": str(both), "cert": str(chain), "key": str(key)}


async def test_a_client_certificate_is_shown(serve, look, mutual, identity, ca):
    seen = []

    def script(server, peer):
        peer.ask()
        seen.append(peer.sock.getpeercert()["subjectAltName"])
        peer.send(response(200))

    server = serve(script, tls=mutual)
    assert (await look(server.url, ca=ca, cert=identity["both"])).status == 200
    assert (await look(server.url, ca=ca, cert=identity["cert"], key=identity["key"])).status == 200
    assert seen == [(("email", "client@example.com"),)] * 2


async def test_without_a_client_certificate_it_says_so(serve, look, mutual, ca):
    server = serve(says(response(200)), tls=mutual)
    with pytest.raises(Unreachable) as caught:
        await look(server.url, ca=ca)
    reasons = {
        ssl.TLSVersion.TLSv1_2: "refuses the TLS handshake: no common cipher, or it wants a client certificate",
        ssl.TLSVersion.TLSv1_3: "asks for a client certificate",
    }
    assert str(caught.value) == f"127.0.0.1:{server.port}: {reasons[mutual.maximum_version]}"


async def test_a_client_certificate_of_a_stranger(serve, look, mutual, ca, tmp_path):
    stranger = tmp_path / "stranger.pem"
    trustme.CA().issue_cert("x@example.com").private_key_and_cert_chain_pem.write_to_path(stranger)
    server = serve(says(response(200)), tls=mutual)
    with pytest.raises(Unreachable) as caught:
        await look(server.url, ca=ca, cert=str(stranger))
    assert str(caught.value) == f"127.0.0.1:{server.port}: does not trust the client certificate"


async def test_a_server_without_tls(serve, look, ca):
    def script(server, peer):
        peer.sock.recv(1000)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.hang()

    server = serve(script)
    with anyio.fail_after(10), pytest.raises(Unreachable) as caught:
        await look(f"https://127.0.0.1:{server.port}/", ca=ca)
    assert str(caught.value) == f"127.0.0.1:{server.port}: does not speak TLS"


async def test_a_server_that_closes_during_the_handshake(serve, look, ca):
    server = serve(lambda server, peer: peer.sock.recv(1000))
    with pytest.raises(Unreachable) as caught:
        await look(f"https://127.0.0.1:{server.port}/", ca=ca)
    assert str(caught.value) == f"127.0.0.1:{server.port}: closed the connection during the TLS handshake"


async def test_a_server_that_hangs_during_the_handshake(serve, ca):
    server = serve(lambda server, peer: peer.hang())
    probe = HttpProbe(url=f"https://127.0.0.1:{server.port}/", ca=ca)
    probe.prepare()
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await probe.measure()
    assert scope.cancelled_caught


async def test_an_old_version_of_tls(serve, look, tls, ca):
    context = tls()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    server = serve(says(response(200)), tls=context)
    with pytest.raises(Unreachable) as caught:
        await look(server.url, ca=ca)
    assert str(caught.value) == f"127.0.0.1:{server.port}: speaks no version of TLS that is offered"


async def test_a_body_that_ends_with_the_connection_needs_the_end_of_tls(serve, look, tls, ca):
    def cut(server, peer):
        peer.ask()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        peer.sock.shutdown(1)  # the connection ends, TLS does not
        peer.hang()

    server = serve(cut, tls=tls())
    with pytest.raises(Unreachable) as caught:
        await look(server.url, ca=ca)
    reason = "the body is cut short: the connection ended without the end of TLS"
    assert str(caught.value) == f"127.0.0.1:{server.port}: {reason}"
    whole = serve(says(b"HTTP/1.1 200 OK\r\n\r\nall of it"), tls=tls())
    assert (await look(whole.url, ca=ca)).body == "all of it"


async def test_a_large_body_and_a_large_request(serve, look, tls, ca):
    server = serve(says(response(200, b"y" * 2_000_000)), tls=tls())
    reading = await look(server.url, ca=ca, method="POST", body="x" * 500_000)
    assert (reading.size_bytes, len(server.asked[0].body)) == (2_000_000, 500_000)


async def test_session_tickets_are_not_the_answers_first_byte(serve, look, tls, ca):
    """A server of TLS 1.3 sends them right after the handshake."""

    def script(server, peer):
        peer.ask()
        server.over.wait(0.2)
        peer.send(response(200))

    server = serve(script, tls=tls())
    reading = await look(server.url, ca=ca)
    assert reading.first_byte_seconds > 0.15


async def test_a_file_that_was_replaced_is_read_anew(serve, look, tls, authority, tmp_path):
    own = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(own)
    server = serve(says(response(200)), tls=tls())
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        await look(server.url, ca=str(own))
    own.write_bytes(authority.cert_pem.bytes() + b"\n")
    assert (await look(server.url, ca=str(own))).status == 200


@pytest.mark.parametrize(
    ("settings", "content", "reason"),
    [
        pytest.param("ca", b"nonsense", "holds no certificate in PEM", id="ca"),
        pytest.param("cert", b"nonsense", "no certificate and key in PEM can be read from it", id="cert"),
    ],
)
def test_a_file_that_is_no_good_is_our_own_trouble(tmp_path, settings, content, reason):
    path = tmp_path / "file.pem"
    path.write_bytes(content)
    with pytest.raises(ProbeError) as caught:
        HttpProbe(url="https://h/", **{settings: str(path)}).prepare()
    assert str(caught.value) == f"{path}: {reason}"


def test_a_key_of_another_certificate(identity, authority, tmp_path):
    other = tmp_path / "other.pem"
    authority.issue_cert("x@example.com").private_key_pem.write_to_path(other)
    with pytest.raises(ProbeError) as caught:
        HttpProbe(url="https://h/", cert=identity["cert"], key=str(other)).prepare()
    assert str(caught.value) == f"{identity['cert']}: the key belongs to another certificate"


def test_an_encrypted_key_needs_its_password_and_nobody_is_asked_for_it(authority, tmp_path):
    cert = authority.issue_cert("x@example.com")
    key = serialization.load_pem_private_key(cert.private_key_pem.bytes(), None)
    coding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked, chain = tmp_path / "locked.pem", tmp_path / "chain.pem"
    locked.write_bytes(key.private_bytes(coding, form, serialization.BestAvailableEncryption(b"sesame")))
    cert.cert_chain_pems[0].write_to_path(chain)
    HttpProbe(url="https://h/", cert=str(chain), key=str(locked), key_password="sesame").prepare()
    for password in (None, "wrong"):
        with pytest.raises(ProbeError) as caught:
            HttpProbe(url="https://h/", cert=str(chain), key=str(locked), key_password=password).prepare()
        assert str(caught.value) == f"{chain}: the key is encrypted, and `key_password` does not open it"


def test_a_machine_without_authorities_cannot_look(monkeypatch, tmp_path):
    paths = ssl.get_default_verify_paths()._replace(cafile=None, capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    with pytest.raises(ProbeError) as caught:
        trust.context(Trust(key_password="of a context that no other test has"))
    reason = "this machine has no certificates of authorities (ca-certificates): give `ca`"
    assert str(caught.value) == reason
