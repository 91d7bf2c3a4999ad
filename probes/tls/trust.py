"""Trust: what OpenSSL's verification says of a chain, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from .handshake import Session

REASONS = {
    2: "unknown_issuer",
    7: "bad_signature",
    9: "not_yet_valid",
    10: "expired",
    13: "unreadable_date",
    14: "unreadable_date",
    18: "self_signed",
    19: "untrusted_root",
    20: "unknown_issuer",
    21: "unknown_issuer",
    22: "path_too_long",
    24: "not_a_ca",
    25: "path_too_long",
    26: "wrong_purpose",
    27: "distrusted",
    28: "distrusted",
    32: "not_a_ca",
    34: "unknown_critical_extension",
    37: "not_a_ca",
    41: "unreadable_extension",
    47: "outside_name_constraints",
    48: "outside_name_constraints",
    79: "not_a_ca",
}
"""Why a path is not trusted, by the codes of X509_V_ERR_*."""

_NO_PATH = frozenset({2, 20, 21})
"""Codes that say that an issuer was neither sent nor is among the trusted certificates."""


@dataclass(frozen=True)
class Path:
    """What is known of the way from the server's certificate to a root."""

    reason: str | None
    """Why it is not trusted; None when it is."""
    culprit: str | None
    """Subject of the certificate that the reason is about."""
    reaches_root: bool
    """Whether it ends at a root or a certificate that is trusted as it is."""
    complete: bool
    """Whether the server sent all of it that a client cannot be expected to have."""
    certificates: tuple[x509.Certificate, ...]

    @property
    def ends(self) -> datetime | None:
        """When the first certificate on it expires; None for a path that leads nowhere."""
        return earliest_end(self.certificates) if self.reaches_root else None


def judge(session: Session) -> Path:
    """Say what verification found; the first error is the reason, for later ones follow from it."""
    path = session.path or session.chain
    codes = {code for _, code in session.errors}
    depth, first = session.errors[0] if session.errors else (0, 0)
    reaches_root = bool(session.path) and not codes & _NO_PATH
    return Path(
        reason=REASONS.get(first, f"openssl_error_{first}") if first else None,
        culprit=path[min(depth, len(path) - 1)].subject.rfc4514_string() if first else None,
        reaches_root=reaches_root,
        complete=reaches_root and set(path[:-1]) <= set(session.chain),
        certificates=path,
    )


def earliest_end(certificates: Sequence[x509.Certificate]) -> datetime:
    """Find when the first of these certificates expires."""
    return min(certificate.not_valid_after_utc for certificate in certificates)
