"""A server that speaks Prometheus's HTTP API, asked about something else: a witness."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import msgspec

from agent.probe import Need
from probes.http.visit import Visit
from probes.prometheus.connection import Connection
from probes.prometheus.envelope import decode, opened

__all__ = ["Server"]

_Data = TypeVar("_Data")


class Server(Connection, frozen=True, kw_only=True):
    """The settings that all kinds of the family have."""

    witness: ClassVar[bool] = True
    paths: ClassVar[tuple[str, ...]] = ()
    """What of the API is asked, for `permissions`."""

    allow_warnings: bool = False
    """Whether an answer with warnings counts.  By default it does not: Thanos and others say by a warning that a
    part of the data is missing, and then nobody knows."""

    def told(self, visit: Visit, form: type[_Data]) -> _Data:
        """Read an answer of that form; blocks.  Raises Unreachable and ProbeError."""
        return decode(self.opened(visit), form, self.place)

    def opened(self, visit: Visit) -> msgspec.Raw:
        """Open the envelope of an answer.  Raises Unreachable and ProbeError."""
        return opened(visit, self.place, allow_warnings=self.allow_warnings)

    def permissions(self) -> tuple[Need, ...]:
        """List the connection, the files that are read for it, and what of the API is asked."""
        api = (Need("prometheus", f"GET {path}", self.place) for path in self.paths)
        return (*super().permissions(), *api)
