"""The metrics of `grpc`."""

from __future__ import annotations

from agent.probe import Reading, Unreadable
from probes.grpc.status import Code, Status

__all__ = ["GrpcReading"]


class GrpcReading(Reading, frozen=True, kw_only=True):
    """What a server said about its health.

    Times are taken from the moment at which the kernel saw a packet, where it tells (Linux).
    """

    status: Status
    """The health: `SERVING`, `NOT_SERVING`, `UNKNOWN`, or `SERVICE_UNKNOWN` when the server does not know the
    service; where the call itself failed, its code as in `grpc_status` (`UNIMPLEMENTED` is a server without a
    health service)."""

    grpc_status: Code
    """Code of the call: `OK`, `NOT_FOUND` for an unknown service, `UNAVAILABLE`, …"""

    message: str | None = None
    """What the server says about a code that is not `OK`."""

    http_status: int
    """Status of HTTP: 200 from servers of gRPC, something else from what stands in front of them."""

    http_version: str = "2"
    """Version of HTTP that was spoken."""

    address: str
    """Address that was asked."""

    certificate_expires_in_seconds: float | Unreadable | None = None
    """Time until the server's certificate expires; absent without TLS.  The kind `tls` tells more."""

    latency_seconds: float
    """From the beginning to the arrival of the last byte of the answer."""

    resolve_seconds: float | None = None
    """Looking the name up; absent for an address."""

    connect_seconds: float
    """Opening the connection: from SYN to SYN-ACK."""

    tls_seconds: float | None = None
    """The TLS handshake; absent without TLS."""

    first_byte_seconds: float
    """From the call sent to the arrival of the first byte of its answer."""

    transfer_seconds: float
    """From there to the arrival of the last."""
