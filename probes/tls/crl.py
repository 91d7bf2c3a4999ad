"""Revocation lists that the operator gives: whether one may speak of a certificate, and what it says.

A list counts when it is from the issuer of the certificate, signed by it, current, and about certificates
of this kind (RFC 5280, section 6.3); what a forged or outdated list says is unknown, neither good nor revoked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from agent.probe import ProbeError

from . import ocsp
from .context import read, stamp

_PEM = b"-----BEGIN X509 CRL-----"
_BETTER_FIRST = ("good", "unknown", "revoked")


List: TypeAlias = x509.CertificateRevocationList
Status: TypeAlias = Literal["good", "revoked", "unknown"]


@dataclass(frozen=True)
class Standing:
    """How certificates stand with the lists: good, revoked or unknown, and why."""

    status: Status
    reason: str | None = None


def load(path: str) -> tuple[List, ...]:
    """Read the lists of a file, PEM or DER, once for as long as it does not change; raises ProbeError."""
    return _loaded(path, stamp(path))


@lru_cache(maxsize=16)
def _loaded(path: str, _: tuple[int, int]) -> tuple[List, ...]:
    data = read(path)
    try:
        if _PEM not in data:
            return (x509.load_der_x509_crl(data),)
        return tuple(x509.load_pem_x509_crl(_PEM + part) for part in data.split(_PEM)[1:])
    except ValueError as error:
        raise ProbeError(f"{path}: holds no revocation list: {error}") from error


def judge(lists: Sequence[List], path: Sequence[x509.Certificate], now: datetime) -> Standing:
    """Judge a path, the server's certificate first and each followed by its issuer.

    The server's own certificate must be covered; the CAs above it are looked up as far as the lists of
    their issuers are given, since an operator often has only the last one.
    """
    pairs = list(pairwise(path))
    if not pairs:
        return Standing("unknown", "the issuer of the certificate is not known, so no list can be checked")
    try:
        standings = [_standing(lists, *pair, now) for pair in pairs]
    except ValueError as error:
        return Standing("unknown", f"a list cannot be read: {error}")
    first = standings[0] or Standing("unknown", f"no list is from {path[0].issuer.rfc4514_string()}")
    known = [first, *filter(None, standings[1:])]
    return max(known, key=lambda standing: _BETTER_FIRST.index(standing.status))


def _standing(
    lists: Sequence[List], certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> Standing | None:
    """Look a certificate up in the lists of its issuer; None when there are none."""
    theirs = [one for one in lists if one.issuer == certificate.issuer]
    doubts = [_doubt(one, certificate, issuer, now) for one in theirs]
    sound = [one for one, doubt in zip(theirs, doubts, strict=True) if not doubt]
    entries = filter(None, (one.get_revoked_certificate_by_serial_number(certificate.serial_number) for one in sound))
    entry = next(entries, None)
    if entry is not None:
        return Standing("revoked", f"{certificate.subject.rfc4514_string()} is {_since(entry)}")
    if sound:
        return Standing("good")
    return Standing("unknown", doubts[0]) if doubts else None


def _since(entry: x509.RevokedCertificate) -> str:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = None
    return ocsp.revocation(entry.revocation_date_utc, reason)


def _doubt(one: List, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
    """Say why a list may not speak of a certificate; nothing when it may."""
    name = f"the list from {one.issuer.rfc4514_string()}"
    try:
        if not _signed(one, issuer):
            return f"{name} is not signed by that issuer"
        return _outdated(one, name, now) or _beside(one, name, certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return f"{name} cannot be read: {error}"


def _signed(one: List, issuer: x509.Certificate) -> bool:
    try:
        if not issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign:
            return False
    except x509.ExtensionNotFound:
        pass  # whoever says nothing about the use of a key allows all (RFC 5280, section 4.2.1.3)
    return one.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]


def _outdated(one: List, name: str, now: datetime) -> str:
    ends = one.next_update_utc
    if one.last_update_utc > now:
        return f"{name} is from the future: {one.last_update_utc.isoformat()}"
    if ends is None:
        return f"{name} does not say when the next one is due"
    return f"{name} is outdated since {ends.isoformat()}" if ends < now else ""


def _beside(one: List, name: str, certificate: x509.Certificate) -> str:
    """Tell that a list is about other certificates, or in a form that is not understood here."""
    for extension in one.extensions:
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            if not _in_scope(extension.value, certificate):
                return f"{name} is about other certificates"
        elif extension.critical:
            return f"{name} has a critical extension {extension.oid.dotted_string} that is not understood here"
    return ""


def _in_scope(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    """RFC 5280, section 5.2.5; what is only for some reasons, or for issuers elsewhere, covers nothing."""
    if scope.indirect_crl or scope.only_contains_attribute_certs or scope.only_some_reasons or scope.relative_name:
        return False
    authority = _is_authority(certificate)
    if (scope.only_contains_user_certs and authority) or (scope.only_contains_ca_certs and not authority):
        return False
    return not scope.full_name or bool(set(scope.full_name) & _distribution_points(certificate))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _distribution_points(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}
