"""A fresh connection to a host and a port, for kinds that talk over it themselves, and what it took.

They share the transport of `http` (probes/http: names, sockets, TLS, arrival times), without its URLs and
its library.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from time import perf_counter

from agent.probe import Need, Probe, ProbeError, Unreachable, Value
from probes.dns.endpoint import Endpoint, parse_endpoint
from probes.http import heavy, trust
from probes.http.connection import Connection, Stream, connect
from probes.http.resolve import numeric, resolve
from probes.http.secure import handshake
from probes.http.timing import Timing
from probes.http.trust import Trust

__all__ = ["AGENT", "Secured", "dial", "explained", "host_name", "opened", "parse"]

AGENT = "gonogo"
"""How the agent names itself to a server."""


class Secured(Probe, frozen=True, kw_only=True):
    """The settings of TLS, for kinds that may use it."""

    verify: bool = True
    """Whether the certificate must be trusted and carry the name; an untrusted one is a failure."""

    ca: str | None = None
    """File with the certificates (PEM) that are trusted, instead of the system's."""

    server_name: str | None = None
    """Name that is asked for and verified in TLS, instead of the host's."""

    cert: str | None = None
    """File with the client's certificate (PEM)."""

    key: str | None = None
    """File with its private key (PEM); by default it is in `cert`."""

    key_password: str | None = None
    """Password of an encrypted key."""

    def check_tls(self, *, used: bool) -> None:
        """Refuse settings of TLS that have no meaning.  Raises ValueError."""
        if self.cert is None and (self.key or self.key_password):
            raise ValueError("`key` has no meaning without `cert`")
        given = [name for name in ("ca", "server_name", "cert") if getattr(self, name) is not None]
        if not used and (given or not self.verify):
            raise ValueError(f"`{(*given, 'verify')[0]}` has no meaning without TLS")

    def trust(self, http_version: str) -> Trust:
        """Give the TLS of a connection that shall speak this version of HTTP."""
        return Trust(self.verify, self.ca, self.cert, self.key, self.key_password, http_version)

    def prepare_tls(self, http_version: str) -> None:
        """Load certificates.  Raises ProbeError for a file that is no good."""
        trust.prepare(self.trust(http_version))
        if not self.verify:
            heavy.unverified()

    def needs(self, endpoint: Endpoint) -> tuple[Need, ...]:
        """List the connection, and the files that are read for it."""
        files = [Need("file", "read", path) for path in (self.ca, self.cert, self.key) if path]
        return (Need("network", "connect", str(endpoint)), *files)


def parse(text: str) -> Endpoint:
    """Read `host:port`.  Raises ValueError in an operator's words."""
    found = parse_endpoint(text)
    return Endpoint(host_name(found.host), found.port)


def host_name(text: str) -> str:
    """Give a name as the network knows it: one that is not ASCII goes through IDNA 2008.  Raises ValueError."""
    if text.isascii():
        return text
    try:
        encoded: bytes = importlib.import_module("idna").encode(text, uts46=True)  # its tables take 12 ms to load
    except UnicodeError as error:
        raise ValueError(f"{text!r} is not a host name") from error
    return encoded.decode("ascii")


async def dial(endpoint: Endpoint, timing: Timing, allowed: int) -> tuple[Connection, float]:
    """Connect to the one address that this machine prefers, and no other: half up must not look up.

    `allowed` bounds the bytes that may come.  With the connection, the time at which it stood, by
    `perf_counter`.  Raises Unreachable and ProbeError.
    """
    address = numeric(endpoint.host, endpoint.port)
    if address is None:
        found = await resolve(endpoint.host, endpoint.port)
        timing.resolve, address = found.seconds, found.addresses[0]
    timing.peer = str(address)
    started = perf_counter()
    connection, timing.connect = await connect(address)
    connection.allow(allowed)
    return connection, started + timing.connect


@asynccontextmanager
async def opened(
    endpoint: Endpoint, timing: Timing, allowed: int, tls: tuple[Trust, str] | None
) -> AsyncIterator[Stream]:
    """Connect and, with `tls` (its settings and the server's name), shake hands; closed in any case."""
    context = trust.context(tls[0]) if tls else None
    connection, _ = await dial(endpoint, timing, allowed)
    with ExitStack() as cleanup:
        cleanup.callback(connection.close)
        stream: Stream = connection
        if context and tls:
            stream, timing.tls = await handshake(connection, context, tls[1].partition("%")[0])
            cleanup.callback(stream.close)
        yield stream


@contextmanager
def explained(endpoint: Endpoint, timing: Timing, known: Callable[[], Mapping[str, Value]]) -> Iterator[None]:
    """Put in front of what goes wrong where it does, and add what is `known` by then."""
    try:
        yield
    except (Unreachable, ProbeError) as error:
        peer = f" ({timing.peer})" if timing.peer not in ("", endpoint.host) else ""
        partial = {name: value for name, value in known().items() if value is not None}
        raise type(error)(f"{endpoint}{peer}: {error}", **partial | error.partial) from error
