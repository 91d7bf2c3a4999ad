"""What a redirect may lead to, and what must not come along (RFC 9110 section 15.4).

Stricter than a browser, because a check carries credentials and nobody is watching:

- to another origin go only headers that can hold no secret, and a body never does;
- what was left behind does not come back when the way leads home again;
- from https to http only when the profile says so;
- to anything but http and https never.
"""

from __future__ import annotations

import httpx

from agent.probe import Unreachable
from probes.http import urls
from probes.http.exchange import Headers

__all__ = ["next_request"]

_STATUSES = (301, 302, 303, 307, 308)
_HARMLESS = frozenset(
    {b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"connection", b"user-agent"}
)
_OF_THE_BODY = frozenset({b"content-encoding", b"content-language", b"content-length", b"content-type"})
_MADE_ANEW = frozenset({b"content-length", b"cookie", b"transfer-encoding"})


def next_request(answer: httpx.Response, *, downgrade: bool) -> httpx.Request | None:
    """Build the request that a redirect asks for, without cookies; None when this answer is the last.

    Raises Unreachable for a redirect that is not followed.
    """
    location = answer.headers.get("location")
    if answer.status_code not in _STATUSES or location is None:
        return None
    asked = answer.request
    url = _target(asked.url, location)
    if asked.url.scheme == "https" and url.scheme == "http" and not downgrade:
        raise Unreachable(f"redirects from https to {_root(url)}, which only `downgrade: true` allows")
    method = _method(answer.status_code, asked.method)
    content = asked.content if method == asked.method else b""
    home = urls.same_party(asked.url, url)
    if content and not home:
        raise Unreachable(f"redirects the body to another origin, {_root(url)}, where it is not sent")
    return httpx.Request(method, url, headers=_headers(asked, url, home, bool(content)), content=content or None)


def _target(base: httpx.URL, location: str) -> httpx.URL:
    try:
        return urls.plain(urls.check(base.join(location)))
    except httpx.InvalidURL as error:
        raise Unreachable("redirects to what is not a URL") from error
    except ValueError as error:
        raise Unreachable(f"redirects to what {error}") from error


def _method(status: int, method: str) -> str:
    """RFC 9110: 303 turns everything into a GET; 301 and 302 do it to POST, as everybody does."""
    becomes_get = (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")
    return "GET" if becomes_get else method


def _headers(asked: httpx.Request, url: httpx.URL, home: bool, content: bool) -> Headers:
    """Keep of the last request's headers what may go on, and is still true."""
    left = _MADE_ANEW if content else _MADE_ANEW | _OF_THE_BODY
    kept = [(name.lower(), value) for name, value in asked.headers.raw if name.lower() not in left]
    if not home:
        kept = [(name, value) for name, value in kept if name in _HARMLESS]
    if url.netloc == asked.url.netloc and home:
        return kept
    return [(b"host", url.netloc), *((name, value) for name, value in kept if name != b"host")]


def _root(url: httpx.URL) -> httpx.URL:
    """Where a URL leads, without its path and query, which may hold a token."""
    return url.copy_with(raw_path=b"/")
