"""LDAP's StartTLS, in the few bytes of BER that it takes (RFC 4511; X.690)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

_OID = b"1.3.6.1.4.1.1466.20037"
_LARGEST = 4096
_MESSAGE, _EXTENDED_RESPONSE, _INTEGER, _ENUMERATED = 0x30, 0x78, 0x02, 0x0A


def _element(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


START_TLS = _element(_MESSAGE, _element(_INTEGER, b"\x01") + _element(0x77, _element(0x80, _OID)))
"""The extended request with message id 1."""


async def message(exactly: Callable[[int], Awaitable[bytes]]) -> bytes:
    """Read the content of one LDAPMessage and not a byte beyond; raises ValueError."""
    tag, size = await exactly(2)
    if tag != _MESSAGE:
        raise ValueError(f"byte 0x{tag:02x}, which is not LDAP")
    if size & 0x80:
        size = int.from_bytes(await exactly(_octets(size)), "big")
    if size > _LARGEST:
        raise ValueError(f"a message of {size} bytes, expected at most {_LARGEST}")
    return await exactly(size)


def result_code(content: bytes) -> int:
    """Find the result of an extended response to message 1; raises ValueError for anything else."""
    kind, number, rest = _take(content)
    if (kind, number) != (_INTEGER, b"\x01"):
        raise ValueError("a message that is no answer to it")
    kind, response, _ = _take(rest)
    if kind != _EXTENDED_RESPONSE:
        raise ValueError(f"an operation 0x{kind:02x}, expected an extended response")
    kind, code, _ = _take(response)
    if kind != _ENUMERATED or not code:
        raise ValueError("a response without a result code")
    return int.from_bytes(code, "big")


def _take(data: bytes) -> tuple[int, bytes, bytes]:
    """Split off the first element: its tag, its content and what follows."""
    if len(data) < 2:
        raise ValueError("a message that is cut short")
    start, size = 2, data[1]
    if size & 0x80:
        start += _octets(size)
        size = int.from_bytes(data[2:start], "big")
    if start + size > len(data):
        raise ValueError("a message that is cut short")
    return data[0], data[start : start + size], data[start + size :]


def _octets(first: int) -> int:
    """Count the octets of a long length; the indefinite form is not allowed in LDAP."""
    count = first & 0x7F
    if not 1 <= count <= 4:
        raise ValueError("a length that is not LDAP's")
    return count
