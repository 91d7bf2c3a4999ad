"""TLS over a connection, in memory: bytes go through OpenSSL by hand, so that their arrival is known.

While it matters when the answer begins, one record is read at a time: with TLS 1.3 a server sends session
tickets right after the handshake, and the first byte that arrives is not the answer's.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from time import perf_counter

from agent.probe import Unreachable, Unreadable
from probes.http import heavy, trust
from probes.http.connection import Connection

__all__ = ["SecureConnection", "handshake"]

_HEADER = 5
_FIRST_TYPE, _LAST_TYPE = 20, 23
"""What a record begins with: its type, two bytes of version, two of length (RFC 8446 section 5.1)."""
_CHUNK = 65536


class SecureConnection:
    """TLS over a connection, whose owner it becomes."""

    __slots__ = ("_begun", "_connection", "_inward", "_outward", "_tls", "began", "complete", "expires")

    def __init__(self, connection: Connection, context: ssl.SSLContext, name: str) -> None:
        self._connection = connection
        self._inward, self._outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._inward, self._outward, server_hostname=name)
        self._begun = b""
        """Of a record that has not come as a whole: what OpenSSL was already given."""
        self.began = 0.0
        self.complete = False
        self.expires: float | Unreadable | None = None

    @property
    def sent(self) -> float:
        """When the last of what was sent was handed to the kernel."""
        return self._connection.sent

    @property
    def arrived(self) -> float:
        """When the last byte arrived of what was received last."""
        return self._connection.arrived

    @property
    def protocol(self) -> str | None:
        """What ALPN chose (RFC 7301), if anything."""
        return self._tls.selected_alpn_protocol()

    async def shake_hands(self) -> float:
        """Do the handshake; returns its seconds, without those for which this process was late."""
        started, late = perf_counter(), 0.0
        while not await self._step():
            waiting = perf_counter()
            data = await self._connection.receive()
            late += perf_counter() - max(waiting, self.arrived)
            if not data:
                raise Unreachable("closed the connection during the TLS handshake")
            self._begun = _after_records(self._begun + data)
            self._inward.write(data)
        return perf_counter() - started - late

    async def _step(self) -> bool:
        """Take the handshake as far as the bytes at hand allow; whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            done = False
        except ssl.SSLError as error:
            with suppress(Unreachable):
                await self._flush()  # the alert that tells the server why
            raise trust.distrusted(error) from error
        else:
            done = True
        await self._flush()
        return done

    async def send(self, data: bytes) -> None:
        """Encrypt it and hand all of it to the kernel.  Raises Unreachable."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._tls.write(rest) :]  # one record at a time
            except ssl.SSLError as error:
                raise trust.distrusted(error) from error
            await self._flush()

    async def receive(self) -> bytes:
        """Wait for data; empty at the end.  Raises Unreachable."""
        while (data := self._decrypted()) is None:
            await self._flush()
            received = await self._connection.receive()
            if not received:
                return b""
            self._inward.write(received)
        return data

    async def receive_first(self) -> bytes:
        """Wait for data record by record; `began` is when the record began that brought it."""
        while (data := self._decrypted()) is None:
            await self._flush()
            received = await self._record()
            if not received:
                return b""
            self._inward.write(received)
        return data

    def _decrypted(self) -> bytes | None:
        """Read what can be read without more bytes; empty at the peer's own end, None if nothing can."""
        try:
            data = self._tls.read(_CHUNK)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:
            raise trust.distrusted(error) from error
        self.complete = not data
        return data

    async def _record(self) -> bytes:
        """Receive to the end of a record, or of the connection; `began` is when the record did."""
        begun, self._begun = self._begun, b""
        header = begun[:_HEADER]
        if len(header) < _HEADER:
            header += await self._exactly(_HEADER - len(header))
        self.began = self.arrived
        missing = _length(header) - max(len(begun), _HEADER) if len(header) == _HEADER else 0
        return header[len(begun) :] + await self._exactly(missing)

    async def _exactly(self, size: int) -> bytes:
        """Receive so many bytes, or fewer if the connection ends."""
        data = b""
        while len(data) < size and (more := await self._connection.receive(size - len(data))):
            data += more
        return data

    async def _flush(self) -> None:
        if self._outward.pending:
            await self._connection.send(self._outward.read())

    def read_expiry(self, *, verified: bool) -> None:
        """Read when the certificate expires, outside of every phase."""
        if verified:
            self.expires = trust.expires(self._tls)
        else:
            self.expires = heavy.unverified().expires(self._tls.getpeercert(binary_form=True) or b"")

    def close(self) -> None:
        """Say goodbye without waiting, and close; to do it twice is harmless."""
        with suppress(ssl.SSLError):  # that the server's own end has not come yet
            self._tls.unwrap()
        self._connection.send_last(self._outward.read())
        self._connection.close()


def _length(header: bytes) -> int:
    """Bytes of a record, its header included.  Raises Unreachable for what is none."""
    if not _FIRST_TYPE <= header[0] <= _LAST_TYPE:
        raise Unreachable("does not speak TLS")
    return _HEADER + int.from_bytes(header[3:_HEADER], "big")


def _after_records(data: bytes) -> bytes:
    """Give what is left after the whole records that `data` begins with: the beginning of another one."""
    while len(data) >= _HEADER and len(data) >= (length := _length(data)):
        data = data[length:]
    return data


async def handshake(connection: Connection, context: ssl.SSLContext, name: str) -> tuple[SecureConnection, float]:
    """Put TLS over a connection; with it, the seconds that it took.  Raises Unreachable."""
    secure = SecureConnection(connection, context, name)
    seconds = await secure.shake_hands()
    secure.read_expiry(verified=context.verify_mode is ssl.CERT_REQUIRED)
    return secure, seconds
