"""The metrics of `http` and `api`."""

from __future__ import annotations

from agent.probe import Reading, Unreadable

__all__ = ["HttpReading"]


class HttpReading(Reading, frozen=True, kw_only=True):
    """What came back.

    Times are taken from the moment at which the kernel saw a packet, where it tells (Linux), so that they do
    not grow with the number of checks.  With redirects, and with pages, each phase is the sum over all
    requests.  The phases add up to `latency_seconds`, but for the moment in which the request is sent.
    """

    status: int
    """Status of the answer; of the last one, if redirects were followed."""

    body: str | Unreadable | None
    """The body as text, whole; unreadable if it is not text in its charset (UTF-8 by default), absent after HEAD."""

    size_bytes: int | Unreadable | None
    """Size of the body, decoded; absent after HEAD."""

    sha256: str | Unreadable | None
    """SHA-256 of the body, decoded, in hexadecimal; absent after HEAD."""

    http_version: str | Unreadable
    """Version of HTTP that was spoken: `1.0`, `1.1` or `2`."""

    url: str | Unreadable
    """URL of the answer, after redirects, without user and password."""

    hops: list[str] | Unreadable
    """Every URL that was asked for, from the first to the one of the answer."""

    hop_seconds: list[float]
    """How long each of them took, in the same order."""

    redirects: int | Unreadable
    """Number of redirects that were followed."""

    addresses: list[str]
    """Addresses that answered: one, or with `addresses: all` every one. For a Unix socket its path."""

    certificate_expires_in_seconds: float | Unreadable | None
    """Time until the server's certificate expires; absent without TLS. The kind `tls` tells more."""

    latency_seconds: float
    """From the beginning to the arrival of the last byte of the body."""

    resolve_seconds: float | None
    """Looking the name up; absent when the URL has an address."""

    connect_seconds: float | None
    """Opening the connection: from SYN to SYN-ACK. With a proxy, until the tunnel stands."""

    tls_seconds: float | None
    """The TLS handshake, from our hello until it is done; absent without TLS."""

    first_byte_seconds: float | None
    """From the request sent to the arrival of the first byte of the answer; interim (1xx) answers do not count."""

    transfer_seconds: float | None
    """From the arrival of the answer's first byte to that of its last."""
