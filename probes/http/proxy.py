"""A tunnel through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), and whose fault it is when there is none."""

from __future__ import annotations

import msgspec

from agent.probe import ProbeError, Unreachable
from probes.http.connection import Connection
from probes.http.exchange import Headers, Message
from probes.http.http1 import Http1
from probes.http.timing import Timing
from probes.http.urls import place

__all__ = ["Proxy", "tunnel"]

_NOT_REACHED = (502, 503, 504)
"""What a proxy answers when it is the target that does not; everything else is between us and the proxy."""


class Proxy(msgspec.Struct, frozen=True):
    """An HTTP proxy."""

    host: str
    port: int
    credentials: str | None = None
    """The value of `proxy-authorization`."""

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"proxy {place(self.host, self.port)}"

    def check(self, status: int) -> None:
        """Raise ProbeError for a status that only a proxy gives: it does not know us."""
        if status == 407:
            raise ProbeError(f"{self.name} asks for other credentials: status is 407")

    def headers(self) -> Headers:
        """Make what only the proxy may see."""
        return [(b"proxy-authorization", self.credentials.encode())] if self.credentials else []


async def tunnel(connection: Connection, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect to the target.  Raises Unreachable when it cannot, ProbeError when it will not."""
    target = place(host, port).encode("ascii")
    message = Message(b"CONNECT", b"", target, target, [(b"host", target), *proxy.headers()], b"")
    http = Http1(connection, Timing())
    try:
        status = (await http.ask(message)).status
    except Unreachable as error:
        raise ProbeError(f"{proxy.name}: {error}") from error
    if status in _NOT_REACHED:
        raise Unreachable(f"{proxy.name} does not reach it: status is {status}")
    proxy.check(status)
    if not 200 <= status < 300:
        raise ProbeError(f"{proxy.name} refuses: status is {status}")
    if http.surplus:
        raise ProbeError(f"{proxy.name} sends more than its answer")
