"""Where a Redis server is: `redis://`, `rediss://` (TLS) or `unix://`, as clients of every language write it.

A password with a character that is not percent-encoded moves parts of itself into the host, the port or the
path; what looks like that is refused, and nothing of it is ever shown.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

__all__ = ["Place", "parse_url"]

_PORT = 6379
_TLS = {"redis": False, "rediss": True, "valkey": False, "valkeys": True, "unix": False}
_FORM = "expected redis://user:password@host:port/database, rediss://… for TLS or unix:///path?db=0"
_ENCODE = "is a character of the password missing its percent-encoding (@ is %40, / is %2F, # is %23)?"
_VERIFY = {"none": False, "cert_none": False, "optional": True, "cert_optional": True, "required": True}
_VERIFY["cert_required"] = True


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A server and who we are to it."""

    host: str = ""
    port: int = _PORT
    socket: str = ""
    """Path of a Unix socket, instead of host and port."""
    user: str = ""
    password: str = ""
    database: int = 0
    tls: bool = False
    verify: bool = True
    """What `ssl_cert_reqs` says; likewise those below."""
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        """Name the place as an operator does, without user and password."""
        if self.socket:
            return self.socket
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_url(text: str) -> Place:
    """Take a URL apart.  Raises ValueError, which quotes nothing of it.

    Of the options after `?` those count that say where and how to look (`db`, `ssl_cert_reqs`, `ssl_ca_certs`,
    `ssl_certfile`, `ssl_keyfile`, for a socket `username` and `password`); others are for other clients.
    """
    if re.search(r"[\x00-\x20\x7f]", text):
        raise ValueError("holds a space or a control character")
    try:
        split = urlsplit(text)
        host, port = split.hostname or "", split.port
    except ValueError:
        raise ValueError(f"has a host or port that is none; {_ENCODE}") from None
    if split.scheme not in _TLS:
        raise ValueError(f"no URL of Redis, {_FORM}")
    options = dict(parse_qsl(split.query))
    place = _socket(split, options) if split.scheme == "unix" else _server(split, host, port, options)
    return msgspec.structs.replace(
        place,
        tls=_TLS[split.scheme],
        verify=_verify(options.get("ssl_cert_reqs", "required")),
        ca=options.get("ssl_ca_certs"),
        cert=options.get("ssl_certfile"),
        key=options.get("ssl_keyfile"),
    )


def _server(split: SplitResult, host: str, port: int | None, options: dict[str, str]) -> Place:
    if "@" in split.path + split.query + split.fragment:
        raise ValueError(f"has an @ behind the host; {_ENCODE}")
    if not host:
        raise ValueError(f"names no host, {_FORM}")
    user, password = _who(split)
    number = _number(options.get("db") or split.path.strip("/") or "0")
    return Place(host=unquote(host), port=port or _PORT, user=user, password=password, database=number)


def _socket(split: SplitResult, options: dict[str, str]) -> Place:
    if len(split.path) < 2:
        raise ValueError(f"names no socket, {_FORM}")
    user, password = _who(split)
    return Place(
        socket=unquote(split.path),
        user=user or options.get("username", ""),
        password=password or options.get("password", ""),
        database=_number(options.get("db", "0")),
    )


def _who(split: SplitResult) -> tuple[str, str]:
    user, password = unquote(split.username or ""), unquote(split.password or "")
    if user and not password:
        raise ValueError("names a user without a password, expected user:password@ or :password@")
    return user, password


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ValueError(f"has a database that is no number; {_ENCODE}")
    return int(text)


def _verify(text: str) -> bool:
    found = _VERIFY.get(text.lower())
    if found is None:
        raise ValueError("has an ssl_cert_reqs that is none, expected required or none")
    return found
