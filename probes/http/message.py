"""Settings to a request: headers, credentials, query and body."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlencode

import httpx
import msgspec
from anyio import to_thread

from agent.probe import VERSION, ProbeError, Value
from probes.http import urls
from probes.http.decode import ACCEPTED
from probes.http.forms import Part
from probes.http.proxy import Proxy
from probes.http.settings import HttpSettings
from probes.http.words import system

__all__ = ["build", "proxy", "user_agent"]

_JSON = msgspec.json.Encoder(decimal_format="number")

_File = tuple[str | None, bytes] | tuple[str | None, bytes, str]


async def build(settings: HttpSettings, accept: str) -> httpx.Request:
    """Make the request.  Raises ProbeError when a file to be sent cannot be read."""
    url = _with_query(urls.parse(settings.url), settings.query)
    headers = _headers(settings, url, accept)
    url = urls.plain(url)
    if settings.multipart:
        files = [(name, await to_thread.run_sync(_part, part)) for name, part in settings.multipart.items()]
        request = httpx.Request(settings.method, url, headers=headers, files=files)
        await request.aread()
        return request
    content, media_type = _content(settings)
    if media_type:
        headers = {b"content-type": media_type} | headers
    return httpx.Request(settings.method, url, headers=headers, content=content)


def _with_query(url: httpx.URL, query: Mapping[str, str | list[str]]) -> httpx.URL:
    """Add to what the URL has, which stays as it was written."""
    if not query:
        return url
    added = urlencode(query, doseq=True).encode("ascii")
    return url.copy_with(query=url.query + b"&" + added if url.query else added)


def _headers(settings: HttpSettings, url: httpx.URL, accept: str) -> dict[bytes, bytes]:
    headers = {
        "host": url.netloc.decode("ascii"),
        "user-agent": user_agent(),
        "accept": accept,
        "accept-encoding": ACCEPTED,
        "connection": "close",  # RFC 9112 section 9.6: there is one request on each connection
    }
    if (authorization := _authorization(settings, url)) is not None:
        headers["authorization"] = authorization
    headers |= {name.lower(): value for name, value in settings.headers.items()}
    return {name.encode("ascii"): value.encode() for name, value in headers.items()}


def _authorization(settings: HttpSettings, url: httpx.URL) -> str | None:
    if settings.bearer is not None:
        return f"Bearer {settings.bearer}"
    if settings.basic is not None:
        return _basic(settings.basic.user, settings.basic.password)
    return _of_url(url)


def _of_url(url: httpx.URL) -> str | None:
    """Find the user and password that a URL carries, if any."""
    if not url.userinfo:
        return None
    user, _, password = url.userinfo.decode("ascii").partition(":")
    return _basic(unquote(user), unquote(password))


def _basic(user: str, password: str) -> str:
    """RFC 7617, in UTF-8."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _content(settings: HttpSettings) -> tuple[bytes | None, bytes]:
    """Make the body and its media type; empty for a text, which says itself what it is."""
    if settings.form:
        return urlencode(settings.form, doseq=True).encode("ascii"), b"application/x-www-form-urlencoded"
    body: Value = settings.body
    if body is None or isinstance(body, str):
        return None if body is None else body.encode(), b""
    return _JSON.encode(body), b"application/json"


def _part(part: str | Part) -> _File:
    """Read one field of a multipart form, in a thread."""
    part = Part(file=part) if isinstance(part, str) else part
    content = part.value.encode() if part.value is not None else _read(part.file or "")
    name = part.name or (Path(part.file).name if part.file else None)
    return (name, content, part.content_type) if part.content_type else (name, content)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ProbeError(f"{path}: {system(error)}") from error


def proxy(url: str | None) -> Proxy | None:
    """Read the proxy of a setting, its credentials apart from its address."""
    if url is None:
        return None
    parsed = urls.parse(url)
    _, host, port = urls.origin(parsed)
    return Proxy(host, port, _of_url(parsed))


def user_agent() -> str:
    """How the agent names itself."""
    return f"gonogo/{VERSION}"
