"""From what was seen to a reading: the one place where chain, name, staple and lists meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from agent.probe import Unreadable

from . import certificate, crl, names, ocsp, trust
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
    address: str
    connect_seconds: float
    latency_seconds: float


@dataclass(frozen=True)
class Offers:
    """What the scan found; nothing without one."""

    protocols: list[Label] | Unreadable | None = None
    weak_ciphers: list[str] | Unreadable | None = None


def judge(seen: Seen, offers: Offers, now: datetime) -> TlsReading:
    """Judge what was seen at a time."""
    session, leaf = seen.session, seen.session.chain[0]
    path = trust.judge(session)
    staple = ocsp.judge(session.staple, session.chain, path.certificates, now)
    standing = None if seen.lists is None else crl.judge(seen.lists, path.certificates, now)
    reason = path.reason or _revocation(staple, standing)
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
        ocsp=staple.status,
        ocsp_reason=staple.reason,
        must_staple=_readable(lambda: certificate.must_staple(leaf)),
        crl=standing.status if standing else None,
        crl_reason=standing.reason if standing else None,
        protocols=offers.protocols,
        weak_ciphers=offers.weak_ciphers,
        address=seen.address,
        latency_seconds=seen.latency_seconds,
        connect_seconds=seen.connect_seconds,
        handshake_seconds=session.seconds,
    )


def _revocation(staple: ocsp.Staple, standing: crl.Standing | None) -> str | None:
    """Say why revocation makes a good path untrusted: what is known to be revoked, or ought to be known."""
    if staple.status == "revoked" or (standing and standing.status == "revoked"):
        return "revoked"
    return "revocation_unknown" if standing and standing.status == "unknown" else None


def _readable(read: Callable[[], _T]) -> _T | Unreadable:
    try:
        return read()
    except ValueError as error:
        return Unreadable(f"the extensions of the certificate cannot be read: {error}")
