"""Commands and replies of SMTP (RFC 5321 section 4.2) over one connection: bounded, and in step.

A reply that comes before its command was sent is no answer to it.  Once a secret was sent, what the server
says is not shown where it repeats it.
"""

from __future__ import annotations

import re
import ssl
from contextlib import suppress
from time import perf_counter
from typing import NamedTuple

from agent.probe import Unreachable
from probes.http.connection import Connection, Stream
from probes.smtp import security
from probes.smtp.security import MailSecurity

__all__ = ["ALLOWED", "Reply", "Wire"]

ALLOWED = 1 << 20
"""Bytes that a server may send on a whole visit."""

_LINE = 4096
"""Bytes of a line of a reply; the standard has 512 (section 4.5.3.1.5)."""
_LINES = 100
_SHOWN = 60

_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class Reply(NamedTuple):
    """What a server answered."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Give it in one line."""
        return " ".join(self.lines).strip()

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class Wire:
    """One connection to a mail server, whose owner it becomes."""

    def __init__(self, connection: Connection, stood: float) -> None:
        self._connection = connection
        self._stream: Stream = connection
        self._began = stood
        """When that began for which the server's next reply is waited."""
        self._buffer = bytearray()
        self._phase = "before its greeting"
        self._secrets: tuple[str, ...] = ()

    def close(self) -> None:
        """Close at once; to do it twice is harmless."""
        self._stream.close()

    def hide(self, *secrets: str) -> None:
        """From now on, show nothing that has one of these in it."""
        self._secrets += secrets

    async def ask(self, command: str, *, phase: str = "") -> tuple[Reply, float]:
        """Send a command and wait for its reply; with it, the seconds until then.

        `phase` is how messages call a command that they must not show.  Raises Unreachable.
        """
        return await self.send(command.encode() + b"\r\n", f"after {phase or command.partition(' ')[0]}")

    async def send(self, data: bytes, phase: str) -> tuple[Reply, float]:
        """Send data and wait for the reply to it.  Raises Unreachable."""
        if self._buffer:
            raise Unreachable(f"answers before it was asked{self._excerpt(bytes(self._buffer))}")
        self._phase = phase
        self._began = perf_counter()
        with suppress(Unreachable):  # what was said before the connection broke may still be read
            await self._stream.send(data)
        return await self.reply()

    async def reply(self) -> tuple[Reply, float]:
        """Wait for a reply; with it, the seconds until then.  Raises Unreachable."""
        lines: list[str] = []
        code, more = 0, True
        while more:
            line = await self._line()
            match = _REPLY.fullmatch(line)
            if match is None:
                raise Unreachable(f"does not speak SMTP {self._phase}{self._excerpt(line)}")
            if lines and int(match[1]) != code:
                raise Unreachable(f"mixes {code} and {int(match[1])} in one reply {self._phase}")
            code, more = int(match[1]), match[2] == b"-"
            lines.append(self._told(match[3] or b""))
            if len(lines) > _LINES:
                raise Unreachable(f"sends a reply of more than {_LINES} lines {self._phase}")
        return Reply(code, tuple(lines)), max(0.0, self._stream.arrived - self._began)

    async def secure(self, trusting: ssl.SSLContext, name: str) -> tuple[MailSecurity, float]:
        """Turn to TLS; with it, the seconds that it took.  Raises Unreachable.

        Clear text behind the go-ahead would be taken for the protected side (CVE-2011-0411 and its kin).
        """
        if self._buffer:
            raise Unreachable(f"sends clear text after it agreed to TLS{self._excerpt(bytes(self._buffer))}")
        self._began = perf_counter()
        self._stream, seconds = secured = await security.secure(self._connection, trusting, name)
        self._began += seconds
        return secured

    async def leave(self) -> None:
        """Say good-bye; what the server says to that is no matter of ours."""
        with suppress(Unreachable):
            await self._stream.send(b"QUIT\r\n")

    async def _line(self) -> bytes:
        """Wait for a line, and give it without its end."""
        while (end := self._buffer.find(b"\n")) < 0 and len(self._buffer) <= _LINE:
            self._buffer += await self._received()
        if not 0 <= end <= _LINE:
            raise Unreachable(f"sends a line of more than {_LINE} bytes {self._phase}")
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    async def _received(self) -> bytes:
        try:
            data = await self._stream.receive()
        except Unreachable as error:
            raise Unreachable(f"{error} {self._phase}") from error
        if not data:
            raise Unreachable(f"closed the connection {self._phase}")
        return data

    def _told(self, text: bytes) -> str:
        told = text.decode("utf-8", "backslashreplace")
        return "(a text that repeats what was sent)" if any(secret in told for secret in self._secrets) else told

    def _excerpt(self, data: bytes) -> str:
        """Quote the start of what a server sent; not once a secret was, for a cut one cannot be known."""
        if self._secrets:
            return ""
        text = ascii(data[:_SHOWN].decode("latin-1"))
        return f": {text}…" if len(data) > _SHOWN else f": {text}"
