"""One question to every address of a host: all must answer, and what they say must hold for all.

A limit judges one reading, so the readings are made one: of times the longest, of a certificate's life the
shortest, of the operator's numbers all (each is then judged), and of anything else that differs nothing,
because one of two versions is not the version.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from decimal import Decimal

from anyio import create_task_group

from agent.probe import ProbeError, Unreachable, Unreadable, Value
from probes.http.resolve import Address, Found

__all__ = ["each", "merged", "resolved"]

_LONGEST = frozenset(
    {f"{phase}_seconds" for phase in ("latency", "resolve", "connect", "tls", "first_byte", "transfer")}
)
_SHORTEST = frozenset({"certificate_expires_in_seconds"})

Metrics = dict[str, Value]
Look = Callable[[Address], Coroutine[None, None, Metrics]]


async def each(addresses: Sequence[Address], look: Look) -> dict[str, Metrics]:
    """Look at each address at the same time.  Raises what is wrong with those that gave no answer."""
    found: dict[str, Metrics] = {}
    failed: dict[str, Unreachable | ProbeError] = {}

    async def look_at(address: Address) -> None:
        try:
            found[str(address)] = await look(address)
        except (Unreachable, ProbeError) as error:
            failed[str(address)] = error

    async with create_task_group() as tasks:
        for address in addresses:
            tasks.start_soon(look_at, address)
    if failed:
        raise _failure(failed, len(addresses))
    return {str(address): found[str(address)] for address in addresses}


def _failure(failed: Mapping[str, Unreachable | ProbeError], asked: int) -> Unreachable | ProbeError:
    """Name each; an address of which nothing is known does not excuse one that does not answer."""
    reasons = "; ".join(str(error) for error in failed.values())
    verdict = Unreachable if any(isinstance(error, Unreachable) for error in failed.values()) else ProbeError
    return verdict(f"{len(failed)} of {asked} addresses gave no answer: {reasons}")


def merged(found: Mapping[str, Metrics]) -> Metrics:
    """Make one reading of those of all addresses.  Raises Unreachable when not even the status is the same."""
    statuses = {address: metrics["status"] for address, metrics in found.items()}
    if len(set(statuses.values())) > 1:
        told = ", ".join(f"{address} has {status}" for address, status in statuses.items())
        raise Unreachable(f"the addresses do not answer alike: status of {told}")
    first = next(iter(found.values()))
    named = {name: _named({one: m["named"][name] for one, m in found.items()}) for name in first["named"]}
    metrics = {name: _merged(name, {one: m[name] for one, m in found.items()}) for name in first if name != "named"}
    return metrics | {"addresses": list(found), "named": named}


def _merged(name: str, values: Mapping[str, Value]) -> Value:
    if name in _LONGEST:
        return max((value for value in values.values() if value is not None), default=None)
    if name in _SHORTEST and all(isinstance(value, float) for value in values.values()):
        return min(values.values())
    if name == "hop_seconds":
        return [seconds for value in values.values() for seconds in value]
    return _same(values)


def _named(values: Mapping[str, Value]) -> Value:
    numbers = [value for value in values.values() if isinstance(value, int | float | Decimal)]
    if len(numbers) == len(values) and not any(isinstance(value, bool) for value in numbers):
        return numbers if len(set(numbers)) > 1 else numbers[0]
    return _same(values)


def _same(values: Mapping[str, Value]) -> Value:
    """Give what all say, or that they do not say the same; the message names no value, which may be long."""
    (address, value), *others = values.items()
    for other, theirs in others:
        if type(theirs) is not type(value) or theirs != value:
            return Unreadable(f"{address} and {other} do not say the same")
    return value


def resolved(metrics: Metrics, found: Found) -> Metrics:
    """Add the one look-up that was made for all of them."""
    if found.seconds is None:
        return {}
    return {"resolve_seconds": found.seconds, "latency_seconds": metrics["latency_seconds"] + found.seconds}
