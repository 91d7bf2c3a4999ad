"""URLs of WebSocket (RFC 6455 section 3)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from probes.dial import host_name
from probes.dns.endpoint import Endpoint, parse_endpoint

__all__ = ["Place", "parse"]

_PORTS = {"ws": 80, "wss": 443}
_VISIBLE = re.compile(r"[!-~]+")


class Place(NamedTuple):
    """What a URL says."""

    secure: bool
    endpoint: Endpoint
    authority: str
    """Host and port, the usual one left out (the header `host`)."""
    target: str
    """Path and query."""


def parse(text: str) -> Place:
    """Read a URL.  Raises ValueError in an operator's words, which never show a user and a password."""
    if re.search(r"[\x00-\x20\x7f]", text):
        raise ValueError("holds a space or a control character, expected a URL")
    scheme, colon, _ = text.partition("://")
    if not colon or scheme.lower() not in _PORTS:
        raise ValueError("is not a URL of WebSocket, expected ws:// or wss:// first")
    if "#" in text:
        raise ValueError("has a fragment (#), which WebSocket does not know")
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise ValueError("holds a user, which goes into `headers` or `bearer`")
    return _place(parts.scheme, parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _place(scheme: str, netloc: str, target: str) -> Place:
    if not _VISIBLE.fullmatch(target):
        raise ValueError("holds a character that must be escaped (%…)")
    found = parse_endpoint(netloc, _PORTS[scheme])
    endpoint = Endpoint(host_name(found.host), found.port)
    authority = str(endpoint)
    if endpoint.port == _PORTS[scheme]:
        authority = authority.rpartition(":")[0]
    return Place(scheme == "wss", endpoint, authority, target)
