"""Look at this machine: whether its clock goes right, it can look names up, and it reaches what it must.

A machine that is blind makes healthy targets look down.  Ask this first, and let other checks `need` it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from anyio import create_task_group
from msgspec import Meta

from agent.probe import Need, Probe, ProbeError, Reading, Seconds, Unreachable, checked
from probes.dns.clock import Clock, Offset
from probes.dns.endpoint import Endpoint, parse_endpoint, resolve
from probes.dns.wire import Connection

__all__ = ["RunnerProbe", "RunnerReading"]


def _parse_name(text: str) -> Endpoint:
    """Read a name without a port."""
    endpoint = parse_endpoint(text, 1)
    if endpoint.host != text:
        raise ValueError(f"{text!r} is no name")
    return endpoint


class RunnerReading(Reading, frozen=True):
    """What this machine can see."""

    problems: list[str]
    """What is wrong, in words; empty when all that was asked for is well."""
    clock_skew_seconds: float | None = None
    """The most that this machine's clock can be off, either way, as far as the source tells: never under half a
    second with `http`.  Absent when not asked for."""
    clock_offset_seconds: float | None = None
    """Best estimate of how far this machine's clock is ahead (negative: behind)."""
    resolves: bool | None = None
    """Whether all names in `dns` have an address.  Absent when not asked for."""
    unresolved: list[str] | None = None
    """Names in `dns` that have none, or could not be looked up."""
    egress: bool | None = None
    """Whether all of `egress` accept a connection.  Absent when not asked for."""
    unreachable: list[str] | None = None
    """Places in `egress` that do not."""


class RunnerProbe(Probe, frozen=True):
    """Look at the machine that gonogo runs on, from the inside.

    By default there must be no problem: the clock within `skew`, every name with an address, every place open.
    What is found wrong says nothing about any target, so that it is an error and never a failure.
    """

    witness = True
    gates = (
        "problems",
        "clock_skew_seconds",
        "clock_offset_seconds",
        "resolves",
        "unresolved",
        "egress",
        "unreachable",
    )
    defaults = {"problems": {"equals": []}}

    clock: Clock | None = None
    """Source to compare the clock with: `{http: URL}` or `{ntp: HOST}`."""
    skew: Seconds = 2.0
    """The most that the clock may be off; default 2 s."""
    dns: Annotated[list[Annotated[str, checked(_parse_name)]], Meta(min_length=1)] | None = None
    """Names that this machine must be able to look up, as every program on it does."""
    egress: Annotated[list[Annotated[str, checked(parse_endpoint)]], Meta(min_length=1)] | None = None
    """Places (`host:port`) that this machine must be able to connect to."""

    def __post_init__(self) -> None:
        """Refuse to look at nothing."""
        if not (self.clock or self.dns or self.egress):
            raise ValueError("looks at nothing: give clock, dns or egress")

    async def measure(self) -> RunnerReading:
        """Look at all that was asked for, at once."""
        look = _Look()
        async with create_task_group() as tasks:
            if self.clock:
                tasks.start_soon(look.compare, self.clock)
            for name in self.dns or ():
                tasks.start_soon(look.try_out, name, _look_up)
            for place in self.egress or ():
                tasks.start_soon(look.try_out, place, _connect)
        reading = self._reading(look)
        if look.trouble:
            known = {name: getattr(reading, name) for name in ("resolves", "unresolved", "egress", "unreachable")}
            raise type(look.trouble)("; ".join([str(look.trouble), *reading.problems]), **known)
        return reading

    def permissions(self) -> tuple[Need, ...]:
        """List whom it asks and connects to."""
        places = [str(parse_endpoint(text)) for text in self.egress or ()]
        clock = [str(self.clock.endpoint)] if self.clock else []
        return tuple(Need("network", "connect", place) for place in [*clock, *places])

    def _reading(self, look: _Look) -> RunnerReading:
        unresolved = [name for name in self.dns or () if name in look.wrong]
        unreachable = [place for place in self.egress or () if place in look.wrong]
        offset = look.offset
        return RunnerReading(
            problems=self._late(offset) + [look.wrong[text] for text in [*unresolved, *unreachable]],
            clock_skew_seconds=offset.bound if offset else None,
            clock_offset_seconds=offset.ahead if offset else None,
            resolves=not unresolved if self.dns else None,
            unresolved=unresolved if self.dns else None,
            egress=not unreachable if self.egress else None,
            unreachable=unreachable if self.egress else None,
        )

    def _late(self, offset: Offset | None) -> list[str]:
        if not self.clock or not offset or offset.bound <= self.skew:
            return []
        way = "ahead of" if offset.ahead > 0 else "behind"
        found, allowed = _seconds(offset.bound), _seconds(self.skew)
        return [f"the clock is up to {found} {way} {self.clock.endpoint}, expected at most {allowed}"]


class _Look:
    """What came of everything that was tried; nothing is raised while others are still trying."""

    def __init__(self) -> None:
        self.offset: Offset | None = None
        self.trouble: Unreachable | ProbeError | None = None
        self.wrong: dict[str, str] = {}

    async def compare(self, clock: Clock) -> None:
        """Compare the clocks."""
        try:
            self.offset = await clock.compare()
        except (Unreachable, ProbeError) as error:
            self.trouble = error

    async def try_out(self, text: str, attempt: Callable[[str], Awaitable[None]]) -> None:
        """Note why it does not work."""
        try:
            await attempt(text)
        except (Unreachable, ProbeError) as error:
            self.wrong[text] = str(error)


async def _look_up(name: str) -> None:
    await resolve(_parse_name(name))


async def _connect(place: str) -> None:
    endpoint = parse_endpoint(place)
    address = (await resolve(endpoint))[0]
    await (await Connection.open(endpoint, address)).aclose()


def _seconds(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".") + "s"
