"""One handshake that reads everything and verifies nothing away, and what it showed."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Literal, NamedTuple, TypeAlias

import anyio
from anyio import to_thread
from cryptography import x509
from OpenSSL import SSL

from agent.probe import Unreachable

from . import alerts, versions
from .connection import Closed, Wire, excerpt
from .context import Log, said
from .hello import Hello
from .versions import Version

ClientCertificate: TypeAlias = Literal["none", "requested", "required", "unknown"]
_CHUNK = 65536


class Offer(NamedTuple):
    """What the client says, and whether it has a certificate to show."""

    hello: Hello
    certificate: bool = False


@dataclass(frozen=True)
class Session:
    """What one handshake showed."""

    chain: tuple[x509.Certificate, ...]
    """The certificates as sent, the server's own first."""
    path: tuple[x509.Certificate, ...]
    """The path that OpenSSL built from it, as far as it got, the root last."""
    errors: tuple[tuple[int, int], ...]
    """Depth in the path and code of each verification error, in the order of finding."""
    staple: bytes
    version: Version
    cipher: str | None
    alpn: str | None
    client_certificate: ClientCertificate
    seconds: float
    """From our hello until both sides were done, or the server had refused to go on."""


async def perform(wire: Wire, context: SSL.Context, offer: Offer, patience: float) -> Session:
    """Shake hands and read what there is; `patience` is how long a verdict on no certificate may take.

    Raises Unreachable when it fails, except where it fails because the server wants a client
    certificate that nobody gave us: its own certificate has been read by then.
    """
    hands = _Hands(wire, context, offer)
    client: ClientCertificate = "required"
    try:
        await hands.shake()
        client = await hands.client_certificate(patience)
    except SSL.Error as error:
        if not hands.lacks_certificate:
            raise hands.failure(error) from error
    else:
        await hands.leave()
    return hands.session(client)


class _Hands:
    """A TLS connection in memory and the wire under it."""

    def __init__(self, wire: Wire, context: SSL.Context, offer: Offer) -> None:
        self.log = Log()
        self.tls = SSL.Connection(context)
        self._wire = wire
        self._offer = offer
        self._head = b""
        self.seconds = 0.0
        self.tls.set_app_data(self.log)
        self.tls.set_connect_state()
        self.tls.request_ocsp()
        if offer.hello.server_name:
            self.tls.set_tlsext_host_name(offer.hello.server_name.encode())
        if offer.hello.alpn:
            self.tls.set_alpn_protos([name.encode() for name in offer.hello.alpn])

    async def shake(self) -> None:
        """Let OpenSSL shake hands, feeding it from the wire, and take the time.

        It works in a thread: a server decides how long its keys and its chain take to check.
        """
        started = perf_counter()
        try:
            while not await self._step():
                self.tls.bio_write(await self._receive())
        finally:
            self.seconds = perf_counter() - started

    async def _step(self) -> bool:
        try:
            await to_thread.run_sync(self.tls.do_handshake, abandon_on_cancel=True)
        except SSL.WantReadError:
            return False
        finally:
            await self._flush()
        return True

    async def client_certificate(self, patience: float) -> ClientCertificate:
        """Tell whether the server asked for a client certificate, and bears that there is none.

        A server of TLSv1.3 says what it thinks of ours, or of none, only after the handshake: with an
        alert if it refuses, with a ticket or with data if it goes on (RFC 8446, section 4.6.1).
        """
        if not self._asked:
            return "none"
        if self.tls.get_protocol_version() < SSL.TLS1_3_VERSION:
            return "requested"
        seen = len(self.log.states)
        with anyio.move_on_after(patience):
            try:
                while not self._goes_on(seen):
                    self.tls.bio_write(await self._wire.receive())
            except (Closed, SSL.ZeroReturnError):
                return "unknown"
            return "requested"
        return "unknown"

    def _goes_on(self, seen: int) -> bool:
        try:
            return bool(self.tls.recv(1))
        except SSL.WantReadError:
            return any(b"session ticket" in state for state in self.log.states[seen:])

    @property
    def _asked(self) -> bool:
        return any(b"certificate request" in state for state in self.log.states)

    @property
    def lacks_certificate(self) -> bool:
        """Whether the server ended the handshake because it got no client certificate."""
        missing = self._asked and not self._offer.certificate
        return missing and self.log.alert in alerts.NO_CLIENT_CERTIFICATE

    def failure(self, error: SSL.Error) -> Unreachable:
        """Say why a handshake failed: the server's alert if there was one, else OpenSSL's words."""
        if self.log.alert is None:
            return self._wire.no_answer(f"the TLS handshake fails: {said(error)}")
        what = "our client certificate" if self._asked and self._offer.certificate else "the TLS handshake"
        return self._wire.no_answer(f"refuses {what} with {alerts.named(self.log.alert)}")

    def session(self, client_certificate: ClientCertificate) -> Session:
        """Collect what was read."""
        try:
            chain = self.tls.get_peer_cert_chain(as_cryptography=True) or []
            path = self.tls.get_verified_chain(as_cryptography=True) or []
        except ValueError as error:
            raise self._wire.no_answer(f"sends a certificate that cannot be read: {error}") from error
        if not chain:
            raise self._wire.no_answer("sends no certificate")
        return Session(
            chain=tuple(chain),
            path=tuple(path),
            errors=tuple(self.log.errors),
            staple=self.log.staple,
            version=versions.of(self.tls.get_protocol_version_name()),
            cipher=self.tls.get_cipher_name(),
            alpn=self.tls.get_alpn_proto_negotiated().decode("latin-1") or None,
            client_certificate=client_certificate,
            seconds=self.seconds,
        )

    async def leave(self) -> None:
        """Say good-bye, so that the server's log does not show an attack."""
        self.tls.shutdown()
        await self._flush()

    async def _flush(self) -> None:
        try:
            pending = self.tls.bio_read(_CHUNK)
        except SSL.WantReadError:
            return
        await self._wire.send(pending)

    async def _receive(self) -> bytes:
        """Wait for more, and see from its first bytes that it is TLS at all: an alert or a handshake."""
        data = await self._wire.receive()
        if len(self._head) < 2:
            self._head += data[:2]
            if self._head[0] not in (21, 22) or self._head[1:2] not in (b"", b"\x03"):
                raise self._wire.no_answer(f"answers {excerpt(self._head[: -len(data[:2])] + data)}, which is not TLS")
        return data
