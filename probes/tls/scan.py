"""The scan: which versions and which weak suites a server accepts, each found with a hello of its own.

Only a ServerHello of the version asked for is an offer.  Only an alert that says so is a refusal, or a
closed connection while the server goes on accepting another version.  All else, silence above all, says
nothing, and then the list is unreadable rather than shorter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import anyio
from msgspec import Struct

from agent.probe import ProbeError, Unreachable, Unreadable

from . import alerts, hello, suites
from .connection import Closed, Wire
from .hello import Acceptance, Hello, Refusal
from .versions import Label, Version

Dial: TypeAlias = Callable[[], Awaitable[Wire]]
"""Opens a connection to the address that is looked at, up to the point where TLS begins."""


class Accepted(Struct, frozen=True):
    """The server would speak this version, with this suite."""

    suite: int


class Refused(Struct, frozen=True):
    """The server says that it does not speak this version, or none of these suites."""


class Shut(Struct, frozen=True):
    """The server closed the connection when it had the hello."""

    reason: str


class Unknown(Struct, frozen=True):
    """Nothing that came back, or did not, says anything about what was asked."""

    reason: str


Answer: TypeAlias = Accepted | Refused | Shut | Unknown


class Scan(Struct):
    """One scan of one address; at most five connections are open at once."""

    dial: Dial
    hello: Hello
    negotiated: Version
    """Version that the handshake agreed on; a scan that contradicts it is not to be believed."""
    window: float
    """Seconds for which an answer to one hello is waited for, connecting included."""
    until: float
    """Time on anyio's clock by which the scan is over."""
    answers: dict[Version, Answer] = {}

    async def protocols(self) -> list[Label] | Unreadable:
        """List the versions that the server accepts, the oldest first."""
        async with anyio.create_task_group() as tasks:
            for version in Version:
                tasks.start_soon(self._look, version)
        await self._look_again()
        doubts = [doubt for version in Version if (doubt := self._doubt(version))]
        return Unreadable("; ".join(doubts)) if doubts else [version.label for version in self._offered()]

    async def weak_ciphers(self) -> list[str] | Unreadable:
        """List the weak suites that the server accepts up to TLSv1.2; to be called after `protocols`."""
        found: list[int] = []
        for version in Version:
            doubt = self._doubt(version)
            if not doubt and version < Version.TLS13 and version in self._offered():
                doubt = await self._collect(version, found)
            if doubt:
                return Unreadable(doubt)
        return sorted(suites.WEAK[suite] for suite in found)

    async def _look(self, version: Version) -> None:
        self.answers[version] = await self._ask(version, suites.usual(version))

    async def _look_again(self) -> None:
        """Ask again, one by one, where the connection was closed: it may have been one too many at once.

        What is closed again is a refusal only if the server then still accepts what it accepted before;
        otherwise it is a limit on connections that answers, not TLS.
        """
        for version in self._shut():
            await self._look(version)
        again, accepted = self._shut(), self._offered()
        if again and accepted and await self._still_accepts(accepted[-1]):
            self.answers |= dict.fromkeys(again, Refused())

    async def _collect(self, version: Version, found: list[int]) -> str:
        """Offer the weak suites until none is accepted; say what is in doubt, or nothing."""
        while left := [suite for suite in suites.WEAK if suite not in found]:
            match await self._ask(version, left):
                case Accepted(suite) if suite in left:
                    found.append(suite)
                case Accepted():
                    return f"the answer to the {version.label} hello is a suite that was not offered"
                case Shut(reason) if not await self._still_accepts(version):
                    return reason
                case Unknown(reason):
                    return reason
                case _:
                    return ""
        return ""

    async def _still_accepts(self, version: Version) -> bool:
        return isinstance(await self._ask(version, suites.usual(version)), Accepted)

    async def _ask(self, version: Version, offered: Sequence[int]) -> Answer:
        """Send one hello on a connection of its own."""
        window = min(self.window, self.until - anyio.current_time())
        with anyio.move_on_after(window):
            try:
                wire = await self.dial()
            except (Unreachable, ProbeError) as error:
                return Unknown(f"{error}, before the {version.label} hello")
            async with wire:
                return await self._exchange(wire, version, offered)
        return Unknown(f"no answer to the {version.label} hello")

    async def _exchange(self, wire: Wire, version: Version, offered: Sequence[int]) -> Answer:
        wire.phase = f"the {version.label} hello"
        await wire.send(self.hello.encode(version, offered))
        try:
            return _meaning(await hello.answer(wire), version)
        except Closed as error:
            return Shut(str(error))
        except Unreachable as error:
            return Unknown(f"{error}, to the {version.label} hello")

    def _offered(self) -> list[Version]:
        return [version for version in Version if isinstance(self.answers[version], Accepted)]

    def _shut(self) -> list[Version]:
        return [version for version in Version if isinstance(self.answers[version], Shut)]

    def _doubt(self, version: Version) -> str:
        """Say why it is not known whether a version is offered; nothing when it is known."""
        match self.answers[version]:
            case Shut(reason) | Unknown(reason):
                return reason
            case Refused() if version is self.negotiated:
                return f"the {version.label} hello is refused though the handshake agreed on that version"
            case _:
                return ""


def _meaning(said: Acceptance | Refusal, version: Version) -> Answer:
    match said:
        case Refusal(alert) if alert in alerts.NOT_OFFERED:
            return Refused()
        case Refusal(alert):
            return Unknown(f"{alerts.named(alert)} in answer to the {version.label} hello")
        case Acceptance(got, suite) if got == version:
            return Accepted(suite)
        case Acceptance(got) if got < version:
            return Refused()
        case _:
            return Unknown(f"a version that was not offered in answer to the {version.label} hello")
