"""Knock at a TCP port and, where asked to, talk to what answers."""

from __future__ import annotations

import os
from errno import ECONNREFUSED
from typing import Annotated, Literal

from anyio import create_task_group
from msgspec import Meta

from agent.probe import Bytes, Need, Probe, ProbeError, Reading, Unreachable, Unreadable, Value, checked
from probes.dns.dialogue import Dialogue, Step
from probes.dns.endpoint import Address, Endpoint, parse_endpoint, resolve
from probes.dns.wire import Connection, named
from probes.extract import Pattern, Patterns, regex_readings

__all__ = ["Step", "TcpProbe", "TcpReading"]

_REFUSED = os.strerror(ECONNREFUSED).lower()
"""How a connection says that it was refused; any other words of it are never taken for a closed port."""

Port = Annotated[int, Meta(ge=1, le=65535)]


class TcpReading(Reading, frozen=True):
    """What the port did."""

    open: bool | Unreadable
    """Whether a connection was made; `false` only when each address of the host refused it.  Where some
    refuse and others do not it cannot be read, so that neither `true` nor `false` holds."""
    reason: str | None = None
    """Why it is not open; absent when it is."""
    addresses: list[str] = []
    """The addresses that were tried, each with its port."""
    latency_seconds: float | None = None
    """Time to connect (the kernel's round trip on Linux), the slowest address; absent when not open."""
    banner: str | Unreadable | None = None
    """Text that came during the dialogue; absent without one."""


class TcpProbe(Probe, frozen=True):
    """Connect once to a port: no second attempt, no other address if the first is slow.

    By default the port must be open.  A port counts as closed only when each address of its host refuses.
    A name that does not exist, a host that no way leads to and silence, which the check's timeout cuts, are
    failures whatever is expected: a firewall that drops packets cannot be told from a host that is away.  A
    dialogue that does not go as written is a failure.
    """

    defaults = {"open": "true"}

    address: Annotated[str, checked(parse_endpoint)] = ""
    """Where, as `host:port`, IPv6 in brackets; or give `host` and `port`."""
    host: str = ""
    """Name or address."""
    port: Port | None = None
    """Port, 1 to 65535."""
    addresses: Literal["first", "all"] = "first"
    """Of a host with several addresses try the one that this machine prefers, or demand `all` (IPv4 and
    IPv6), all at once."""
    send: str = ""
    """Text to send once connected, in UTF-8."""
    expect: str = ""
    """Text that must come (after `send`)."""
    matches: Pattern = ""
    """Regular expression that must be found in what comes (after `send`)."""
    read: Literal["line", "end"] | None = None
    """Take the next `line`, or all until the `end`, into the banner, for instance to judge it by `expect`."""
    dialogue: list[Step] = []
    """Several turns, instead of `send`, `expect`, `matches` and `read`."""
    regex: Patterns = {}
    """Readings from the banner: name to regular expression; its first group, else the match."""
    limit: Bytes = 65536
    """The most that is read; default 64 KiB."""

    def __post_init__(self) -> None:
        """Refuse a target that is named twice or not at all, and a banner that nobody reads."""
        if bool(self.address) == bool(self.host or self.port):
            raise ValueError("give either address (host:port) or host and port")
        if not self.address:
            if not (self.host and self.port):
                raise ValueError("host and port go together")
            if parse_endpoint(self.host, self.port).port != self.port:
                raise ValueError(f"host is {self.host!r}, expected a name or address without a port")
        if self.dialogue and self._talks():
            raise ValueError("give either dialogue or send, expect, matches and read")
        if self.regex and not self._steps():
            raise ValueError("regex reads the banner, which needs read, expect, matches or dialogue")

    async def measure(self) -> TcpReading:
        """Connect, hold the dialogue, and report what came.  Raises Unreachable and ProbeError."""
        endpoint = self._endpoint()
        return await self.knock(endpoint, await resolve(endpoint))

    async def knock(self, endpoint: Endpoint, known: tuple[Address, ...]) -> TcpReading:
        """Connect to what the host's addresses are known to be, at least one."""
        steps = self._steps()
        looks = await self._look_at(endpoint, known if self.addresses == "all" else known[:1], steps)
        if looks[0].closed and len(looks) < len(known):  # closed is a claim about the others too
            looks += await self._look_at(endpoint, known[1:], [])
        return self._report(looks)

    def target(self) -> str:
        """Host that is knocked at."""
        return self._endpoint().host

    def permissions(self) -> tuple[Need, ...]:
        """List the connection."""
        return (Need("network", "connect", str(self._endpoint())),)

    def _endpoint(self) -> Endpoint:
        return parse_endpoint(self.address or self.host, self.port)

    def _talks(self) -> bool:
        return bool(self.send or self.expect or self.matches or self.read)

    def _steps(self) -> list[Step]:
        if not self._talks():
            return self.dialogue
        return [Step(send=self.send, expect=self.expect, matches=self.matches, read=self.read)]

    async def _look_at(self, endpoint: Endpoint, addresses: tuple[Address, ...], steps: list[Step]) -> list[_Look]:
        looks = [_Look(endpoint, address) for address in addresses]
        async with create_task_group() as tasks:
            for look in looks:
                tasks.start_soon(look.take, steps, self.limit)
        return looks

    def _report(self, looks: list[_Look]) -> TcpReading:
        """Make one reading of all looks; trouble is raised unless a port is closed."""
        half = "half up" if any(look.seconds is not None for look in looks) else "not all refuse"
        closed = [look.closed for look in looks if look.closed]
        trouble = [look.trouble for look in looks if look.trouble]
        seconds = max((look.seconds for look in looks if look.seconds is not None), default=None)
        addresses = [str(look.address) for look in looks]
        if trouble and not closed:
            trouble[0].partial.update(addresses=addresses, latency_seconds=seconds)
            raise trouble[0]
        reason = "; ".join([*closed, *map(str, trouble)])
        banner = None if closed else _common([look.banner for look in looks])
        return TcpReading(
            open=Unreadable(f"{half}: {reason}") if 0 < len(closed) < len(looks) else not closed,
            reason=reason or None,
            addresses=addresses,
            latency_seconds=None if closed else seconds,
            banner=banner,
            named=_named(banner, self.regex),
        )


class _Look:
    """One address, knocked at once, and what came of it."""

    def __init__(self, endpoint: Endpoint, address: Address) -> None:
        self._endpoint = endpoint
        self.address = address
        self.closed = ""
        """The refusal of the address itself, and nothing less: to have seen nothing does not prove it closed."""
        self.trouble: Unreachable | ProbeError | None = None
        self.seconds: float | None = None
        self.banner: str | None = None

    async def take(self, steps: list[Step], limit: int) -> None:
        """Connect and talk; nothing is raised."""
        try:
            connection = await Connection.open(self._endpoint, self.address)
        except (Unreachable, ProbeError) as error:
            if str(error) == f"{named(self._endpoint, self.address)}: {_REFUSED}":
                self.closed = str(error)
            else:
                self.trouble = error
        else:
            async with connection:
                await self._talk(connection, steps, limit)

    async def _talk(self, connection: Connection, steps: list[Step], limit: int) -> None:
        self.seconds = connection.seconds
        talk = Dialogue(connection, named(self._endpoint, self.address), limit)
        try:
            for step in steps:
                await talk.take_turn(step)
        except Unreachable as error:
            self.trouble = error
        self.banner = talk.heard() if steps else None


def _common(banners: list[str | None]) -> str | Unreadable | None:
    """Give what all addresses said."""
    first, *others = banners
    return first if all(other == first for other in others) else Unreadable("the addresses say different things")


def _named(banner: str | Unreadable | None, patterns: dict[str, str]) -> dict[str, Value]:
    if isinstance(banner, str):
        return regex_readings(banner, patterns)
    return dict.fromkeys(patterns, banner or Unreadable("nothing was said"))
