"""Certificates of the sample system: a CA of its own, and a leaf that may be wrong in one way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = timedelta(days=1)
_SPANS = {"expired-certificate": (-30, -1), "short-certificate": (-30, 3)}
"""Fault to the days from now between which the leaf is valid."""


def write(directory: Path, name: str, fault: str) -> tuple[Path, Path]:
    """Write the CA and the leaf with its key; gives their paths."""
    now = datetime.now(UTC)
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("gonogo demo CA")
    root = (
        _builder(root_name, root_name, root_key.public_key(), (now - _DAY, now + 365 * _DAY))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = _leaf(now, name, fault, leaf_key, (root_name, root_key))
    authorities, identity = directory / "ca.pem", directory / "edge.pem"
    authorities.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    private = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    identity.touch(mode=0o600)
    identity.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + private)
    return authorities, identity


def _leaf(
    now: datetime,
    name: str,
    fault: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey],
) -> x509.Certificate:
    first, last = _SPANS.get(fault, (-1, 90))
    names = [x509.DNSName("other.example" if fault == "wrong-name" else name)]
    alone = fault == "untrusted-certificate"
    issuer_name, issuer_key = (_name(name), key) if alone else issuer
    span = (now + first * _DAY, now + last * _DAY)
    return (
        _builder(_name(name), issuer_name, key.public_key(), span)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, span: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
