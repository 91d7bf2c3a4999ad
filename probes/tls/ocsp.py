"""Stapled OCSP: whether it is about this certificate, from who may say so, and fresh (RFC 6960).

Nothing that a staple says counts before all of that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from .certificate import BROKEN_HASHES, issued

_AHEAD = timedelta(minutes=5)
"""How far a responder's clock may be ahead of ours."""

_WITHOUT_END = timedelta(days=1)
"""How long a response is fresh that names no next update; browsers do the same."""


Status: TypeAlias = Literal["absent", "good", "revoked", "unknown", "invalid"]


@dataclass(frozen=True)
class Staple:
    """What a stapled response is worth: absent, good, revoked, unknown or invalid, and why."""

    status: Status
    reason: str | None = None


class _Invalid(Exception):
    """A response that says nothing about the certificate; the message says why."""


def judge(staple: bytes, chain: Sequence[x509.Certificate], path: Sequence[x509.Certificate], now: datetime) -> Staple:
    """Judge the staple for the first certificate of a chain, whose issuer is in the path or was sent."""
    if not staple:
        return Staple("absent")
    try:
        return _judged(staple, chain[0], [*path[1:], *chain[1:]], now)
    except _Invalid as error:
        return Staple("invalid", str(error))
    except (ValueError, UnsupportedAlgorithm) as error:
        return Staple("invalid", f"cannot be read: {error}")


def _judged(staple: bytes, leaf: x509.Certificate, others: Sequence[x509.Certificate], now: datetime) -> Staple:
    response = ocsp.load_der_ocsp_response(staple)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise _Invalid(f"the responder answers {response.response_status.name.lower()}")
    issuer = next((other for other in others if issued(leaf, other)), None)
    if issuer is None:
        raise _Invalid("no certificate at hand is shown to be the issuer's, so nobody can check it")
    single = next((one for one in response.responses if _is_about(one, leaf, issuer)), None)
    if single is None:
        raise _Invalid("is about another certificate")
    _check_signature(response, issuer, now)
    _check_dates(single, now)
    return _status(single)


def _is_about(single: ocsp.OCSPSingleResponse, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, single.hash_algorithm).build()
    wanted = (request.serial_number, request.issuer_name_hash, request.issuer_key_hash)
    return wanted == (single.serial_number, single.issuer_name_hash, single.issuer_key_hash)


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """Accept the issuer, or somebody to whom the issuer gave the right, as the signer."""
    hashed = response.signature_hash_algorithm
    if hashed and hashed.name in BROKEN_HASHES:
        raise _Invalid(f"its signature is on {hashed.name}, which can be forged")
    signers = [signer for signer in (issuer, *response.certificates) if _is_named(response, signer)]
    if not signers:
        raise _Invalid("the certificate of its signer is neither the issuer's nor in it")
    problems = [_problem(response, signer, issuer, now) for signer in signers]
    if all(problems):
        raise _Invalid(problems[0])


def _problem(response: ocsp.OCSPResponse, signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
    """Say what is wrong with a signer or with what it signed; nothing when nothing is."""
    wrong = "" if signer == issuer else _not_appointed(signer, issuer, now)
    if wrong or _verifies(response, signer):
        return wrong
    return "its signature is wrong"


def _is_named(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return certificate.subject == response.responder_name
    identifier = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    return identifier.digest == response.responder_key_hash


def _not_appointed(signer: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
    """RFC 6960, section 4.2.2.2: the issuer itself signs a certificate for the purpose."""
    if not issued(signer, issuer):
        return "its signer was not appointed by the issuer of the certificate"
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = x509.ExtendedKeyUsage([])
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        return "its signer may not sign OCSP responses"
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        return "the certificate of its signer is out of date"
    return ""


def _verifies(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, signature, signed = signer.public_key(), response.signature, response.tbs_response_bytes
    algorithm = response.signature_hash_algorithm
    try:
        match key:
            case rsa.RSAPublicKey() if algorithm:
                key.verify(signature, signed, padding.PKCS1v15(), algorithm)
            case ec.EllipticCurvePublicKey() if algorithm:
                key.verify(signature, signed, ec.ECDSA(algorithm))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                key.verify(signature, signed)
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _check_dates(single: ocsp.OCSPSingleResponse, now: datetime) -> None:
    begins = single.this_update_utc
    ends = single.next_update_utc or begins + _WITHOUT_END
    if begins > now + _AHEAD:
        raise _Invalid(f"is from the future: {begins.isoformat()}")
    if ends < now:
        raise _Invalid(f"is stale since {ends.isoformat()}")


def _status(single: ocsp.OCSPSingleResponse) -> Staple:
    match single.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return Staple("good")
        case ocsp.OCSPCertStatus.REVOKED:
            return Staple("revoked", revocation(single.revocation_time_utc, single.revocation_reason))
        case _:
            return Staple("unknown", "the responder does not know the certificate")


def revocation(when: datetime | None, reason: x509.ReasonFlags | None) -> str:
    """Say since when and why a certificate is revoked, as far as that is told."""
    since = f"revoked since {when.isoformat()}" if when else "revoked"
    return f"{since}: {reason.value}" if reason else since
