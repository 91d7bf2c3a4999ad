"""Certificates, revocation lists and OCSP responses of every kind, made in memory."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
SHA256 = hashes.SHA256()
LAST_HOUR = NOW - timedelta(hours=1)
IN_DAYS = NOW + timedelta(days=3)
IN_YEARS = NOW + timedelta(days=900)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
RESPONDER = (ExtendedKeyUsageOID.OCSP_SIGNING,)


def days(number):
    return timedelta(days=number)


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def general(text):
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@dataclass(frozen=True)
class Identity:
    """A certificate, its key, and the certificates above it, the nearest first."""

    certificate: x509.Certificate
    key: object
    above: tuple = ()
    extra: tuple = field(default=(), repr=False)
    """Certificates that are sent though nobody needs them."""

    @property
    def sent(self):
        """What a well kept server sends: all but the root."""
        return (self.certificate, *(one.certificate for one in self.above if not one.is_root), *self.extra)

    @property
    def is_root(self):
        return not self.above

    @property
    def issuer(self):
        return self.above[0] if self.above else self

    def sending(self, *certificates):
        """Send these instead of the path, above the certificate itself."""
        return replace(self, above=(), extra=tuple(one.certificate for one in certificates))

    @cached_property
    def chain_pem(self):
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.sent)

    @cached_property
    def key_pem(self):
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @cached_property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, folder, stem="server"):
        """Write chain and key into one file, and give its path."""
        path = folder / f"{stem}.pem"
        path.write_bytes(self.key_pem + self.chain_pem)
        return str(path)


@dataclass(frozen=True)
class Wish:
    """What a certificate should be like; the defaults make a good one for a server."""

    common: str = ""
    names: tuple = ("localhost",)
    begins: datetime = NOW - days(1)
    ends: datetime = NOW + days(90)
    purpose: tuple = SERVER
    extensions: tuple = ()
    """Pairs of extension and whether it is critical."""
    hash: object = field(default_factory=hashes.SHA256)


def make_key():
    return ec.generate_private_key(ec.SECP256R1())


def make_rsa_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def authority(common, issuer=None, *, key=None, path_length=None, ends=IN_YEARS, extensions=()):
    """Make a CA: a root, or one below an issuer."""
    key = key or make_key()
    wish = Wish(common, (), NOW - days(10), ends, (), extensions)
    ca = ((x509.BasicConstraints(ca=True, path_length=path_length), True), (_ca_usage(), True))
    return _sign(wish, key, issuer, ca)


def issue(issuer, *, key=None, **wish):
    """Make a certificate for a server, or for what the wish says."""
    wish = Wish(**wish)
    plain = ((x509.BasicConstraints(ca=False, path_length=None), True),)
    purpose = ((x509.ExtendedKeyUsage(wish.purpose), False),) if wish.purpose else ()
    return _sign(wish, key or make_key(), issuer, plain + purpose)


def _ca_usage():
    usage = dict.fromkeys(
        (
            "content_commitment",
            "data_encipherment",
            "key_agreement",
            "key_encipherment",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage)


def _sign(wish, key, issuer, extensions):
    signer = issuer.key if issuer else key
    subject = name(wish.common)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wish.begins)
        .not_valid_after(wish.ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if wish.names:
        names = x509.SubjectAlternativeName([general(one) for one in wish.names])
        builder = builder.add_extension(names, critical=not wish.common)
    for extension, critical in (*extensions, *wish.extensions):
        builder = builder.add_extension(extension, critical=critical)
    hashed = None if isinstance(signer, ed25519.Ed25519PrivateKey) else wish.hash
    return Identity(builder.sign(signer, hashed), key, (issuer, *issuer.above) if issuer else ())


def staple(
    identity,
    *,
    signer=None,
    status=ocsp.OCSPCertStatus.GOOD,
    about=None,
    begins=LAST_HOUR,
    ends=IN_DAYS,
    by_key=False,
):
    """Make an OCSP response about a certificate, signed by its issuer unless another signer is given."""
    issuer = identity.issuer
    signer = signer or issuer
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    encoding = ocsp.OCSPResponderEncoding.HASH if by_key else ocsp.OCSPResponderEncoding.NAME
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=(about or identity).certificate,
            issuer=issuer.certificate,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=begins,
            next_update=ends,
            revocation_time=NOW - days(2) if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(encoding, signer.certificate)
    )
    if signer is not issuer:
        builder = builder.certificates([signer.certificate])
    return builder.sign(signer.key, SHA256).public_bytes(Encoding.DER)


def revocations(issuer, *revoked, signer=None, begins=LAST_HOUR, ends=IN_DAYS, extensions=(), reason=None):
    """Make a revocation list, in PEM."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(begins)
        .next_update(ends)
    )
    for identity in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(identity.certificate.serial_number)
            .revocation_date(NOW - days(2))
        )
        if reason:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign((signer or issuer).key, SHA256).public_bytes(Encoding.PEM)
