"""One certificate: its key, its signature, what it demands, and where it is weak."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

_FIXED_BITS = {"Ed25519": 256, "Ed448": 456}
_LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
_MD2, _MD4 = "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.3"
BROKEN_HASHES = frozenset({"md5", "sha1", _MD2, _MD4})
"""Hashes for which two certificates, or two answers, can be made that have the same signature."""


def key_type(certificate: x509.Certificate) -> str:
    """Name the kind of public key: `RSA`, `EC`, `Ed25519`, `Ed448`, `DSA`; else its object identifier."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return certificate.public_key_algorithm_oid.dotted_string
    match key:
        case rsa.RSAPublicKey():
            return "RSA"
        case ec.EllipticCurvePublicKey():
            return "EC"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case dsa.DSAPublicKey():
            return "DSA"
        case _:
            return certificate.public_key_algorithm_oid.dotted_string


def key_bits(certificate: x509.Certificate) -> int | None:
    """Measure the public key, in bits; None for a kind that has no such size."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return None
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey):
        return key.key_size
    return _FIXED_BITS.get(key_type(certificate))


def signature_hash(certificate: x509.Certificate) -> str | None:
    """Name the hash that was signed: `sha256`; None where the algorithm has none of its own (Ed25519).

    For an algorithm that is not known here, its object identifier.
    """
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm else None


def fingerprint(certificate: x509.Certificate) -> str:
    """Give the SHA-256 of the whole certificate, in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def must_staple(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate demands a stapled OCSP response (RFC 7633); raises ValueError."""
    try:
        features = certificate.extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in features


def self_signed(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is its own issuer.

    With a signature that can be forged (SHA-1), which no library checks any more, the names decide.
    """
    if certificate.subject != certificate.issuer:
        return False
    return signature_hash(certificate) in BROKEN_HASHES or issued(certificate, certificate)


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether a certificate is shown to be from an issuer, by name and by signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError, UnsupportedAlgorithm):
        return False
    return True


def weaknesses(path: Sequence[x509.Certificate]) -> list[str]:
    """List what is too weak on a path: keys under 112 bits of strength, signatures on MD5 or SHA-1.

    NIST SP 800-57 and 800-131A.  The signature of a root on itself protects nothing and is passed over.
    """
    signed = path[:-1] if path[-1].subject == path[-1].issuer else path
    return [*filter(None, map(_weak_key, path)), *filter(None, map(_weak_hash, signed))]


def _weak_key(certificate: x509.Certificate) -> str:
    kind, bits = key_type(certificate), key_bits(certificate)
    if bits is None or bits >= _LEAST_BITS.get(kind, 0):
        return ""
    return f"{kind} key of {bits} bits in {certificate.subject.rfc4514_string()}"


def _weak_hash(certificate: x509.Certificate) -> str:
    hashed = signature_hash(certificate)
    if hashed not in BROKEN_HASHES:
        return ""
    return f"{hashed} signature on {certificate.subject.rfc4514_string()}"
