"""The metrics of `websocket`."""

from __future__ import annotations

from agent.probe import Reading, Unreadable

__all__ = ["WebsocketReading"]


class WebsocketReading(Reading, frozen=True, kw_only=True):
    """What came of a handshake, and of the messages after it.

    Times are taken from the moment at which the kernel saw a packet, where it tells (Linux).
    """

    status: int
    """Status of the answer to the handshake: 101 when the connection stands; else nothing follows."""

    subprotocol: str | None = None
    """Subprotocol that the server chose; absent when none."""

    message: str | Unreadable | None = None
    """The last message that was awaited, as text; absent when none was, or the server closed before."""

    messages: list[str] | Unreadable | None = None
    """All that came, in their order; absent when none did."""

    binary: bool | None = None
    """Whether `message` was sent as binary data, and not as text."""

    size_bytes: int | None = None
    """Size of `message`."""

    close_code: int | None = None
    """Code with which the server closed the connection before it had sent every awaited message (1000 and up;
    1005 when it gave none); absent when it did not, which is the default limit."""

    close_reason: str | None = None
    """Why it did, in its own words."""

    address: str
    """Address that was asked."""

    certificate_expires_in_seconds: float | Unreadable | None = None
    """Time until the server's certificate expires; absent without TLS.  The kind `tls` tells more."""

    latency_seconds: float
    """From the beginning to the end of the last message that was awaited, or else of the handshake."""

    resolve_seconds: float | None = None
    """Looking the name up; absent for an address."""

    connect_seconds: float
    """Opening the connection: from SYN to SYN-ACK."""

    tls_seconds: float | None = None
    """The TLS handshake; absent without TLS."""

    handshake_seconds: float
    """The handshake of WebSocket, from its request to the end of its answer."""

    message_seconds: float | None = None
    """From there, or from the message that was sent, to the end of the last that was awaited."""
