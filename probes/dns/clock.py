"""What time others say it is: the Date header of a web server (RFC 9110), or an NTP server (RFC 5905).

A source's word is worth what it can know: an HTTP date has whole seconds, an NTP server tells its own doubt,
and the way there and back is in doubt as well.  All of that widens the bound, never the estimate.
"""

from __future__ import annotations

import secrets
import struct
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter, time
from typing import Annotated
from urllib.parse import urlsplit

import anyio
import h11
import msgspec
from anyio.abc import ByteStream

from agent.probe import Unreachable, checked
from probes.dns.endpoint import Endpoint, parse_endpoint, resolve
from probes.dns.secure import open_tls, tls_context
from probes.dns.wire import Connection, ask_datagram

__all__ = ["Clock", "Offset"]

_NTP_PORT = 123
_NTP = struct.Struct("!BBbbII4s8s8sQQ")  # RFC 5905 7.3
_NTP_REQUEST = bytes([4 << 3 | 3]) + bytes(39)  # version 4, client; the transmit time follows
_NTP_SERVER, _UNSYNCHRONISED, _FARTHEST = 4, 3, 15  # mode, leap indicator, stratum
_UNIX_EPOCH = 2208988800  # in seconds of NTP, which count from 1900
_SHORT = 1 << 16  # one second in NTP's short format
_INFORMATIONAL = 20  # 1xx answers before the real one; more are no answer


class _Url(msgspec.Struct, frozen=True):
    """The parts of a URL that a request needs."""

    tls: bool
    endpoint: Endpoint
    target: str


def _parse_ntp(text: str) -> Endpoint:
    return parse_endpoint(text, _NTP_PORT)


def _parse_url(text: str) -> _Url:
    """Read a URL.  Raises ValueError."""
    plain = text.isascii() and text.isprintable() and " " not in text
    try:
        url = urlsplit(text)
        port = url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        plain = False
    if not plain or url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("is no URL, expected for instance https://example.com/")
    if "@" in url.netloc:
        raise ValueError("is a URL with a user name, expected one without")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return _Url(url.scheme == "https", parse_endpoint(host, port), target)


class Offset(msgspec.Struct, frozen=True):
    """How this machine's clock stands to a source's, in seconds."""

    ahead: float
    """Best estimate; negative when this machine is behind."""
    bound: float
    """The most that it can be off, either way."""


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose clock to trust; one of them."""

    http: Annotated[str, checked(_parse_url)] = ""
    """URL whose answer has a Date header; any status will do.  Whole seconds only."""
    ntp: Annotated[str, checked(_parse_ntp)] = ""
    """NTP server, as `host` or `host:port`; default port 123."""
    ca: str = ""
    """With an https URL: PEM file of the authorities to trust; default: this machine's."""

    def __post_init__(self) -> None:
        """Refuse none and both."""
        if bool(self.http) == bool(self.ntp):
            raise ValueError("give either http (a URL) or ntp (a server)")

    @property
    def endpoint(self) -> Endpoint:
        """Where the source is."""
        return _parse_ntp(self.ntp) if self.ntp else _parse_url(self.http).endpoint

    async def compare(self) -> Offset:
        """Ask once.  Raises Unreachable when the source does not tell the time, ProbeError for this machine."""
        return await (_ask_ntp(self.endpoint) if self.ntp else _ask_http(_parse_url(self.http), self.ca))


async def _ask_http(url: _Url, ca: str) -> Offset:
    context = await tls_context(ca) if url.tls else None
    address = (await resolve(url.endpoint))[0]
    async with await Connection.open(url.endpoint, address) as connection:
        stream: ByteStream = connection
        if context:
            name = url.endpoint.host.removesuffix(".")
            stream = await open_tls(connection, name, context, str(url.endpoint))
        sent, started = time(), perf_counter()
        response = await _head(stream, url)
        received = sent + perf_counter() - started
    date = _date(response, str(url.endpoint)).timestamp()
    least, most = sent - (date + 1), received - date  # it was somewhere in that second when it answered
    return Offset((least + most) / 2, max(abs(least), abs(most)))


async def _head(stream: ByteStream, url: _Url) -> h11.Response:
    client = h11.Connection(h11.CLIENT)
    headers = [("Host", str(url.endpoint)), ("Cache-Control", "no-cache"), ("Connection", "close")]
    request = client.send(h11.Request(method="HEAD", target=url.target, headers=headers))
    try:
        await stream.send((request or b"") + (client.send(h11.EndOfMessage()) or b""))
        return await _response(client, stream, str(url.endpoint))
    except (anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise Unreachable(f"{url.endpoint}: closed without an answer") from error
    except h11.RemoteProtocolError as error:
        raise Unreachable(f"{url.endpoint}: what came is no HTTP answer") from error


async def _response(client: h11.Connection, stream: ByteStream, label: str) -> h11.Response:
    informational = 0
    while informational <= _INFORMATIONAL:
        event = client.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            client.receive_data(await stream.receive())
        informational += isinstance(event, h11.InformationalResponse)
    raise Unreachable(f"{label}: more than {_INFORMATIONAL} 1xx answers")


def _date(response: h11.Response, label: str) -> datetime:
    headers = {name: value.decode("latin-1") for name, value in response.headers}
    if headers.get(b"age", "0").strip() != "0":
        raise Unreachable(f"{label}: the answer comes from a cache (Age: {headers[b'age']!r})")
    try:
        date = parsedate_to_datetime(headers[b"date"])
    except KeyError:
        raise Unreachable(f"{label}: the answer has no Date header") from None
    except ValueError as error:
        raise Unreachable(f"{label}: the Date header is {headers[b'date']!r}") from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)


async def _ask_ntp(endpoint: Endpoint) -> Offset:
    address = (await resolve(endpoint))[0]
    nonce = secrets.token_bytes(8)  # as transmit time: it says which answer is ours, and nothing about our clock
    sent = time()
    answer, seconds = await ask_datagram(endpoint, address, _NTP_REQUEST + nonce)
    return _offset(answer, nonce, (sent, sent + seconds), str(endpoint))


def _offset(answer: bytes, nonce: bytes, at: tuple[float, float], label: str) -> Offset:
    """Read an answer, sent for and received `at` (RFC 5905 8)."""
    if len(answer) < _NTP.size:
        raise Unreachable(f"{label}: {len(answer)} bytes are no NTP answer")
    first, stratum, _, _, delay, dispersion, reference, _, origin, received, sent = _NTP.unpack_from(answer)
    if first & 7 != _NTP_SERVER or origin != nonce:
        raise Unreachable(f"{label}: no answer to this NTP request")
    if stratum == 0:
        raise Unreachable(f"{label}: refuses to tell the time ({reference.decode('ascii', 'replace')!r})")
    if first >> 6 == _UNSYNCHRONISED or stratum > _FARTHEST or not received or sent < received:
        raise Unreachable(f"{label}: its own clock is not synchronised")
    behind = ((_unix(received) - at[0]) + (_unix(sent) - at[1])) / 2
    way = max(0.0, (at[1] - at[0]) - (_unix(sent) - _unix(received)))
    doubt = way / 2 + delay / _SHORT / 2 + dispersion / _SHORT
    return Offset(-behind, abs(behind) + doubt)


def _unix(timestamp: int) -> float:
    """Read an NTP timestamp; without its highest bit it is of the era that begins in 2036 (RFC 4330 3)."""
    era = 0 if timestamp >> 63 else 1 << 32
    return (timestamp >> 32) + era - _UNIX_EPOCH + (timestamp & 0xFFFFFFFF) / (1 << 32)
