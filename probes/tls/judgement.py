"""From what was seen to a reading: the one place where chain, name, staple and lists meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from agent.probe import Unreachable, Unreadable

from . import certificate, crl, names, ocsp, trust
from .connection import Place
from .handshake import Session
from .reading import TlsReading
from .versions import Label

_T = TypeVar("_T")


@dataclass(frozen=True)
class Seen:
    """One look at an endpoint, before anybody judged it."""

    name: str
    session: Session
    lists: Sequence[crl.List] | None
    """Revocation lists that the operator gave."""
    place: Place
    connect_seconds: float
    latency_seconds: float


@dataclass(frozen=True)
class Offers:
    """What the scan found; nothing without one."""

    protocols: list[Label] | Unreadable | None = None
    weak_ciphers: list[str] | Unreadable | None = None


@dataclass(frozen=True)
class _Findings:
    """What each judge said."""

    path: trust.Path
    staple: ocsp.Staple
    standing: crl.Standing | None

    @property
    def reason(self) -> str | None:
        """Why the certificate is not trusted; what is known to be revoked is not, on the best of paths."""
        if self.path.reason:
            return self.path.reason
        if self.staple.status == "revoked" or (self.standing and self.standing.status == "revoked"):
            return "revoked"
        return "revocation_unknown" if self.standing and self.standing.status == "unknown" else None


def judge(seen: Seen, offers: Offers, now: datetime) -> TlsReading:
    """Judge what was seen at a time; raises Unreachable for a certificate that nobody can read."""
    try:
        path = trust.judge(seen.session)
        staple = ocsp.judge(seen.session.staple, seen.session.chain, path.certificates, now)
        standing = None if seen.lists is None else crl.judge(seen.lists, path.certificates, now)
        return _reading(seen, offers, _Findings(path, staple, standing), now)
    except ValueError as error:
        raise Unreachable(f"{seen.place}: sends a certificate that cannot be read: {error}") from error


def _reading(seen: Seen, offers: Offers, found: _Findings, now: datetime) -> TlsReading:
    session, path, reason, weak = seen.session, found.path, found.reason, offers.weak_ciphers
    leaf = session.chain[0]
    return TlsReading(
        trusted=reason is None,
        reason=reason,
        culprit=path.culprit or (leaf.subject.rfc4514_string() if reason else None),
        name_matches=_readable(lambda: names.matches(leaf, seen.name)),
        expires_in_seconds=(path.ends - now).total_seconds() if path.ends else None,
        sent_expires_in_seconds=(trust.earliest_end(session.chain) - now).total_seconds(),
        not_before=leaf.not_valid_before_utc,
        self_signed=certificate.self_signed(leaf),
        chain_complete=path.complete,
        chain_length=len(session.chain),
        issuer=leaf.issuer.rfc4514_string(),
        subject=leaf.subject.rfc4514_string(),
        names=_readable(lambda: names.presented(leaf)),
        key_type=certificate.key_type(leaf),
        key_bits=certificate.key_bits(leaf),
        signature_hash=certificate.signature_hash(leaf),
        weaknesses=certificate.weaknesses(path.certificates),
        fingerprint=certificate.fingerprint(leaf),
        protocol=session.version.label,
        cipher=session.cipher,
        alpn=session.alpn,
        client_certificate=session.client_certificate,
        ocsp=found.staple.status,
        ocsp_reason=found.staple.reason,
        must_staple=_readable(lambda: certificate.must_staple(leaf)),
        crl=found.standing.status if found.standing else None,
        crl_reason=found.standing.reason if found.standing else None,
        protocols=offers.protocols,
        weak_ciphers=len(weak) if isinstance(weak, list) else weak,
        weak_cipher_names=weak,
        address=seen.place.host,
        latency_seconds=seen.latency_seconds,
        connect_seconds=seen.connect_seconds,
        handshake_seconds=session.seconds,
    )


def _readable(read: Callable[[], _T]) -> _T | Unreadable:
    try:
        return read()
    except ValueError as error:
        return Unreadable(f"the extensions of the certificate cannot be read: {error}")
