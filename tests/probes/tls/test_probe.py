"""The whole kind: what it reads, what it needs, and settings that do not fit together."""

import re
import ssl
from datetime import timedelta

import anyio
import msgspec
import pytest
from anyio.abc import SocketAttribute
from cryptography import x509

from agent.probe import Need, Unreachable
from probes.tls.probe import TlsProbe
from probes.tls.reading import TlsReading
from probes.tls.starttls import PORTS

from . import pki
from .conftest import probe
from .servers import Tls

TIMES = ("expires_in_seconds", "sent_expires_in_seconds", "latency_seconds", "connect_seconds", "handshake_seconds")


@pytest.mark.parametrize(("host", "place"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
async def test_a_good_endpoint_is_read_whole(serve, files, ca, server, *, host, place):
    port = await serve(Tls(files, alpn=("h2",)), host)
    before = anyio.current_time()
    reading = await TlsProbe(host="localhost", connect_to=f"{place}:{port}", ca=ca, alpn=["h2"]).measure()
    elapsed = anyio.current_time() - before
    times = {name: getattr(reading, name) for name in TIMES}
    assert msgspec.structs.replace(reading, **dict.fromkeys(TIMES, 0.0)) == TlsReading(
        trusted=True,
        reason=None,
        culprit=None,
        name_matches=True,
        expires_in_seconds=0.0,
        sent_expires_in_seconds=0.0,
        not_before=pki.NOW - pki.days(1),
        self_signed=False,
        chain_complete=True,
        chain_length=2,
        issuer="CN=Intermediate",
        subject="CN=Server",
        names=["localhost", "127.0.0.1", "::1"],
        key_type="EC",
        key_bits=256,
        signature_hash="sha256",
        weaknesses=[],
        fingerprint=server.certificate.fingerprint(pki.SHA256).hex(),
        protocol="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        alpn="h2",
        client_certificate="none",
        ocsp="absent",
        ocsp_reason=None,
        must_staple=False,
        crl=None,
        crl_reason=None,
        protocols=["TLSv1.2", "TLSv1.3"],
        weak_ciphers=0,
        weak_cipher_names=[],
        address=host,
        latency_seconds=0.0,
        connect_seconds=0.0,
        handshake_seconds=0.0,
    )
    assert times["expires_in_seconds"] == times["sent_expires_in_seconds"]
    assert timedelta(days=89) < timedelta(seconds=times["expires_in_seconds"]) < timedelta(days=90)
    assert 0 < times["connect_seconds"] < times["latency_seconds"] < elapsed
    assert 0 < times["handshake_seconds"] <= times["latency_seconds"]


async def test_without_a_scan_there_is_one_connection(serve, files, ca):
    seen = 0

    async def counted(_):
        nonlocal seen
        seen += 1

    reading = await probe(await serve(Tls(files, before=counted)), ca=ca).measure()
    assert (seen, reading.protocols, reading.weak_ciphers, reading.weak_cipher_names) == (1, None, None, None)


async def test_with_a_scan_there_are_as_many_as_the_reference_says(serve, files, ca):
    seen = 0

    async def counted(_):
        nonlocal seen
        seen += 1

    await probe(await serve(Tls(files, before=counted)), ca=ca, scan=True).measure()
    assert seen == 1 + 5 + 1


async def test_the_wrong_name(look, server):
    reading = await look(server, host="shop.example")
    assert (reading.trusted, reading.name_matches, reading.names) == (True, False, ["localhost", "127.0.0.1", "::1"])


async def test_a_common_name_is_not_a_name(look, intermediate):
    reading = await look(pki.issue(intermediate, common="localhost", names=()))
    assert (reading.trusted, reading.name_matches, reading.names) == (True, False, [])


async def test_another_server_name_than_the_host(look, server):
    reading = await look(server, host="shop.example", server_name="localhost")
    assert reading.name_matches


async def test_an_unfinished_handshake_shows_the_certificate(serve, files, ca):
    """A server of TLSv1.2 breaks off before the handshake is done when it wants a client certificate."""
    server = Tls(files, ("TLSv1.2",), client=ssl.CERT_REQUIRED, client_ca=ca)
    reading = await probe(await serve(server), ca=ca, scan=True).measure()
    assert (reading.client_certificate, reading.expires_in_seconds > 0, reading.protocols) == (
        "required",
        True,
        ["TLSv1.2"],
    )


async def test_what_is_closed_fails(ca):
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    await listener.aclose()
    with pytest.raises(Unreachable, match=f"^127.0.0.1:{port}: connection refused$"):
        await probe(port, ca=ca).measure()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"host": ""}, "'' is not a host name"),
        (
            {"host": "https://example.com"},
            "'https://example.com' is a URL or a path, expected a host name or an address",
        ),
        ({"server_name": "a b"}, "'a b' is not a host name"),
        (
            {"connect_to": "example.com"},
            "'example.com' is no host and port, expected something like 10.0.0.5:443 or [::1]:443",
        ),
        ({"key": "key.pem"}, "key is given without cert"),
        ({"alpn": [""]}, "alpn holds a name that is not 1 to 255 ASCII characters"),
        ({"alpn": ["h2", "é"]}, "alpn holds a name that is not 1 to 255 ASCII characters"),
        ({"alpn": ["x" * 256]}, "alpn holds a name that is not 1 to 255 ASCII characters"),
        ({"silence": 0}, "silence is not above 0s"),
    ],
)
def test_settings_that_are_none_or_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        TlsProbe(**{"host": "example.com"} | settings)


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, "example.com:443"),
        ({"port": 8443}, "example.com:8443"),
        *(({"starttls": protocol}, f"example.com:{port}") for protocol, port in PORTS.items()),
        ({"starttls": "smtp", "port": 25}, "example.com:25"),
        ({"host": "::1"}, "[::1]:443"),
        ({"connect_to": "10.0.0.5:8443", "port": 1}, "10.0.0.5:8443"),
    ],
)
def test_where_it_connects(settings, place):
    look = TlsProbe(**{"host": "example.com"} | settings)
    assert look.permissions() == (Need("network", "connect", place),)
    assert look.target() == place.rpartition(":")[0].strip("[]")


def test_the_files_that_it_reads():
    look = TlsProbe(host="a.example", ca="ca.pem", cert="cert.pem", key="key.pem", crl="revoked.pem")
    assert look.permissions()[1:] == tuple(
        Need("file", "read", name) for name in ("ca.pem", "cert.pem", "key.pem", "revoked.pem")
    )


async def test_a_certificate_whose_extensions_nobody_can_read(serve, server, ca, tmp_path):
    """OpenSSL and the library differ in what they bear; what one cannot read is not taken for fine."""
    twice = x509.UnrecognizedExtension(x509.ExtensionOID.TLS_FEATURE, b"\x04\x01x")
    odd = pki.issue(server.issuer, common="Odd", extensions=((twice, False),))
    reading = await probe(await serve(Tls(odd.write(tmp_path))), ca=ca).measure()
    assert reading.trusted
    assert {type(value).__name__ for value in (reading.name_matches, reading.names, reading.must_staple)} == {
        "Unreadable"
    }


def test_no_default_limit_is_about_a_metric_that_does_not_exist():
    metrics = {field.name for field in msgspec.structs.fields(TlsReading)}
    assert set(TlsProbe.defaults) <= metrics
