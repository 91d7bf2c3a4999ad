"""URLs that a check may name or be led to, and what of them may be shown."""

from __future__ import annotations

from functools import lru_cache

import httpx

from probes.http.words import inside

__all__ = ["Origin", "check", "origin", "parse", "place", "plain", "same_party"]

Origin = tuple[str, str, int]
"""Scheme, host and port: who is talked to (RFC 6454)."""

_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=4096)
def parse(text: str) -> httpx.URL:
    """Read an absolute http or https URL.  Raises ValueError with words for an operator."""
    if any(character <= " " or character == "\x7f" for character in text):
        raise ValueError("holds a space or a control character, expected a URL")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f"is not a URL: {inside(str(error))}") from error
    return check(url)


def check(url: httpx.URL) -> httpx.URL:
    """Refuse what cannot be asked.  Raises ValueError with words for an operator."""
    if not url.scheme:
        raise ValueError("is not an absolute URL, expected http:// or https:// first")
    if url.scheme not in _PORTS:
        raise ValueError(f"has the scheme {url.scheme}:, expected http or https")
    if not url.raw_host or b"%" in url.raw_host.replace(b"%25", b""):
        raise ValueError("has no host name that could exist")
    if url.port is not None and not 0 < url.port < 65536:
        raise ValueError(f"has the port {url.port}, expected 1 to 65535")
    return url


def origin(url: httpx.URL) -> Origin:
    """Tell whom a URL addresses."""
    host = url.raw_host.decode("ascii").replace("%25", "%")  # a zone, RFC 6874
    return url.scheme, host, url.port or _PORTS[url.scheme]


def same_party(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether both are one origin, or the second is the first with TLS, on the standard ports."""
    before, after = origin(one), origin(other)
    upgraded = (before[0], before[2], after[0], after[2]) == ("http", 80, "https", 443)
    return before == after or (upgraded and before[1] == after[1])


def place(host: str, port: int) -> str:
    """Write a host and a port as a URL does."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plain(url: httpx.URL) -> httpx.URL:
    """Give the URL without user and password, which are shown to nobody, and the fragment, which is not sent."""
    return url.copy_with(userinfo=b"", fragment=None) if url.userinfo or url.fragment else url
