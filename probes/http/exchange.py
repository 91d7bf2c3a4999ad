"""One question and its answer, whatever version of HTTP carries them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["HEAD_LIMIT", "INTERIM_LIMIT", "Exchange", "Head", "Message"]

HEAD_LIMIT = 65536
"""Bytes that the head of an answer, or its trailer, may have."""

INTERIM_LIMIT = 20
"""Interim (1xx) answers that may come before the answer."""

Headers = list[tuple[bytes, bytes]]


class Message(NamedTuple):
    """A request, ready to be sent."""

    method: bytes
    scheme: bytes
    authority: bytes
    target: bytes
    """Path and query; an absolute address for a proxy; host and port for CONNECT (RFC 9112 section 3.2)."""
    headers: Headers
    content: bytes


class Head(NamedTuple):
    """An answer without its body."""

    status: int
    headers: Headers
    version: str


class Exchange(Protocol):
    """One request over one stream."""

    async def ask(self, message: Message) -> Head:
        """Send it and wait for the head of the answer.  Raises Unreachable."""

    async def more(self) -> bytes | None:
        """Wait for more of the body; None when it is whole.  Raises Unreachable when it is cut short."""
