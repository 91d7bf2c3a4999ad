"""Where to connect: `host:port` as an operator writes it, and the addresses behind a host name.

Names are looked up as every program of this machine does it (getaddrinfo: its hosts file, its resolvers).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeAlias

import msgspec
from anyio import to_thread

from agent.probe import ProbeError, Unreachable

__all__ = ["Address", "Endpoint", "is_address", "parse_endpoint", "resolve"]

_HOST = re.compile(r"[^\s/@\[\]:?#*,%'\"\\]+")
_BRACKETS = re.compile(r"\[([^\[\]]+)\](?::(.*))?", re.DOTALL)
_NO_SUCH_NAME = {
    socket.EAI_NONAME,
    getattr(socket, "EAI_NODATA", socket.EAI_NONAME),  # the name is there, and has no address
    getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME),
}
Lookup: TypeAlias = Callable[..., list[tuple[Any, Any, int, str, Any]]]


class Endpoint(msgspec.Struct, frozen=True):
    """A host name or address, and a port; as text IPv6 stands in brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Address(msgspec.Struct, frozen=True):
    """One numeric address of an endpoint, as the socket calls want it."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]

    def __str__(self) -> str:
        return str(Endpoint(str(self.sockaddr[0]), int(self.sockaddr[1])))


def is_address(host: str) -> bool:
    """Tell an IPv4 or IPv6 address from a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def parse_endpoint(text: str, default_port: int | None = None) -> Endpoint:
    """Read `host:port`; without a port only where there is a default.

    IPv6 stands in brackets (`[2001:db8::1]:443`), which may be left out where no port is given.  Raises
    ValueError, in words for the operator.
    """
    host, port = _split(text)
    if port is None and default_port is None:
        raise ValueError(f"{text!r} has no port, expected host:port")
    return Endpoint(host, _port(text, port) if port is not None else int(default_port or 0))


def _split(text: str) -> tuple[str, str | None]:
    if is_address(text):
        return text, None
    if match := _BRACKETS.fullmatch(text):
        if not is_address(match[1]) or ":" not in match[1]:
            raise ValueError(f"{text!r} has {match[1]!r} in brackets, expected an IPv6 address")
        return match[1], match[2]
    host, colon, port = text.partition(":")
    if not _is_name(host):
        raise ValueError(f"{text!r} is no host:port (a name or address, IPv6 in brackets)")
    return host, port if colon else None


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return bool(_HOST.fullmatch(host)) and len(host) <= 254 and all(0 < len(label) <= 63 for label in labels)


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ValueError(f"{text!r} has port {port!r}, expected 1 to 65535")
    return int(port)


async def resolve(endpoint: Endpoint, lookup: Lookup = socket.getaddrinfo) -> tuple[Address, ...]:
    """Give the addresses of a host in this machine's order of preference, at least one.

    Raises Unreachable when there is no such name, ProbeError when this machine cannot look names up.
    """
    if is_address(endpoint.host):
        return _numeric(endpoint)
    try:
        found = await to_thread.run_sync(lambda: lookup(*_question(endpoint)), abandon_on_cancel=True)
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            raise Unreachable(f"{endpoint.host}: no such name") from error
        raise ProbeError(f"{endpoint.host}: this machine cannot look names up: {_lower(error)}") from error
    except UnicodeError as error:
        raise Unreachable(f"{endpoint.host}: no such name ({error})") from error
    return _addresses(found)


def _numeric(endpoint: Endpoint) -> tuple[Address, ...]:
    try:
        return _addresses(socket.getaddrinfo(*_question(endpoint), flags=socket.AI_NUMERICHOST))
    except socket.gaierror as error:
        raise ProbeError(f"{endpoint.host}: this machine has no such network interface") from error


def _question(endpoint: Endpoint) -> tuple[bytes | str, int, int, int]:
    # bytes, because text goes through a codec that takes 20 ms to load
    host = endpoint.host.encode() if endpoint.host.isascii() else endpoint.host
    return host, endpoint.port, socket.AF_UNSPEC, socket.SOCK_STREAM


def _addresses(found: list[tuple[Any, Any, int, str, Any]]) -> tuple[Address, ...]:
    return tuple(dict.fromkeys(Address(family, tuple(sockaddr)) for family, _, _, _, sockaddr in found))


def _lower(error: socket.gaierror) -> str:
    said = str(error.strerror)
    return said[:1].lower() + said[1:]
