"""Hellos by hand: what no TLS library sends any more, and what a server answers (RFC 8446, 5246, 6101).

A library offers the versions and suites that it has itself.  To learn what a server would accept from
others, a hello of exactly one version is written here, and the first message of the answer is read.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import NamedTuple

from .connection import Wire, excerpt
from .versions import Version

_ALERT, _HANDSHAKE = 21, 22
_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_WARNING = 1
_RECORDS = 20
_RECORD_LARGEST = 16640
_HELLO_LARGEST = 20000
_RENEGOTIATION_INFO = 0x00FF
_GROUPS = (29, 23, 24, 25, 30, 0x11EC, 0x11EB, 0x11ED, 0x100, 0x101, 22, 21, 19, 26, 27, 28)
_SIGNATURES = (
    *(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0603, 0x0807, 0x0808, 0x0809),
    *(0x080A, 0x080B, 0x0303, 0x0301, 0x0203, 0x0201, 0x0202, 0x0402, 0x0904, 0x0905, 0x0906),
)
_SERVER_NAME, _SUPPORTED_GROUPS, _POINT_FORMATS, _SIGNATURE_ALGORITHMS, _ALPN = 0, 10, 11, 13, 16
_EXTENDED_MASTER_SECRET, _SUPPORTED_VERSIONS, _PSK_MODES, _KEY_SHARE = 23, 43, 45, 51


class Refusal(NamedTuple):
    """A fatal alert in answer to a hello."""

    alert: int


class Acceptance(NamedTuple):
    """A ServerHello (or HelloRetryRequest): the version and the suite that the server chose."""

    version: int
    suite: int


class Hello(NamedTuple):
    """What a hello says beside its version and suites."""

    server_name: str | None = None
    alpn: Sequence[str] = ()

    def encode(self, version: Version, suites: Sequence[int]) -> bytes:
        """Write one record with a ClientHello that offers one version and nothing else."""
        extensions = b"".join(self._extensions(version)) if version > Version.SSL3 else b""
        session = os.urandom(32) if version == Version.TLS13 else b""
        body = b"".join(
            (
                _u16(min(version, Version.TLS12)),
                os.urandom(32),
                _vector(session, 1),
                _vector(_u16(*suites, _RENEGOTIATION_INFO)),
                b"\x01\x00",
                _vector(extensions) if extensions else b"",
            )
        )
        message = bytes([_CLIENT_HELLO]) + _vector(body, 3)
        return bytes([_HANDSHAKE]) + _u16(min(version, Version.TLS10)) + _vector(message)

    def _extensions(self, version: Version) -> list[bytes]:
        found = [
            _extension(_SUPPORTED_GROUPS, _vector(_u16(*_GROUPS))),
            _extension(_POINT_FORMATS, b"\x01\x00"),
            _extension(_EXTENDED_MASTER_SECRET, b""),
        ]
        if self.server_name:
            found.insert(0, _extension(_SERVER_NAME, _vector(b"\x00" + _vector(self.server_name.encode()))))
        if self.alpn:
            found.append(_extension(_ALPN, _vector(b"".join(_vector(name.encode(), 1) for name in self.alpn))))
        if version >= Version.TLS12:
            found.append(_extension(_SIGNATURE_ALGORITHMS, _vector(_u16(*_SIGNATURES))))
        if version == Version.TLS13:
            found += _of_tls13()
        return found


def _of_tls13() -> list[bytes]:
    """Offer one key share, of X25519: who wants another group asks for it, which is an acceptance too."""
    return [
        _extension(_SUPPORTED_VERSIONS, _vector(_u16(Version.TLS13), 1)),
        _extension(_PSK_MODES, b"\x01\x01"),
        _extension(_KEY_SHARE, _vector(_u16(29) + _vector(os.urandom(32)))),
    ]


async def answer(wire: Wire) -> Acceptance | Refusal:
    """Read what a server says to a hello; raises Unreachable for anything that is no TLS."""
    message = b""
    for _ in range(_RECORDS):
        kind, payload = await _record(wire)
        if kind == _ALERT:
            if len(payload) == 2 and payload[0] != _WARNING:
                return Refusal(payload[1])
            continue
        message += payload
        if len(message) > _HELLO_LARGEST:
            break
        if len(message) >= 4 and len(message) >= 4 + _size(message):
            return _accepted(wire, message)
    raise wire.no_answer("answers a hello without an end")


async def _record(wire: Wire) -> tuple[int, bytes]:
    head = await wire.exactly(5)
    kind, major, _, size = struct.unpack(">BBBH", head)
    if kind not in (_ALERT, _HANDSHAKE) or major != 3 or not 0 < size <= _RECORD_LARGEST:
        raise wire.no_answer(f"answers {excerpt(head + wire.ahead)}, which is not TLS")
    return kind, await wire.exactly(size)


def _size(message: bytes) -> int:
    return int.from_bytes(message[1:4], "big")


def _accepted(wire: Wire, message: bytes) -> Acceptance:
    if message[0] != _SERVER_HELLO:
        raise wire.no_answer(f"answers a hello with handshake message {message[0]}, expected a ServerHello")
    try:
        return _server_hello(message[4 : 4 + _size(message)])
    except (struct.error, IndexError) as error:
        raise wire.no_answer("answers with a ServerHello that is cut short") from error


def _server_hello(body: bytes) -> Acceptance:
    (version,) = struct.unpack_from(">H", body)
    suite_at = 35 + body[34]
    (suite,) = struct.unpack_from(">H", body, suite_at)
    at = suite_at + 5
    while at < len(body):
        kind, size = struct.unpack_from(">HH", body, at)
        if kind == _SUPPORTED_VERSIONS:
            (version,) = struct.unpack_from(">H", body, at + 4)
        at += 4 + size
    return Acceptance(version, suite)


def _u16(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}H", *numbers)


def _vector(content: bytes, width: int = 2) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _extension(kind: int, content: bytes) -> bytes:
    return _u16(kind) + _vector(content)
