"""The kind `grpc`: ask a server for its health."""

from __future__ import annotations

import re
from time import time
from typing import Annotated, Literal

from msgspec import field

from agent.probe import Need, ProbeError, Unreachable, Unreadable, Value, checked
from probes.dial import Secured, explained, opened, parse
from probes.dns.endpoint import Endpoint
from probes.grpc import health
from probes.grpc.call import ALLOWED, Answer, Request, call
from probes.grpc.reading import GrpcReading
from probes.grpc.status import DENIED
from probes.http.timing import Timing

__all__ = ["GrpcProbe", "GrpcReading"]

_HTTP = "2"
_NAME = re.compile(r"[0-9a-z_.-]+", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]*", re.ASCII)
_OWN = frozenset({"te", "content-type", "user-agent", "host", "connection", "content-length"})
_SECRET = 6
"""Characters that a value has to have for it to be hidden; `prod` is no secret."""
_AUTHORITY = re.compile(r"[!-~]+", re.ASCII)


class GrpcProbe(Secured, frozen=True, kw_only=True):
    """Ask a server of gRPC for its health, by the standard protocol (grpc.health.v1.Health/Check).

    One call over a connection of its own, to the address that this machine prefers.  No answer, or none that is
    gRPC, whole and trusted, is a failure of the target, and so is every status but `SERVING` unless `expect`
    says otherwise.  A server that wants other credentials (`UNAUTHENTICATED`, `PERMISSION_DENIED`) is an error,
    unless `denied: metric` leaves it to `expect`.
    """

    defaults = {"status": "SERVING"}

    address: Annotated[str, checked(parse)]
    """Where, as `host:port`, IPv6 in brackets."""

    service: str = ""
    """Name of the service that is asked about (`shop.v1.Orders`); default the server as a whole."""

    tls: bool = False
    """Whether to speak TLS, which must then agree on HTTP/2."""

    authority: str | None = None
    """Name that the server is called by (`:authority`); default `address`."""

    metadata: dict[str, str] = field(default_factory=dict)
    """Metadata of the call (`authorization: Bearer …`); never shown.  A value under `…-bin` is in base64."""

    denied: Literal["error", "metric"] = "error"
    """What denied credentials are: an `error`, because it is then not known how the server is, or a
    `metric` (`status`) for `expect` to judge."""

    def __post_init__(self) -> None:
        parse(self.address)
        self.check_tls(used=self.tls)
        for name, value in self.metadata.items():
            _check_metadata(name.lower(), value)
        if self.authority is not None and not _AUTHORITY.fullmatch(self.authority):
            raise ValueError("`authority` holds a space or a character that is not ASCII, or nothing")

    async def measure(self) -> GrpcReading:
        """Ask once.  Raises Unreachable and ProbeError."""
        endpoint, timing = parse(self.address), Timing()
        tls = (self.trust(_HTTP), self.server_name or endpoint.host) if self.tls else None
        with explained(endpoint, timing, lambda: _phases(timing)):
            async with opened(endpoint, timing, ALLOWED, tls) as stream:
                if self.tls and stream.protocol != "h2":
                    raise Unreachable("does not agree on HTTP/2 (by ALPN), which gRPC needs")
                answer = await call(stream, self._request(endpoint), timing)
            metrics = self._metrics(answer._replace(message=self._unsaid(answer.message)))
        return GrpcReading(**_phases(timing), **metrics, certificate_expires_in_seconds=_time_left(stream.expires))

    def _request(self, endpoint: Endpoint) -> Request:
        return Request(
            scheme="https" if self.tls else "http",
            authority=self.authority or str(endpoint),
            method=health.METHOD,
            metadata=[(name.lower(), value) for name, value in self.metadata.items()],
            content=health.question(self.service),
        )

    def _unsaid(self, message: str | None) -> str | None:
        """Take out of a message what it repeats of our metadata, which may be a secret."""
        for value in self.metadata.values() if message else ():
            secret = value.rpartition(" ")[2]  # without the `Bearer` before it
            if len(secret) >= _SECRET and message:
                message = message.replace(secret, "***")
        return message

    def _metrics(self, answer: Answer) -> dict[str, Value]:
        if answer.code in DENIED and self.denied == "error":
            raise ProbeError(_told("denies the credentials", answer), grpc_status=answer.code)
        return {
            "status": _status(answer),
            "grpc_status": answer.code,
            "message": answer.message,
            "http_status": answer.http_status,
        }

    def prepare(self) -> None:
        """Load certificates.  Raises ProbeError for a file that is no good."""
        if self.tls:
            self.prepare_tls(_HTTP)

    def target(self) -> str:
        """Name the host."""
        return parse(self.address).host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, and the files that are read for it."""
        return self.needs(parse(self.address))


def _check_metadata(name: str, value: str) -> None:
    """Refuse what cannot be sent.  The messages never show a value, which may be a secret."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of metadata, expected letters, digits, '_', '-' and '.'")
    if name in _OWN or name.startswith("grpc-"):
        raise ValueError(f"the metadata {name} is the agent's own")
    if not _VALUE.fullmatch(value) or value != value.strip():
        raise ValueError(f"the metadata {name} holds a line break, outer space or a character that is not ASCII")


def _status(answer: Answer) -> str:
    """Give the health, or why there is none."""
    if answer.code == "NOT_FOUND":
        return "SERVICE_UNKNOWN"
    if answer.code != "OK":
        return answer.code
    try:
        return health.state(answer.content) or "UNRECOGNIZED"
    except ValueError as error:
        raise Unreachable(f"sends what is no health: {error}") from error


def _told(what: str, answer: Answer) -> str:
    return f"{what}: {answer.code}: {answer.message}" if answer.message else f"{what}: {answer.code}"


def _phases(timing: Timing) -> dict[str, Value]:
    return {"address": timing.peer or None, "latency_seconds": timing.total, **timing.metrics()}


def _time_left(expires: float | Unreadable | None) -> float | Unreadable | None:
    return expires - time() if isinstance(expires, float) else expires
