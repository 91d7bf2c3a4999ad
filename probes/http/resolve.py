"""Names to addresses: the system's resolver, in threads, one look-up for all who ask at the same time.

Nothing is remembered: who asks later, asks again.
"""

from __future__ import annotations

import socket
import threading
from time import perf_counter
from typing import Any, NamedTuple

import msgspec
from anyio import CapacityLimiter, Event, to_thread
from anyio.lowlevel import RunVar

from agent.probe import ProbeError
from probes.http.failures import not_found

__all__ = ["Address", "Family", "Found", "numeric", "resolve"]

Family = socket.AddressFamily

_THREADS = 200
"""Look-ups under way at once, so that slow names do not queue behind each other."""


class Address(NamedTuple):
    """Where a connection goes: what `socket.connect` wants to know."""

    family: int
    location: tuple[str | int, ...] | str
    """Address and port (for IPv6 also flow and scope), or the path of a Unix socket."""

    def __str__(self) -> str:
        """Write the address alone, as an operator writes it."""
        return self.location if isinstance(self.location, str) else str(self.location[0])


class Found(NamedTuple):
    """A name's addresses, in the order in which the system prefers them; at least one."""

    addresses: tuple[Address, ...]
    seconds: float | None
    """How long the one who asked waited for the resolver, not for its turn in our threads; None if nobody was."""


class _Call(msgspec.Struct):
    """One look-up under way; `answer` stays None when whoever made it was cancelled."""

    done: Event
    answer: _Answer | None = None


class _Answer(NamedTuple):
    started: float
    ended: float
    outcome: tuple[Address, ...] | OSError


class _Resolver:
    """The look-ups that are under way in one event loop."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, int], _Call] = {}
        self.turn = CapacityLimiter(_THREADS)
        # Threads whose caller was cancelled go on until the resolver gives up, and hold their permit.
        self.permits = threading.BoundedSemaphore(_THREADS)

    async def ask(self, host: str, family: int) -> _Answer:
        """Join the call for this name that is under way, or make it."""
        while (call := self.calls.get((host, family))) is not None:
            await call.done.wait()
            if call.answer is not None:
                return call.answer
        return await self._call(host, family)

    async def _call(self, host: str, family: int) -> _Answer:
        call = self.calls[host, family] = _Call(Event())
        try:
            call.answer = await to_thread.run_sync(
                self._look_up, host, family, abandon_on_cancel=True, limiter=self.turn
            )
        finally:  # also when cancelled: one of those who wait then makes the call anew
            del self.calls[host, family]
            call.done.set()
        return call.answer

    def _look_up(self, host: str, family: int) -> _Answer:
        """Ask the system, in a thread.  Errors are answers too: they are for everybody who waits."""
        if not self.permits.acquire(blocking=False):
            raise ProbeError(f"the resolver of this machine does not answer: {_THREADS} look-ups are pending")
        started = perf_counter()
        try:
            outcome: tuple[Address, ...] | OSError = _addresses(host, family)
        except OSError as error:
            outcome = error
        finally:
            self.permits.release()
        return _Answer(started, perf_counter(), outcome)


_resolver: RunVar[_Resolver] = RunVar("gonogo_http_resolver")


async def resolve(host: str, port: int, family: int = socket.AF_UNSPEC) -> Found:
    """Look a name up.  Raises Unreachable when it does not exist, ProbeError when nobody answers."""
    asked = perf_counter()
    answer = await _here().ask(host, family)
    if isinstance(answer.outcome, OSError):
        raise not_found(host, family, answer.outcome) from answer.outcome
    addresses = tuple(_at_port(address, port) for address in answer.outcome)
    return Found(addresses, max(0.0, answer.ended - max(asked, answer.started)))


def _here() -> _Resolver:
    resolver = _resolver.get(None)
    if resolver is None:
        _resolver.set(resolver := _Resolver())
    return resolver


def numeric(host: str, port: int) -> Address | None:
    """Read an address that is written in numbers; None when it is a name.  Asks nobody."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return None
    return _address(found[0])


def _addresses(host: str, family: int) -> tuple[Address, ...]:
    try:
        found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of more than 63 characters cannot exist
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return tuple(dict.fromkeys(_address(entry) for entry in found))


def _address(entry: tuple[Any, ...]) -> Address:
    """Take the two parts that matter from an entry of getaddrinfo."""
    return Address(entry[0], entry[4])


def _at_port(address: Address, port: int) -> Address:
    return Address(address.family, (address.location[0], port, *address.location[2:]))
