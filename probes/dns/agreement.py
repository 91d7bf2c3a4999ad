"""One reading out of several servers' words; where they differ, nothing is said in their name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import TypeVar

from agent.probe import Reading, Unreachable, Unreadable
from probes.dns.answer import Finding

__all__ = ["DnsReading", "agree"]

_Said = TypeVar("_Said")


class DnsReading(Reading, frozen=True):
    """What the servers answered.  Where they differ, a metric cannot be read, and every limit on it is breached."""

    rcode: str | Unreadable
    """Response code: NOERROR (with records), NODATA (the name is there, without a record of this type),
    NXDOMAIN, SERVFAIL, REFUSED …"""
    answers: list[str] | Unreadable
    """Records as text, sorted, as `dig +short +nosplit` prints them but without the dot at the end of names; host
    names in lower case and ASCII (`xn--…`), the strings of a TXT record joined."""
    records: int | Unreadable
    """Number of answers."""
    agree: bool
    """Whether each server that was asked answered, and all gave the same code and the same answers."""
    resolvers: int
    """Number of servers that answered."""
    latency_seconds: float
    """Time to the answer, of the slowest server; connection set-up included."""
    reason: str | None = None
    """Why they do not agree: who says what; absent when they do."""
    replies: dict[str, str] = {}
    """Server to what it said, or why it said nothing."""
    chain: list[str] | Unreadable = []
    """Names that CNAME records led through, in order."""
    ttl_seconds: float | None = None
    """Largest time to live in the answer and its chain, on any server: so long may old data be seen.  Absent
    without records."""
    smallest_ttl_seconds: float | None = None
    """Smallest time to live in the answer and its chain, on any server; absent without records."""
    authenticated: bool = False
    """Whether every server that answered says that it validated the answer (DNSSEC, AD flag)."""
    authoritative: bool = False
    """Whether every server that answered speaks for the zone (AA flag)."""
    serial: int | Unreadable | None = None
    """Serial of the zone; with type SOA only."""
    signature_expires_in_seconds: float | None = None
    """Time until the first signature (RRSIG) on the answer ends, on any server; absent without `dnssec` or
    signatures."""


def agree(findings: Sequence[Finding], silent: Mapping[str, Unreachable]) -> DnsReading:
    """Make the reading; there is at least one finding.  `silent` gives by label who did not answer and why."""
    replies = {finding.label: finding.said() for finding in findings}
    replies |= {label: f"no answer ({error})" for label, error in silent.items()}
    agreed = not silent and len({(finding.rcode, finding.answers) for finding in findings}) == 1
    answers = _common(findings, lambda finding: list(finding.answers))
    ttls = [float(ttl) for finding in findings for ttl in finding.ttls]
    return DnsReading(
        rcode=_common(findings, lambda finding: finding.rcode),
        answers=answers,
        records=answers if isinstance(answers, Unreadable) else len(answers),
        agree=agreed,
        resolvers=len(findings),
        latency_seconds=max(finding.seconds for finding in findings),
        reason=None if agreed else "; ".join(f"{label}: {said}" for label, said in replies.items()),
        replies=replies,
        chain=_common(findings, lambda finding: list(finding.chain)),
        ttl_seconds=max(ttls, default=None),
        smallest_ttl_seconds=min(ttls, default=None),
        authenticated=all(finding.authenticated for finding in findings),
        authoritative=all(finding.authoritative for finding in findings),
        serial=_common(findings, lambda finding: finding.serial),
        signature_expires_in_seconds=_until_first_end(findings),
    )


def _until_first_end(findings: Sequence[Finding]) -> float | None:
    ends = [finding.signed_until for finding in findings if finding.signed_until is not None]
    return min(ends) - time() if ends else None


def _common(findings: Sequence[Finding], part: Callable[[Finding], _Said]) -> _Said | Unreadable:
    """Give what all say, or say who says what."""
    first, *others = (part(finding) for finding in findings)
    if all(other == first for other in others):
        return first
    return Unreadable("; ".join(f"{finding.label}: {_plain(part(finding))}" for finding in findings))


def _plain(said: object) -> str:
    return ", ".join(map(str, said)) or "none" if isinstance(said, list) else str(said)
