"""Names: what is asked for, and whether a certificate is for it (RFC 9525)."""

from __future__ import annotations

import importlib
import ipaddress
import re
from typing import TypeAlias

from cryptography import x509

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def address(name: str) -> Address | None:
    """Read an IP address, without its zone; None for anything else."""
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None


def a_label(name: str) -> str:
    """Give a name as the wire has it: ASCII, lower case, no dot at the end.

    A name that is not ASCII goes through IDNA 2008, as in the lookup of its address, so that both are
    about the same host.  Raises ValueError with a message for the operator.
    """
    plain = name.rstrip(".") if name.endswith(".") and not name.endswith("..") else name
    if not plain.isascii():
        plain = _encoded(plain)
    if len(plain) > 253 or not all(_LABEL.fullmatch(label) for label in plain.split(".")):
        raise ValueError(f"{name!r} is not a host name")
    return plain.lower()


def _encoded(name: str) -> str:
    """Go through `idna`, loaded at this one seam because its tables cost as much as a whole look."""
    try:
        encoded: bytes = importlib.import_module("idna").encode(name, uts46=True)
    except UnicodeError as error:
        raise ValueError(f"{name!r} is not a host name: {error}") from error
    return encoded.decode("ascii")


def host(name: str) -> str:
    """Check a host name or an address as an operator writes it; raises ValueError."""
    if "://" in name or "/" in name:
        raise ValueError(f"{name!r} is a URL or a path, expected a host name or an address")
    return name if address(name) else a_label(name)


def presented(certificate: x509.Certificate) -> list[str]:
    """List the names and addresses that a certificate is for, in its order; raises ValueError."""
    names = _alternative(certificate)
    return [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]


def matches(certificate: x509.Certificate, name: str) -> bool:
    """Tell whether a certificate is for a name or an address; raises ValueError when it can't be read.

    Only subjectAltName counts, never the common name (RFC 9525, section 2).  A wildcard is the whole
    leftmost label and stands for exactly one; one right below a top-level domain stands for nothing.
    """
    names = _alternative(certificate)
    wanted = address(name)
    if wanted is not None:
        return wanted in names.get_values_for_type(x509.IPAddress)
    labels = a_label(name).split(".")
    return any(_covers(pattern, labels) for pattern in names.get_values_for_type(x509.DNSName))


def _alternative(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def _covers(pattern: str, labels: list[str]) -> bool:
    parts = pattern.lower().split(".")
    if parts[0] == "*" and len(parts) > 2:
        return parts[1:] == labels[1:]
    return parts == labels
