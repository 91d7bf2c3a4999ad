"""What is asked: a name, a record type and the flags of a query (RFC 1035, RFC 6891, RFC 4035)."""

from __future__ import annotations

import re

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.reversename
import msgspec
from dns.rdatatype import RdataType

from probes.dns.endpoint import is_address

__all__ = ["Question", "parse_name", "parse_type"]

_PAYLOAD = 1232  # octets of UDP that pass every path (DNS flag day 2020)
_NO_NAME = re.compile(r"[\s/:@]")


class Question(msgspec.Struct, frozen=True):
    """One question, as it is put to each server."""

    name: dns.name.Name
    rdtype: RdataType
    recurse: bool = True
    dnssec: bool = False

    def message(self) -> dns.message.QueryMessage:
        """Make a query with an id of its own; AD asks whether the answer was validated (RFC 6840 5.7)."""
        query = dns.message.make_query(self.name, self.rdtype, use_edns=0, want_dnssec=self.dnssec, payload=_PAYLOAD)
        query.flags = dns.flags.AD | (dns.flags.RD if self.recurse else 0)
        return query


def parse_type(text: str) -> RdataType:
    """Read a record type (`AAAA`, `aaaa`, `TYPE65`).  Raises ValueError for what is none."""
    try:
        rdtype = dns.rdatatype.from_text(text.upper())
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{text!r} is no record type, expected for instance A, AAAA, CNAME or TXT") from error
    if dns.rdatatype.is_metatype(rdtype) or rdtype == RdataType.TYPE0:
        raise ValueError(f"{text!r} is no type of a record, expected for instance A, AAAA, CNAME or TXT")
    return rdtype


def parse_name(text: str, rdtype: RdataType = RdataType.PTR) -> dns.name.Name:
    """Read a domain name, Unicode too; with PTR an address stands for its reverse name.

    Raises ValueError.  The name is complete: no search list is added.
    """
    if is_address(text):
        if rdtype != RdataType.PTR:
            raise ValueError(f"name is the address {text}, which only type PTR can ask about")
        return dns.reversename.from_address(text)
    if not text or _NO_NAME.search(text):
        raise ValueError(f"{text!r} is no domain name")
    try:
        return dns.name.from_text(text, idna_codec=dns.name.IDNA_2008_UTS_46)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"{text!r} is no domain name: {str(error).rstrip('.')}") from error
