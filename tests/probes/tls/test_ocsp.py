"""Staples: only one about this certificate, from who may say so, and fresh, says anything."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from probes.tls import ocsp as stapled
from probes.tls.ocsp import Staple

from . import pki
from .conftest import probe
from .servers import InMemory
from .test_certificate import SHA1_RSA, SHA256_RSA

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
HOUR = pki.days(1) / 24
MINUTE = HOUR / 60


def judged(identity, staple, *, path=None):
    chain = [identity.certificate]
    return stapled.judge(staple, chain, path or [one.certificate for one in (identity, *identity.above)], pki.NOW)


@pytest.fixture(scope="module")
def responder(intermediate):
    return pki.issue(intermediate, common="Responder", names=(), purpose=pki.RESPONDER)


@pytest.mark.parametrize("by_key", [False, True], ids=["named", "by key hash"])
@pytest.mark.parametrize("delegated", [False, True], ids=["by the issuer", "by its responder"])
def test_a_good_staple(server, responder, by_key, delegated):
    staple = pki.staple(server, signer=responder if delegated else None, by_key=by_key)
    assert judged(server, staple) == Staple("good")


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()], ids=["RSA", "Ed25519"]
)
def test_other_kinds_of_key_sign_as_well(root, key):
    ca = pki.authority("Other", root, key=key)
    server = pki.issue(ca, common="Server")
    builder = ocsp.OCSPResponseBuilder().responder_id(ocsp.OCSPResponderEncoding.NAME, ca.certificate)
    builder = builder.add_response(
        server.certificate, ca.certificate, pki.SHA256, GOOD, pki.NOW, pki.NOW + HOUR, None, None
    )
    algorithm = pki.SHA256 if isinstance(key, rsa.RSAPrivateKey) else None
    assert judged(server, builder.sign(key, algorithm).public_bytes(Encoding.DER)) == Staple("good")


def test_a_revoked_certificate(server):
    since = (pki.NOW - pki.days(2)).isoformat()
    assert judged(server, pki.staple(server, status=REVOKED)) == Staple(
        "revoked", f"revoked since {since}: keyCompromise"
    )


def test_a_certificate_that_the_responder_does_not_know(server):
    assert judged(server, pki.staple(server, status=UNKNOWN)) == Staple(
        "unknown", "the responder does not know the certificate"
    )


def test_no_staple(server):
    assert judged(server, b"") == Staple("absent")


def test_a_staple_for_another_certificate(server, intermediate):
    other = pki.issue(intermediate, common="Other")
    assert judged(server, pki.staple(server, about=other)) == Staple("invalid", "is about another certificate")


def test_a_staple_with_the_right_serial_number_from_another_ca(server):
    namesake = pki.authority("Intermediate")
    twin = pki.Identity(server.certificate, server.key, (namesake,))
    assert judged(server, pki.staple(twin)) == Staple("invalid", "is about another certificate")


def test_a_staple_by_a_forger_with_the_name_of_the_issuer(server):
    forger = pki.authority("Intermediate")
    forged = pki.staple(server, signer=forger)
    assert judged(server, forged) == Staple("invalid", "its signature is wrong")


def test_a_staple_by_a_stranger(server):
    stranger = pki.authority("Stranger")
    assert judged(server, pki.staple(server, signer=stranger)) == Staple(
        "invalid", "its signer was not appointed by the issuer of the certificate"
    )


def test_a_staple_whose_signer_is_not_in_it(server, responder):
    complete = ocsp.load_der_ocsp_response(pki.staple(server, signer=responder))
    assert complete.certificates == [responder.certificate]
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(server.certificate, server.issuer.certificate, pki.SHA256, GOOD, pki.NOW, None, None, None)
        .responder_id(ocsp.OCSPResponderEncoding.NAME, responder.certificate)
    )
    bare = builder.sign(responder.key, pki.SHA256).public_bytes(Encoding.DER)
    assert judged(server, bare) == Staple("invalid", "the certificate of its signer is neither the issuer's nor in it")


def test_a_staple_by_an_ordinary_certificate_of_the_issuer(server, intermediate):
    ordinary = pki.issue(intermediate, common="Ordinary")
    assert judged(server, pki.staple(server, signer=ordinary)) == Staple(
        "invalid", "its signer may not sign OCSP responses"
    )


def test_a_staple_by_a_certificate_without_a_purpose(server, intermediate):
    plain = pki.issue(intermediate, common="Plain", purpose=())
    assert judged(server, pki.staple(server, signer=plain)) == Staple(
        "invalid", "its signer may not sign OCSP responses"
    )


def test_a_staple_by_a_responder_of_yesterday(server, intermediate):
    old = pki.issue(intermediate, common="Old", names=(), purpose=pki.RESPONDER, ends=pki.NOW - HOUR)
    assert judged(server, pki.staple(server, signer=old)) == Staple(
        "invalid", "the certificate of its signer is out of date"
    )


def test_a_responder_that_only_the_root_appointed(server, root):
    upper = pki.issue(root, common="Upper", names=(), purpose=pki.RESPONDER)
    assert judged(server, pki.staple(server, signer=upper)) == Staple(
        "invalid", "its signer was not appointed by the issuer of the certificate"
    )


def test_a_staple_that_is_signed_on_sha1(root):
    key = rsa.generate_private_key(65537, 2048)
    ca = pki.authority("Old", root, key=key)
    server = pki.issue(ca, common="Server")
    good = pki.staple(server)
    response = ocsp.load_der_ocsp_response(good)
    signature = key.sign(response.tbs_response_bytes, padding.PKCS1v15(), hashes.SHA1())
    weak = good.replace(response.signature, signature).replace(SHA256_RSA, SHA1_RSA)
    assert judged(server, weak) == Staple("invalid", "its signature is on sha1, which can be forged")


@pytest.mark.parametrize(
    ("begins", "ends", "verdict"),
    [
        pytest.param(-3 * HOUR, -HOUR, Staple("invalid", f"is stale since {(pki.NOW - HOUR).isoformat()}"), id="stale"),
        pytest.param(-HOUR, 0 * HOUR, Staple("good"), id="to the last second"),
        pytest.param(-23 * HOUR, None, Staple("good"), id="of today, without an end"),
        pytest.param(
            -25 * HOUR,
            None,
            Staple("invalid", f"is stale since {(pki.NOW - HOUR).isoformat()}"),
            id="of yesterday, without an end",
        ),
        pytest.param(4 * MINUTE, HOUR, Staple("good"), id="by a clock that is a little ahead"),
        pytest.param(
            6 * MINUTE,
            HOUR,
            Staple("invalid", f"is from the future: {(pki.NOW + 6 * MINUTE).isoformat()}"),
            id="from the future",
        ),
    ],
)
def test_a_staple_must_be_fresh(server, begins, ends, verdict):
    staple = pki.staple(server, begins=pki.NOW + begins, ends=None if ends is None else pki.NOW + ends)
    assert judged(server, staple) == verdict


def test_a_stale_revocation_is_no_revocation_but_no_good_either(server):
    staple = pki.staple(server, status=REVOKED, begins=pki.NOW - 3 * HOUR, ends=pki.NOW - HOUR)
    assert judged(server, staple).status == "invalid"


def test_a_responder_that_is_out_of_order(server):
    answer = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert judged(server, answer.public_bytes(Encoding.DER)) == Staple("invalid", "the responder answers try_later")


def test_garbage(server):
    verdict = judged(server, b"\x30\x03garbage")
    assert (verdict.status, verdict.reason.startswith("cannot be read: ")) == ("invalid", True)


def test_every_staple_with_one_bit_turned_is_invalid(server):
    """Nothing outside the signed part may turn another answer into a good one."""
    staple = pki.staple(server, status=REVOKED)
    flipped = [staple[:at] + bytes([staple[at] ^ 1]) + staple[at + 1 :] for at in range(len(staple))]
    assert {judged(server, one).status for one in flipped} <= {"invalid", "revoked"}


def test_nobody_can_check_a_staple_without_the_issuer(server):
    assert judged(server, pki.staple(server), path=[server.certificate]) == Staple(
        "invalid", "no certificate at hand is shown to be the issuer's, so nobody can check it"
    )


def test_a_namesake_of_the_issuer_is_not_the_issuer(server):
    namesake = pki.authority("Intermediate")
    assert judged(server, pki.staple(server), path=[server.certificate, namesake.certificate]) == Staple(
        "invalid", "no certificate at hand is shown to be the issuer's, so nobody can check it"
    )


@pytest.mark.parametrize(
    ("status", "trusted", "reason", "said"),
    [
        (GOOD, True, None, "good"),
        (REVOKED, False, "revoked", "revoked"),
        (UNKNOWN, True, None, "unknown"),
    ],
)
async def test_what_a_server_staples_is_read(serve, ca, server, *, status, trusted, reason, said):
    port = await serve(InMemory(server, pki.staple(server, status=status)))
    reading = await probe(port, ca=ca).measure()
    assert (reading.trusted, reading.reason, reading.ocsp) == (trusted, reason, said)


async def test_a_staple_that_is_missing_though_demanded(look, intermediate):
    feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
    reading = await look(pki.issue(intermediate, common="Server", extensions=((feature, False),)))
    assert (reading.must_staple, reading.ocsp, reading.ocsp_reason) == (True, "absent", None)
