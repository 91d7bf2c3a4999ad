"""Read a certificate that nobody verified; apart, because cryptography takes 60 ms to load."""

from __future__ import annotations

from cryptography import x509

from agent.probe import Unreadable

__all__ = ["expires"]


def expires(certificate: bytes) -> float | Unreadable:
    """When it expires, in seconds since the epoch; Unreadable when it is no certificate at all."""
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except ValueError:
        return Unreadable("the certificate cannot be read")
