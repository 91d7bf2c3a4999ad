"""What a look at a TLS endpoint measures."""

from __future__ import annotations

from datetime import datetime

from agent.probe import Reading, Unreadable

from .crl import Status as ListStatus
from .handshake import ClientCertificate
from .ocsp import Status as StapleStatus
from .versions import Label


class TlsReading(Reading, frozen=True):
    """What an endpoint showed; "the certificate" is the server's own, the first that it sends."""

    trusted: bool
    """Whether the path leads to a trusted CA and is good for a TLS server: signatures, dates, CA rights,
    name constraints, purpose.  A certificate that is known to be revoked (by a valid staple or by `crl`) is
    not trusted; where `crl` is given it must also say that the certificate is good.  Weak keys and hashes
    do not count here: see `weaknesses`."""
    reason: str | None
    """Why it is not trusted: `expired`, `not_yet_valid`, `self_signed`, `untrusted_root`, `unknown_issuer`
    (an intermediate was not sent, or the CA is unknown: nobody can tell these apart), `bad_signature`,
    `wrong_purpose`, `not_a_ca`, `path_too_long`, `outside_name_constraints`, `unknown_critical_extension`,
    `unreadable_extension`, `unreadable_date`, `distrusted`, `revoked`, `revocation_unknown`, or
    `openssl_error_` and its number; absent when it is trusted."""
    culprit: str | None
    """Subject of the certificate that the reason is about."""
    name_matches: bool | Unreadable
    """Whether the certificate is for `server_name` (RFC 9525: alternative names only, never the common
    name; a wildcard is one whole label)."""
    expires_in_seconds: float | None
    """Time until the first certificate on the path expires, negative since then.  The path is the one that
    was built from the certificate to a root, also where a date or something else on it fails; absent where
    no path could be built, so that a certificate from nowhere never looks fresh."""
    sent_expires_in_seconds: float
    """Time until the first of the sent certificates expires, needed or not."""
    not_before: datetime
    """Time from which the certificate is valid."""
    self_signed: bool
    """Whether the certificate is its own issuer."""
    chain_complete: bool
    """Whether the server sent everything between the certificate and a root that the path needs."""
    chain_length: int
    """Number of certificates sent."""
    issuer: str
    """Issuer of the certificate, as in `CN=R11,O=Let's Encrypt,C=US` (RFC 4514)."""
    subject: str
    """Subject of the certificate (RFC 4514)."""
    names: list[str] | Unreadable
    """Names and addresses that the certificate is for."""
    key_type: str
    """`RSA`, `EC`, `Ed25519`, `Ed448`, `DSA`, or the object identifier of another algorithm."""
    key_bits: int | None
    """Size of the key; absent for an algorithm that has no such measure."""
    signature_hash: str | None
    """Hash in the signature on the certificate (`sha256`); absent where there is none of its own (Ed25519)."""
    weaknesses: list[str]
    """What on the path is too weak for today's clients: RSA and DSA keys under 2048 bits, EC keys under 224,
    signatures on SHA-1 or MD5; `equals: []` is the limit for none."""
    fingerprint: str
    """SHA-256 of the certificate, in lower-case hexadecimal."""
    protocol: Label
    """Version that the handshake agreed on."""
    cipher: str | None
    """Cipher suite that the handshake agreed on, by OpenSSL's name; absent when it ended before."""
    alpn: str | None
    """Application protocol that the server chose among `alpn`; absent when none."""
    client_certificate: ClientCertificate
    """Whether the server asks for a client certificate, and insists: `required` is only seen without `cert`.
    `unknown` when a server of TLSv1.3 asks and says nothing within `silence`.  What a server asks for later,
    for some paths only, cannot be seen."""
    ocsp: StapleStatus
    """What the stapled OCSP response says, once it is shown to be about this certificate, from who may say
    so, and fresh; `invalid` when it is not, `unknown` when the responder does not know the certificate."""
    ocsp_reason: str | None
    """Why the staple is not good."""
    must_staple: bool | Unreadable
    """Whether the certificate demands a staple (RFC 7633)."""
    crl: ListStatus | None
    """What `crl` says of the path: `unknown` when no list of the issuer is in it, or none that is authentic,
    current and about such certificates; absent when none is given."""
    crl_reason: str | None
    """Why `crl` is not good."""
    protocols: list[Label] | Unreadable | None
    """Versions that the server accepts, found with a hello for each.  It cannot be read where silence, or
    an answer that is none, leaves one open; absent without `scan`.  SSLv2 is not looked for."""
    weak_ciphers: int | Unreadable | None
    """Number of weak suites that the server accepts up to TLSv1.2: without encryption or authentication,
    export, DES, 3DES, RC2, RC4, IDEA.  It cannot be read where `protocols` cannot, or where one is left open;
    absent without `scan`."""
    weak_cipher_names: list[str] | Unreadable | None
    """The same by IANA's names."""
    address: str
    """Address that was looked at."""
    latency_seconds: float
    """From the start of connecting until the handshake is done."""
    connect_seconds: float
    """TCP connect."""
    handshake_seconds: float
    """TLS handshake alone."""
