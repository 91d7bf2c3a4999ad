"""What a reply says: its code, the records asked for, and the chain of names that led to them.

Records are text as `dig +short +nosplit` prints it, without the dot at the end of names and with host names
in lower case; a TXT record is its strings joined.
"""

from __future__ import annotations

import re

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import msgspec
from dns.rdatatype import RdataType
from dns.rdtypes.txtbase import TXTBase

from agent.probe import Unreachable
from probes.dns.exchange import Reply

__all__ = ["NODATA", "Finding", "find"]

NODATA = "NODATA"
"""NOERROR without a record of the type asked for (RFC 2308): a code of ours, so that no limit mistakes it."""

_HOST_NAMES = {
    RdataType.AFSDB,
    RdataType.CNAME,
    RdataType.DNAME,
    RdataType.KX,
    RdataType.MX,
    RdataType.NS,
    RdataType.PTR,
    RdataType.SOA,
    RdataType.SRV,
}
"""Types whose text is names and numbers only."""
_FINAL_DOT = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=[^\s\\.])\.(?=\s|$)')
"""The dot at the end of a name; not the root's own, and not in quotes."""


class Finding(msgspec.Struct, frozen=True):
    """One server's word, taken apart."""

    label: str
    rcode: str
    answers: tuple[str, ...]
    chain: tuple[str, ...]
    ttls: tuple[int, ...]
    serial: int | None
    signed_until: int | None
    """When the first of the answer's signatures ends (seconds since 1970)."""
    authenticated: bool
    authoritative: bool
    seconds: float

    def said(self) -> str:
        """Give the answer in one line, for people."""
        return " ".join((self.rcode, ", ".join(self.answers))).rstrip()


def find(reply: Reply) -> Finding:
    """Take a reply apart.  Raises Unreachable when it contradicts itself."""
    message, label = reply.message, reply.server.label
    rcode = dns.rcode.to_text(message.rcode())
    records, cnames = _follow(message, label)
    return Finding(
        label=label,
        rcode=NODATA if rcode == "NOERROR" and not records else rcode,
        answers=tuple(sorted(_text(record) for record in records or ())),
        chain=tuple(_text(cname[0]) for cname in cnames),
        ttls=tuple(rrset.ttl for rrset in (*cnames, *([records] if records else []))),
        serial=next((record.serial for record in records or () if record.rdtype == RdataType.SOA), None),
        signed_until=_signed_until(message, records),
        authenticated=bool(message.flags & dns.flags.AD),
        authoritative=bool(message.flags & dns.flags.AA),
        seconds=reply.seconds,
    )


def _follow(message: dns.message.QueryMessage, label: str) -> tuple[dns.rrset.RRset | None, list[dns.rrset.RRset]]:
    """Follow the CNAMEs of an answer; records of other names in it are nobody's business."""
    if len(message.question) != 1:  # a refusal may come without
        return None, []
    try:
        found = message.resolve_chaining()
    except dns.message.ChainTooLong:
        raise Unreachable(f"{label}: the CNAME chain is a loop or too long") from None
    except dns.message.AnswerForNXDOMAIN:
        raise Unreachable(f"{label}: says NXDOMAIN and gives records nevertheless") from None
    if message.rcode() != dns.rcode.NOERROR:  # what a failing server adds is no answer
        return None, found.cnames
    return found.answer, found.cnames


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXTBase):
        return b"".join(record.strings).decode("utf-8", "backslashreplace")
    text = str(record.to_text(chunksize=0))  # keys and digests in one piece
    if record.rdtype in _HOST_NAMES:
        text = text.lower()
    return _FINAL_DOT.sub(lambda found: found[1] or "", text)


def _signed_until(message: dns.message.QueryMessage, records: dns.rrset.RRset | None) -> int | None:
    if records is None:
        return None
    signatures = message.get_rrset(
        message.answer, records.name, dns.rdataclass.IN, RdataType.RRSIG, covers=records.rdtype
    )
    return min((int(signature.expiration) for signature in signatures or ()), default=None)
