"""What a certificate is, and where it is weak."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from probes.tls import certificate

from . import pki

SHA256_RSA = bytes.fromhex("06092a864886f70d01010b")
SHA1_RSA = bytes.fromhex("06092a864886f70d010105")
MD5_RSA = bytes.fromhex("06092a864886f70d010104")
MD2_RSA = bytes.fromhex("06092a864886f70d010102")
RSA = rsa.generate_private_key(65537, 2048)


def signed_on(algorithm, hashed, identity, signer):
    """Sign a certificate anew with a hash that the library refuses to sign with."""
    old = identity.certificate
    tbs = old.tbs_certificate_bytes.replace(SHA256_RSA, algorithm)
    signature = signer.sign(tbs, padding.PKCS1v15(), hashed) if hashed else bytes(256)
    der = old.public_bytes(Encoding.DER)
    rebuilt = der.replace(old.tbs_certificate_bytes, tbs).replace(SHA256_RSA, algorithm)
    return x509.load_der_x509_certificate(rebuilt.replace(old.signature, signature))


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [
        (RSA, "RSA", 2048),
        (ec.generate_private_key(ec.SECP384R1()), "EC", 384),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", 256),
        (ed448.Ed448PrivateKey.generate(), "Ed448", 456),
        (dsa.generate_private_key(1024), "DSA", 1024),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kind_and_size_of_a_key(root, key, kind, bits):
    made = pki.issue(root, key=key).certificate
    assert (certificate.key_type(made), certificate.key_bits(made)) == (kind, bits)


def test_a_key_of_a_kind_that_nobody_knows(root):
    der = pki.issue(root, key=ed25519.Ed25519PrivateKey.generate()).certificate.public_bytes(Encoding.DER)
    unknown = x509.load_der_x509_certificate(der.replace(bytes.fromhex("06032b6570"), bytes.fromhex("06032b6579")))
    assert (certificate.key_type(unknown), certificate.key_bits(unknown)) == ("1.3.101.121", None)


@pytest.mark.parametrize("hashed", [hashes.SHA256(), hashes.SHA384(), hashes.SHA3_256()], ids=lambda one: one.name)
def test_the_hash_of_a_signature(root, hashed):
    assert certificate.signature_hash(pki.issue(root, hash=hashed).certificate) == hashed.name


def test_a_signature_with_a_hash_of_its_own():
    own = pki.issue(None, key=ed25519.Ed25519PrivateKey.generate()).certificate
    assert certificate.signature_hash(own) is None


def test_a_signature_of_a_kind_that_nobody_knows():
    old = signed_on(MD2_RSA, None, pki.issue(None, key=RSA), RSA)
    assert certificate.signature_hash(old) == "1.2.840.113549.1.1.2"


def test_the_fingerprint_is_that_of_the_whole_certificate(server):
    assert certificate.fingerprint(server.certificate) == server.certificate.fingerprint(hashes.SHA256()).hex()


def test_a_certificate_that_demands_a_staple(root):
    feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
    assert certificate.must_staple(pki.issue(root, extensions=((feature, False),)).certificate)


def test_a_certificate_that_demands_the_other_kind_of_staple(root):
    """RFC 6961, which nobody does: it is not the staple that we ask for."""
    feature = x509.TLSFeature([x509.TLSFeatureType.status_request_v2])
    assert not certificate.must_staple(pki.issue(root, extensions=((feature, False),)).certificate)


def test_a_certificate_that_demands_nothing(server):
    assert not certificate.must_staple(server.certificate)


def test_who_is_its_own_issuer(root, server):
    assert certificate.self_signed(root.certificate)
    assert not certificate.self_signed(server.certificate)


def test_a_namesake_of_its_issuer_is_not_its_own_issuer():
    former = pki.authority("Root")
    renewed = pki.authority("Root", former)
    assert renewed.certificate.subject == renewed.certificate.issuer
    assert not certificate.self_signed(renewed.certificate)


def test_with_a_signature_that_nobody_checks_the_names_decide():
    old = signed_on(SHA1_RSA, hashes.SHA1(), pki.issue(None, key=RSA, common="Old"), RSA)
    assert certificate.self_signed(old)


def test_nothing_is_weak_about_a_good_path(root, intermediate, server):
    assert certificate.weaknesses([one.certificate for one in (server, intermediate, root)]) == []


def test_weak_keys_are_listed_by_their_subject():
    root = pki.authority("Root", key=rsa.generate_private_key(65537, 1024))
    server = pki.issue(root, common="Server", key=ec.generate_private_key(ec.SECP192R1()))
    assert certificate.weaknesses([server.certificate, root.certificate]) == [
        "EC key of 192 bits in CN=Server",
        "RSA key of 1024 bits in CN=Root",
    ]


@pytest.mark.parametrize(
    ("algorithm", "hashed", "name"),
    [(SHA1_RSA, hashes.SHA1(), "sha1"), (MD5_RSA, hashes.MD5(), "md5"), (MD2_RSA, None, "1.2.840.113549.1.1.2")],
)
def test_weak_signatures_are_listed_but_for_that_of_the_root(algorithm, hashed, name):
    root = pki.authority("Root", key=RSA)
    below = pki.authority("Below", root)
    path = [below.certificate, signed_on(algorithm, hashed, root, RSA)]
    assert certificate.weaknesses(path) == []
    path = [signed_on(algorithm, hashed, below, RSA), root.certificate]
    assert certificate.weaknesses(path) == [f"{name} signature on CN=Below"]


def test_a_renewed_root_in_the_middle_of_a_path_is_not_passed_over():
    former = pki.authority("Root", key=RSA)
    renewed = signed_on(SHA1_RSA, hashes.SHA1(), pki.authority("Root", former), RSA)
    assert certificate.weaknesses([renewed, former.certificate]) == ["sha1 signature on CN=Root"]


async def test_a_weak_chain_is_still_read_and_trusted_but_shown(look, tmp_path):
    weak = pki.authority("Weak", key=rsa.generate_private_key(65537, 1024))
    server = pki.issue(weak, key=RSA, common="Server")
    old = signed_on(SHA1_RSA, hashes.SHA1(), server, weak.key)
    own = tmp_path / "own.pem"
    own.write_bytes(weak.pem)
    reading = await look(pki.Identity(old, RSA), ca=str(own))
    assert (reading.trusted, reading.key_bits, reading.signature_hash, reading.weaknesses) == (
        True,
        2048,
        "sha1",
        ["RSA key of 1024 bits in CN=Weak", "sha1 signature on CN=Server"],
    )
