"""The versions of SSL and TLS, by the names that OpenSSL gives them and their numbers on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal, TypeAlias

Label: TypeAlias = Literal["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
"""The name of a version in readings and limits."""


class Version(IntEnum):
    """A protocol version; SSLv2 has another kind of hello and is not looked for."""

    SSL3 = 0x0300
    TLS10 = 0x0301
    TLS11 = 0x0302
    TLS12 = 0x0303
    TLS13 = 0x0304

    @property
    def label(self) -> Label:
        """The name in readings and limits: `TLSv1.2`."""
        return _LABELS[self]


_LABELS: Mapping[Version, Label] = {
    Version.SSL3: "SSLv3",
    Version.TLS10: "TLSv1",
    Version.TLS11: "TLSv1.1",
    Version.TLS12: "TLSv1.2",
    Version.TLS13: "TLSv1.3",
}


def of(label: str) -> Version:
    """Find a version by the name that OpenSSL gives it; raises ValueError."""
    for version in Version:
        if version.label == label:
            return version
    raise ValueError(f"{label!r} is no version of TLS")
