"""Alerts: the numbers with which a TLS endpoint says no (RFC 8446, section 6; IANA's registry)."""

from __future__ import annotations

NAMES = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""Name of each alert by its number."""

NOT_OFFERED = frozenset({40, 47, 70, 71, 109})
"""Alerts by which a server says that it does not do what a hello asks for: handshake_failure,
illegal_parameter, protocol_version, insufficient_security, missing_extension."""

NO_CLIENT_CERTIFICATE = frozenset({40, 41, 42, 116})
"""Alerts by which a server says, after it asked for one, that a client certificate is missing."""


def named(number: int) -> str:
    """Say an alert in words and number: `alert 40 (handshake_failure)`."""
    return f"alert {number} ({NAMES.get(number, 'unknown')})"
