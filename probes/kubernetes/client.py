"""One question to the API server and its answer, whole; what is no answer becomes an error with its words.

Every question has a connection of its own, as everywhere in gonogo.  The data comes as bytes: who asked reads
from them what it needs.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import httpx
import msgspec
from anyio.lowlevel import checkpoint

from agent.probe import ProbeError, Unreachable
from probes.http import message, urls
from probes.http.readings import apart
from probes.http.transport import Answer, Transport
from probes.kubernetes import access, refusal
from probes.kubernetes.access import Access, Source
from probes.kubernetes.rbac import Right

__all__ = ["Api", "Reply"]

_LIMIT = 64 << 20
"""Bytes that one answer may have; a page of the largest objects that the API keeps is smaller."""

_IN_A_ROW = 32
"""Pieces of an answer before others get a turn."""

_JSON = "application/json"

_GZIP = 31
"""zlib's word (`wbits`) for RFC 1952."""


class Reply(msgspec.Struct, frozen=True):
    """A good answer."""

    data: bytes
    now: datetime
    """The server's time, which all times in its objects are to be compared with."""


class Api:
    """One API server, asked as one user."""

    def __init__(self, source: Source, found: Access) -> None:
        self._source, self._access = source, found

    @classmethod
    async def open(cls, source: Source) -> Api:
        """Log in.  Raises ProbeError."""
        return cls(source, await access.current(source))

    @property
    def namespace(self) -> str:
        """The namespace of the context."""
        return self._access.login.namespace

    @property
    def place(self) -> str:
        """How messages call the server."""
        return f"API server {urls.place(*urls.origin(self._access.login.url)[1:])}"

    async def get(self, path: str, right: Right, query: Mapping[str, str] | None = None, accept: str = _JSON) -> Reply:
        """Ask for what this right allows.

        Raises Missing when that one object is not there, Expired when a page is not there any more,
        Unreachable and ProbeError.
        """
        with self.explained():
            answer, data = await self._ask(self._request(path, query, accept))
            if answer.status_code == 401 and await self._renewed():
                answer, data = await self._ask(self._request(path, query, accept))
            if answer.status_code != 200:
                raise refusal.of(answer, data, right, self._access.login.source)
        return Reply(data, _now(answer))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Put in front of what went wrong whose answer it was."""
        try:
            yield
        except (Unreachable, ProbeError) as error:
            raise type(error)(f"{self.place}: {error}", **error.partial) from error

    def _request(self, path: str, query: Mapping[str, str] | None, accept: str) -> httpx.Request:
        base = self._access.login.url
        target = base.raw_path.rstrip(b"/") + path.encode("ascii")
        url = base.copy_with(raw_path=target + (b"?" + urlencode(query).encode("ascii") if query else b""))
        headers = [
            ("host", url.netloc.decode("ascii")),
            ("user-agent", message.user_agent()),
            ("accept", accept),
            ("accept-encoding", "gzip"),
            ("connection", "close"),
            *self._access.headers,
        ]
        return httpx.Request("GET", url, headers=headers)

    async def _ask(self, request: httpx.Request) -> tuple[Answer, bytes]:
        answer = await Transport(self._access.route, _LIMIT).handle_async_request(request)
        try:
            data = await _body(answer)
        finally:
            await answer.aclose()
        return answer, await _unpacked(answer, data)

    async def _renewed(self) -> bool:
        """Look for other credentials than those that the server does not accept."""
        before = self._access
        self._access = await access.current(self._source, before)
        return self._access.headers != before.headers or self._access.credential is not before.credential


async def _body(answer: Answer) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in answer.stream:
        pieces.append(piece)
        size += len(piece)
        if size > _LIMIT:
            raise Unreachable(f"the answer is larger than {_LIMIT} bytes")
        if len(pieces) % _IN_A_ROW == 0:
            await checkpoint()
    return b"".join(pieces)


async def _unpacked(answer: Answer, data: bytes) -> bytes:
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity" or not data:
        return data
    if coding != "gzip":
        raise Unreachable(f"the answer is coded in {coding}, expected gzip or none")
    return await apart(len(data), _gunzip, data)


def _gunzip(data: bytes) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        found = stream.decompress(data, _LIMIT)
    except zlib.error as error:
        raise Unreachable("the answer is broken: it is not gzip") from error
    if stream.unconsumed_tail:
        raise Unreachable(f"the answer is larger than {_LIMIT} bytes")
    if not stream.eof or stream.unused_data:
        raise Unreachable("the answer is broken: its gzip does not end where it ends")
    return found


def _now(answer: Answer) -> datetime:
    """Read the server's clock; ours, when it does not tell."""
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, IndexError, OverflowError, TypeError):
        return datetime.now(UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)
