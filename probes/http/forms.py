"""The forms that settings have, each with the words for what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx
import msgspec

from probes.http import urls

__all__ = [
    "Basic",
    "Part",
    "check_credentials",
    "check_headers",
    "check_names",
    "host_and_port",
    "method",
    "only_one",
    "proxy_url",
    "socket_path",
    "url",
]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
"""RFC 9110 section 5.6.2."""

_HOST = re.compile(r"[^\s:/?#@\[\]]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\]")
"""A name or an IPv4 address, or an IPv6 address in brackets."""

_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_SOCKET_PATH = 107
"""Bytes that Linux takes (unix(7)); other systems take a few less and then say so."""


class Basic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """User and password."""

    user: str
    """Name of the user."""
    password: str
    """The password; it is never shown."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a multipart form: a value or a file."""

    value: str | None = None
    """Text that is sent."""
    file: str | None = None
    """File whose content is sent."""
    name: str | None = None
    """File name that the server is told; by default that of the file."""
    content_type: str | None = None
    """Media type that the server is told; by default it follows from the file's name."""

    def __post_init__(self) -> None:
        if (self.value is None) == (self.file is None):
            raise ValueError("a part has either a `value` or a `file`")


def url(text: str) -> httpx.URL:
    """Read an http or https URL."""
    return urls.parse(text)


def method(text: str) -> str:
    """Read a method; they are told apart by case (RFC 9110 section 9.1), and only capitals are in use."""
    if not _TOKEN.fullmatch(text) or text != text.upper():
        hint = f", did you mean {text.upper()}" if _TOKEN.fullmatch(text) else ""
        raise ValueError(f"is not a method{hint}")
    if text in ("CONNECT", "TRACE"):
        raise ValueError(f"{text} asks a proxy, not a target")
    return text


def host_and_port(text: str) -> tuple[str, int]:
    """Read `host:port` or `[address]:port`."""
    host, colon, port = text.rpartition(":")
    if not colon or not _HOST.fullmatch(host):
        raise ValueError("is not host:port, or [address]:port for IPv6")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"has the port {port or 'nothing'}, expected 1 to 65535")
    return host.strip("[]"), int(port)


def proxy_url(text: str) -> httpx.URL:
    """Read the URL of a proxy."""
    found = urls.parse(text)
    if found.scheme != "http":
        raise ValueError("is not an http:// URL, and no other kind of proxy is known")
    if found.raw_path != b"/":
        raise ValueError("has a path, expected http://host:port")
    return found


def socket_path(text: str) -> str:
    """Read the path of a Unix socket."""
    if not text or "\0" in text or len(text.encode()) > _SOCKET_PATH:
        raise ValueError(f"is not the path of a socket, which has 1 to {_SOCKET_PATH} bytes")
    return text


def only_one(settings: object, *names: str) -> None:
    """Refuse more than one of these."""
    given = [name for name in names if getattr(settings, name) not in (None, {})]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(f'`{name}`' for name in given)} exclude each other")


def check_credentials(text: str, headers: Mapping[str, str], *, named: bool) -> None:
    """Refuse credentials that come from two places."""
    in_headers = any(name.lower() == "authorization" for name in headers)
    in_url = bool(urls.parse(text).userinfo)
    if named + in_headers + in_url > 1:
        raise ValueError("credentials are given twice: in `basic`, `bearer`, `headers` or the URL")


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what is no header.  The messages never show a value, which may be a secret."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        if _NOT_IN_HEADERS.search(value) or value != value.strip():
            raise ValueError(f"the header {name} holds a line break, a control character or outer space")
        if name.lower() in ("content-length", "transfer-encoding", "connection"):
            raise ValueError(f"the header {name} is the agent's own")


def check_names(*mappings: Mapping[str, str]) -> None:
    """Refuse a reading that is named twice."""
    seen: set[str] = set()
    for name in (name for mapping in mappings for name in mapping):
        if name in seen:
            raise ValueError(f"the reading {name} is named twice")
        seen.add(name)
