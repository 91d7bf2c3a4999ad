"""Handshakes: with old and new servers, with those that want a certificate, and with hostile ones."""

import re
import ssl

import anyio
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from agent.probe import Unreachable
from probes.tls import handshake, versions
from probes.tls.handshake import Offer
from probes.tls.hello import Hello

from . import pki
from .conftest import probe
from .servers import InMemory, Tls, answering

ALERT_40 = b"\x15\x03\x01\x00\x02\x02\x28"
UNKNOWN_ALERT = b"\x15\x03\x01\x00\x02\x02\xc8"
WARNING = b"\x15\x03\x01\x00\x02\x01\x70"
HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\nThis is a web server, and it speaks no TLS"
NO_RECORD = b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"


@pytest.fixture
def client(intermediate, tmp_path):
    """File with a client certificate, and its key."""
    return pki.issue(intermediate, common="Client", purpose=pki.CLIENT).write(tmp_path, "client")


def at_its_end(identity, change):
    """Change the text of the date on which a certificate ends."""
    end = identity.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
    return identity.certificate.public_bytes(Encoding.DER).replace(end, change(end))


def written(der, identity, folder):
    path = folder / "odd.pem"
    path.write_bytes(ssl.DER_cert_to_PEM_cert(der).encode() + identity.key_pem)
    return str(path)


async def failure(serve, handle, **settings):
    port = await serve(handle)
    with pytest.raises(Unreachable) as caught:
        await probe(port, **settings).measure()
    assert caught.value.partial["connect_seconds"] > 0
    return str(caught.value).removeprefix(f"127.0.0.1:{port}: ")


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
async def test_every_version_that_openssl_still_has_is_read(serve, files, ca, version):
    reading = await probe(await serve(Tls(files, (version,))), ca=ca).measure()
    assert (reading.trusted, reading.protocol, reading.chain_length) == (True, version, 2)


@pytest.mark.parametrize("cipher", ["AES128-SHA", "ECDHE-RSA-AES256-SHA384", "NULL-SHA"])
async def test_ciphers_that_nobody_should_use_any_more_are_read(serve, root, ca, tmp_path, cipher):
    files = pki.issue(root, key=pki.make_rsa_key()).write(tmp_path)
    server = Tls(files, ("TLSv1.2",), ciphers=f"{cipher}@SECLEVEL=0")
    reading = await probe(await serve(server), ca=ca).measure()
    assert (reading.trusted, reading.cipher) == (True, cipher)


@pytest.mark.parametrize(
    ("offered", "spoken", "chosen"),
    [
        (["h2", "http/1.1"], ("http/1.1",), "http/1.1"),
        (["h2", "http/1.1"], ("http/1.1", "h2"), "http/1.1"),
        (["h2"], ("http/1.1",), None),
        (["h2"], (), None),
        ([], ("h2",), None),
    ],
)
async def test_the_application_protocol_that_the_server_chooses(serve, files, offered, spoken, chosen):
    reading = await probe(await serve(Tls(files, alpn=spoken)), alpn=offered).measure()
    assert reading.alpn == chosen


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"host": "localhost"}, "localhost"),
        ({"host": "localhost", "server_name": "Shop.Example."}, "shop.example"),
        ({"host": "bücher.example"}, "xn--bcher-kva.example"),
        ({"host": "127.0.0.1"}, None),
        ({"host": "localhost", "server_name": "::1"}, None),
    ],
)
async def test_the_name_that_is_asked_for(serve, files, settings, asked):
    server = Tls(files)
    names = []
    server.context.sni_callback = lambda _socket, name, _context: names.append(name)
    await probe(await serve(server), **settings).measure()
    assert names == [asked]


@pytest.mark.parametrize(("host", "matches"), [("127.0.0.1", True), ("127.0.0.2", False), ("::1", True)])
async def test_an_address_is_looked_for_among_the_addresses(serve, files, ca, host, matches):
    reading = await probe(await serve(Tls(files)), ca=ca, host=host).measure()
    assert (reading.trusted, reading.name_matches) == (True, matches)


class TestClientCertificates:
    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    @pytest.mark.parametrize(
        ("mode", "said"),
        [(ssl.CERT_NONE, "none"), (ssl.CERT_OPTIONAL, "requested"), (ssl.CERT_REQUIRED, "required")],
    )
    async def test_whether_the_server_wants_one(self, serve, files, ca, *, version, mode, said):
        server = Tls(files, (version,), client=mode, client_ca=ca)
        reading = await probe(await serve(server), ca=ca).measure()
        assert (reading.client_certificate, reading.protocol) == (said, version)
        assert (reading.trusted, reading.name_matches, reading.chain_length) == (True, True, 2)

    @pytest.mark.parametrize("mode", [ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    async def test_one_that_the_server_accepts(self, serve, files, ca, *, version, mode, client):
        server = Tls(files, (version,), client=mode, client_ca=ca)
        reading = await probe(await serve(server), ca=ca, cert=client).measure()
        assert (reading.client_certificate, reading.trusted) == ("requested", True)

    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    async def test_one_that_the_server_refuses(self, serve, files, ca, *, version, tmp_path):
        stranger = pki.issue(None, common="Stranger", purpose=pki.CLIENT).write(tmp_path)
        server = Tls(files, (version,), client=ssl.CERT_REQUIRED, client_ca=ca)
        said = await failure(serve, server, cert=stranger)
        assert re.fullmatch(r"refuses our client certificate with alert (48 \(unknown_ca\)|46 .*)", said)

    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    async def test_one_that_is_refused_with_the_alert_for_none_at_all(
        self, serve, files, ca, *, version, intermediate, tmp_path
    ):
        young = pki.issue(intermediate, common="Young", purpose=pki.CLIENT, begins=pki.NOW + pki.days(1))
        server = Tls(files, (version,), client=ssl.CERT_REQUIRED, client_ca=ca)
        said = await failure(serve, server, cert=young.write(tmp_path))
        assert said == "refuses our client certificate with alert 42 (bad_certificate)"

    @pytest.mark.parametrize(
        ("asked", "ours", "alert", "lacking"),
        [(True, False, 116, True), (True, False, 80, False), (True, True, 42, False), (False, False, 40, False)],
    )
    def test_when_it_is_the_missing_one_that_ends_a_handshake(self, asked, ours, alert, lacking):
        hands = handshake._Hands(None, SSL.Context(SSL.TLS_CLIENT_METHOD), Offer(Hello(), certificate=ours))
        hands.log.states = [b"SSLv3/TLS read server certificate request"] if asked else [b"SSLv3/TLS read finished"]
        hands.log.alert = alert
        assert hands.lacks_certificate is lacking

    async def test_one_that_nobody_asks_for(self, serve, files, ca, client):
        reading = await probe(await serve(Tls(files)), ca=ca, cert=client).measure()
        assert (reading.client_certificate, reading.trusted) == ("none", True)

    async def test_a_server_of_tls_1_3_that_asks_and_says_nothing(self, serve, files, ca):
        server = Tls(files, ("TLSv1.3",), client=ssl.CERT_OPTIONAL, client_ca=ca, tickets=0)
        reading = await probe(await serve(server), ca=ca, silence=0.1).measure()
        assert (reading.client_certificate, reading.trusted) == ("unknown", True)
        assert reading.handshake_seconds < reading.latency_seconds + 0.001

    async def test_waiting_for_a_verdict_ends_before_the_time_of_the_check(self, serve, files, ca):
        server = Tls(files, ("TLSv1.3",), client=ssl.CERT_OPTIONAL, client_ca=ca, tickets=0)
        port = await serve(server)
        with anyio.fail_after(1):
            reading = await probe(port, ca=ca, silence=600).measure()
        assert reading.client_certificate == "unknown"

    async def test_a_server_of_tls_1_3_that_asks_and_goes_on(self, serve, files, ca):
        server = Tls(files, ("TLSv1.3",), client=ssl.CERT_OPTIONAL, client_ca=ca, tickets=0, banner=b"220 hi\r\n")
        reading = await probe(await serve(server), ca=ca, silence=30).measure()
        assert reading.client_certificate == "requested"

    async def test_a_server_of_tls_1_3_that_asks_and_closes(self, serve, files, ca):
        server = Tls(files, ("TLSv1.3",), client=ssl.CERT_OPTIONAL, client_ca=ca, tickets=0, lingers=False)
        reading = await probe(await serve(server), ca=ca, silence=30).measure()
        assert reading.client_certificate == "unknown"


class TestRefusals:
    async def test_an_alert(self, serve):
        said = await failure(serve, answering(ALERT_40))
        assert said == "refuses the TLS handshake with alert 40 (handshake_failure)"

    async def test_an_alert_that_no_registry_has(self, serve):
        assert await failure(serve, answering(UNKNOWN_ALERT)) == "refuses the TLS handshake with alert 200 (unknown)"

    async def test_a_name_that_the_server_does_not_have(self, serve, files):
        server = Tls(files)
        server.context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        assert await failure(serve, server) == "refuses the TLS handshake with alert 112 (unrecognized_name)"

    async def test_a_server_with_nothing_but_anonymous_ciphers(self, serve, files):
        server = Tls(files, ("TLSv1.2",), ciphers="AECDH-AES128-SHA:@SECLEVEL=0")
        assert await failure(serve, server) == "refuses the TLS handshake with alert 40 (handshake_failure)"


class TestHostileServers:
    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (HTTP, r"answers 'HTTP/1.1 400 Bad Request\r\n\r\nThis is a we'…, which is not TLS"),
            (b"\x80\x2e\x01\x03\x01", r"answers '\x80.\x01\x03\x01', which is not TLS"),
            (b"\x16\xff\x00\x00\x00", r"answers '\x16\xff\x00\x00\x00', which is not TLS"),
            (b"\x17\x03\x03\x00\x01x", r"answers '\x17\x03\x03\x00\x01x', which is not TLS"),
        ],
    )
    async def test_something_else_than_tls(self, serve, answer, said):
        assert await failure(serve, answering(answer)) == said

    async def test_a_server_that_speaks_first(self, serve):
        async def greet(stream):
            await stream.send(b"SSH-2.0-OpenSSH_9.2\r\n")
            await stream.receive()

        assert await failure(serve, greet) == r"answers 'SSH-2.0-OpenSSH_9.2\r\n', which is not TLS"

    async def test_something_else_that_comes_in_pieces(self, serve):
        async def drip(stream):
            await stream.receive()
            for byte in b"\x16garbage":
                await stream.send(bytes([byte]))
                await anyio.wait_all_tasks_blocked()

        assert re.fullmatch(r"answers '\\x16g.*', which is not TLS", await failure(serve, drip))

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"\x16\x03\x03\xff\xff" + bytes(70000), id="a record too large"),
            pytest.param(NO_RECORD, id="an empty ServerHello"),
            pytest.param(b"\x16\x03\x03\x00\x04\x0b\x00\x00\x00", id="certificates before any hello"),
            pytest.param(
                b"\x16\x03\x03\x00\x04\x02\xff\xff\xff" + b"\x16\x03\x03\x40\x00" + bytes(16384), id="endless"
            ),
            pytest.param(b"\x16\x03\x03\x00\x02hi" * 10, id="noise in records"),
        ],
    )
    async def test_garbage_that_begins_like_tls(self, serve, answer):
        said = await failure(serve, answering(answer))
        assert said.startswith("the TLS handshake fails: ")
        assert len(said) > len("the TLS handshake fails: ")

    async def test_a_server_that_closes_at_once(self, serve):
        async def close(stream):
            await stream.send_eof()
            await stream.receive()

        assert await failure(serve, close) == "closed the connection during the TLS handshake"

    @pytest.mark.parametrize("limit", [1, 5, 60, 128, 400, 700])
    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    async def test_a_server_that_closes_in_the_middle(self, serve, server, limit, version):
        cut = InMemory(server, versions=(version,), limit=limit)
        assert await failure(serve, cut) == "closed the connection during the TLS handshake"

    @pytest.mark.parametrize("turned", range(50, 1000, 65))
    @pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
    async def test_what_somebody_changed_on_the_way_is_no_answer(self, serve, server, ca, *, turned, version):
        """A server must show that it has the key: a certificate alone is anybody's."""
        port = await serve(InMemory(server, versions=(version,), turned=turned))
        with anyio.move_on_after(0.5), pytest.raises(Unreachable):  # a length that was changed is waited for
            await probe(port, ca=ca).measure()

    async def test_a_server_that_drips(self, serve, server, ca):
        reading = await probe(await serve(InMemory(server, chunk=7)), ca=ca).measure()
        assert reading.trusted

    async def test_a_certificate_that_nobody_can_read(self, serve, server, tmp_path):
        """With an end in the 99th month, which OpenSSL bears."""
        odd = at_its_end(server, lambda end: end[:2] + b"99" + end[4:])
        port = await serve(Tls(written(odd, server, tmp_path)))
        with pytest.raises(Unreachable, match=r": sends a certificate that cannot be read: "):
            await probe(port).measure()

    @pytest.mark.filterwarnings("ignore:Parsed a serial number")
    async def test_a_certificate_with_a_serial_number_below_zero(self, serve, server, ca, tmp_path):
        der = server.certificate.public_bytes(Encoding.DER)
        number = der[15 : 15 + der[14]]
        odd = der.replace(number, b"\x80" + number[1:])
        reading = await probe(await serve(Tls(written(odd, server, tmp_path))), ca=ca).measure()
        assert (reading.trusted, reading.subject) == (False, "CN=Server")

    async def test_too_many_certificates(self, serve, server, root):
        more = [pki.authority("x" * 64, root) for _ in range(260)]
        said = await failure(serve, InMemory(server.sending(*more)))
        assert said == "the TLS handshake fails: excessive message size"

    @pytest.mark.parametrize(
        "answers", [(), (b"\x16",), (b"\x16\x03\x03\x00\x50",), (b"\x15\x03\x01\x00\x02\x01\x70",)]
    )
    async def test_a_silent_server_can_be_given_up_and_the_connection_is_closed(self, serve, answers):
        gone = anyio.Event()

        async def silent(stream):
            await stream.receive()
            for answer in answers:
                await stream.send(answer)
            try:
                while True:
                    await stream.receive()
            finally:
                gone.set()

        port = await serve(silent)
        with anyio.move_on_after(0.2) as scope:
            await probe(port).measure()
        assert scope.cancelled_caught
        with anyio.fail_after(5):
            await gone.wait()

    async def test_empty_records_without_an_end_can_be_given_up(self, serve):
        async def endless(stream):
            await stream.receive()
            while True:
                await stream.send(WARNING * 3)

        said = await failure(serve, endless)
        assert said == "refuses the TLS handshake with alert 112 (unrecognized_name)"


def test_every_version_has_the_name_that_openssl_gives_it():
    labels = ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    assert [version.label for version in versions.Version] == labels
    assert [versions.of(label).label for label in labels] == labels


def test_a_version_of_tomorrow_is_told():
    with pytest.raises(ValueError, match=r"^'TLSv1\.4' is no version of TLS$"):
        versions.of("TLSv1.4")
