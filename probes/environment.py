"""Look at the environment of this machine's agent: are variables set, long enough, of the right form.

What they hold stays here: no metric, message or error has any of it, nor its length.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated

import msgspec
from anyio import to_thread
from msgspec import Meta

from agent.probe import Need, Probe, Reading, Unreadable
from probes.extract import Pattern, full_match

__all__ = ["EnvironmentProbe", "EnvironmentReading"]


class EnvironmentReading(Reading, frozen=True, kw_only=True):
    """Which variables are as they should be, by name; nothing of what they hold."""

    set: list[str]
    """Those that are set, to whatever."""
    missing: list[str]
    """Those that are not set at all."""
    empty: list[str]
    """Those that are set to nothing, or to nothing but white space."""
    short: list[str]
    """Those that are set and have fewer characters than `length` wants."""
    mismatched: list[str] | Unreadable
    """Those that are set and are not as `pattern` wants; unreadable when a pattern takes too long."""


class EnvironmentProbe(Probe, frozen=True, kw_only=True):
    """Look at variables by name; all of them should be set and not empty, unless limits say otherwise."""

    witness = True
    defaults = {name: {"equals": []} for name in ("missing", "empty", "short", "mismatched")}

    names: tuple[str, ...] = ()
    """Variables to look at, beside those that `length` and `pattern` name."""
    length: dict[str, Annotated[int, Meta(ge=0)]] = msgspec.field(default_factory=dict)
    """By variable: how many characters it has at least."""
    pattern: dict[str, Pattern] = msgspec.field(default_factory=dict)
    """By variable: a regular expression that all of it matches, as `PGSSLMODE: verify-full`."""

    def __post_init__(self) -> None:
        """Refuse to look at nothing, and at what can be no name."""
        if not self._wanted():
            raise ValueError("no variable is named, in names, length or pattern")
        for name in self._wanted():
            if not name or "=" in name or "\0" in name:
                raise ValueError(f"{name!r} is no name of a variable")

    async def measure(self) -> EnvironmentReading:
        """Look once."""
        if self.pattern:
            return await to_thread.run_sync(self._look, os.environ.copy(), abandon_on_cancel=True)
        return self._look(os.environ)

    def permissions(self) -> tuple[Need, ...]:
        """List the variables."""
        return tuple(Need("environment", "read", name) for name in self._wanted())

    def _wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.names, *self.length, *self.pattern)))

    def _look(self, environment: Mapping[str, str]) -> EnvironmentReading:
        wanted = self._wanted()
        held = {name: environment[name] for name in wanted if name in environment}
        return EnvironmentReading(
            set=list(held),
            missing=[name for name in wanted if name not in held],
            empty=[name for name, value in held.items() if not value.strip()],
            short=[name for name, value in held.items() if len(value) < self.length.get(name, 0)],
            mismatched=self._mismatched(held),
        )

    def _mismatched(self, held: Mapping[str, str]) -> list[str] | Unreadable:
        found = []
        for name in self.pattern.keys() & held.keys():
            try:
                if not full_match(held[name], self.pattern[name]):
                    found.append(name)
            except ValueError as error:
                return Unreadable(f"the pattern of {name}: {error}")
        return sorted(found)
