"""STARTTLS: what each protocol says in clear text before the TLS handshake.

Every dialogue ends with nothing left unread: clear text behind the go-ahead would be taken for the
protected side of the connection (CVE-2011-0411 and its kin).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeAlias

from . import ldap
from .connection import Wire, excerpt

Protocol: TypeAlias = Literal["smtp", "imap", "pop3", "postgres", "ldap", "xmpp", "ftp"]

PORTS: Mapping[Protocol, int] = {
    "smtp": 587,
    "imap": 143,
    "pop3": 110,
    "postgres": 5432,
    "ldap": 389,
    "xmpp": 5222,
    "ftp": 21,
}
"""The port on which each protocol usually turns to TLS; for smtp that of submission (RFC 6409)."""

_LINE = 4096
_LINES = 100
_FEATURES = 65536
_POSTGRES_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
_XMPP_OPEN = (
    "<?xml version='1.0'?><stream:stream to='{name}' version='1.0' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)


async def start(wire: Wire, protocol: Protocol, name: str) -> None:
    """Have a server turn to TLS; raises Unreachable when it does not."""
    wire.phase = f"the {protocol} dialogue before TLS"
    await _DIALOGUES[protocol](wire, name)
    if wire.ahead:
        raise wire.no_answer(f"sends clear text after it agreed to TLS: {excerpt(wire.ahead)}")
    wire.phase = "the TLS handshake"


async def _smtp(wire: Wire, _: str) -> None:
    """RFC 3207."""
    _expect(wire, await _reply(wire), b"220")
    await wire.send(b"EHLO gonogo.invalid\r\n")
    _expect(wire, await _reply(wire), b"250")
    await wire.send(b"STARTTLS\r\n")
    _agreed(wire, await _reply(wire), b"220")


async def _ftp(wire: Wire, _: str) -> None:
    """RFC 4217."""
    _expect(wire, await _reply(wire), b"220")
    await wire.send(b"AUTH TLS\r\n")
    _agreed(wire, await _reply(wire), b"234")


async def _imap(wire: Wire, _: str) -> None:
    """RFC 9051, section 6.2.1."""
    _expect(wire, await _line(wire), b"* OK")
    await wire.send(b"a1 STARTTLS\r\n")
    _agreed(wire, await _tagged(wire), b"a1 OK")


async def _pop3(wire: Wire, _: str) -> None:
    """RFC 2595, section 4."""
    _expect(wire, await _line(wire), b"+OK")
    await wire.send(b"STLS\r\n")
    _agreed(wire, await _line(wire), b"+OK")


async def _postgres(wire: Wire, _: str) -> None:
    """SSLRequest of PostgreSQL's frontend protocol: one byte comes back, S for yes and N for no."""
    await wire.send(_POSTGRES_REQUEST)
    answer = await wire.exactly(1)
    _agreed(wire, answer, b"S")


async def _ldap(wire: Wire, _: str) -> None:
    """RFC 4511, section 4.14."""
    await wire.send(ldap.START_TLS)
    try:
        code = ldap.result_code(await ldap.message(wire.exactly))
    except ValueError as error:
        raise wire.no_answer(f"answers StartTLS with {error}") from error
    _agreed(wire, b"result code %d" % code, b"result code 0")


async def _xmpp(wire: Wire, name: str) -> None:
    """RFC 6120, section 5."""
    await wire.send(_XMPP_OPEN.format(name=name).encode())
    features = await wire.until(b"</stream:features>", _FEATURES)
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in features:
        raise wire.no_answer("does not offer STARTTLS among its features")
    await wire.send(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    answer = (await wire.until(b">", _LINE)).lstrip()
    _agreed(wire, answer, b"<proceed")
    if not answer.endswith(b"/"):
        await wire.until(b"</proceed>", _LINE)


async def _line(wire: Wire) -> bytes:
    return (await wire.until(b"\n", _LINE)).removesuffix(b"\r")


async def _reply(wire: Wire) -> bytes:
    """Read a reply of SMTP or FTP, `220-`, anything, `220 `, and give its last line."""
    line = await _line(wire)
    if not re.match(rb"\d{3}-", line):
        return line
    end = re.compile(line[:3] + b"( |$)")
    for _ in range(_LINES):
        line = await _line(wire)
        if end.match(line):
            return line
    raise wire.no_answer(f"sends a reply of more than {_LINES} lines during {wire.phase}")


async def _tagged(wire: Wire) -> bytes:
    """Read IMAP's answer to our command, past what the server volunteers."""
    for _ in range(_LINES):
        line = await _line(wire)
        if not line.startswith(b"* "):
            return line
    raise wire.no_answer(f"sends a reply of more than {_LINES} lines during {wire.phase}")


def _expect(wire: Wire, line: bytes, wanted: bytes) -> None:
    if not line.upper().startswith(wanted):
        raise wire.no_answer(f"answers {excerpt(line, 80)}, expected {wanted.decode()}")


def _agreed(wire: Wire, line: bytes, wanted: bytes) -> None:
    if not line.startswith(wanted):
        raise wire.no_answer(f"refuses to start TLS: {excerpt(line, 80)}")


_DIALOGUES: Mapping[Protocol, Callable[[Wire, str], Awaitable[None]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "postgres": _postgres,
    "ldap": _ldap,
    "xmpp": _xmpp,
    "ftp": _ftp,
}
