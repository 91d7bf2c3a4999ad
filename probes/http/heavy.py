"""Modules that take long to load and that few checks need: the one seam where they are loaded.

`prepare` of a probe loads what it may need, before any clock runs; afterwards this costs a look into
`sys.modules`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from agent.probe import Unreadable
from probes.http.connection import Stream
from probes.http.exchange import Exchange
from probes.http.timing import Timing

__all__ = ["http2", "unverified"]


class _Http2(Protocol):
    def Http2(self, stream: Stream, timing: Timing) -> Exchange:  # noqa: N802  the name of a class
        """Make an exchange."""


class _Unverified(Protocol):
    def expires(self, certificate: bytes) -> float | Unreadable:
        """Read a certificate."""


def http2() -> _Http2:
    """Load `probes.http.http2`; its library takes 30 ms."""
    return cast("_Http2", import_module("probes.http.http2"))


def unverified() -> _Unverified:
    """Load `probes.http.unverified`; its library takes 60 ms."""
    return cast("_Unverified", import_module("probes.http.unverified"))
