"""What the operating system says of a connection, in an operator's words, and whose fault it is.

The target's: nothing listens, it resets, it cannot be reached.  Ours: this machine has no route, no
permission, no port or descriptor left.  The second must never make NO-GO.
"""

from __future__ import annotations

import errno
import socket

from agent.probe import ProbeError, Unreachable
from probes.http.words import system

__all__ = ["broken", "not_found", "not_opened"]

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.EPIPE: "connection closed",
    errno.ETIMEDOUT: "connection timed out",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "network is unreachable",
    errno.ENOENT: "no such socket",
    errno.EAGAIN: "its queue of connections is full",
}

_OURS = {
    errno.ENETUNREACH: "this machine has no route to it",
    errno.EADDRNOTAVAIL: "this machine has no address or port left to connect from",
    errno.EAFNOSUPPORT: "this machine does not support addresses of that family",
    errno.EMFILE: "too many open files in this process",
    errno.ENFILE: "too many open files on this machine",
    errno.EACCES: "this machine does not permit the connection",
    errno.EPERM: "this machine does not permit the connection",
    errno.ENOBUFS: "this machine has no memory for the connection",
    errno.ENOMEM: "this machine has no memory for the connection",
}
"""Refused before a packet was sent: nothing is known of the target."""

_NO_NAME = {socket.EAI_NONAME}
_NO_ADDRESS = {getattr(socket, name) for name in ("EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)}
_FAMILIES = {socket.AF_INET: "IPv4 ", socket.AF_INET6: "IPv6 "}


def broken(error: OSError) -> Unreachable:
    """Say how a connection failed that had left this machine."""
    return Unreachable(_WORDS.get(error.errno or 0) or system(error))


def not_opened(error: OSError) -> Unreachable | ProbeError:
    """Say why the kernel refused to open a connection, before anything was sent."""
    ours = _OURS.get(error.errno or 0)
    return ProbeError(ours) if ours else broken(error)


def not_found(host: str, family: int, error: OSError) -> Unreachable | ProbeError:
    """Say why a name has no address: it does not exist, or the resolver gave no answer."""
    if isinstance(error, socket.gaierror) and error.errno in _NO_NAME | _NO_ADDRESS:
        wanted = _FAMILIES.get(socket.AddressFamily(family), "")
        if wanted or error.errno in _NO_ADDRESS:
            return Unreachable(f"the name {host} has no {wanted}address")
        return Unreachable(f"the name {host} does not exist")
    return ProbeError(f"the name {host} cannot be looked up: {system(error)}")
