"""TLS contexts: whom to trust and what to show, made once for equal settings and unchanged files."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

import msgspec

from agent.probe import ProbeError
from probes.http.words import system

__all__ = ["Trust"]


class Trust(msgspec.Struct, frozen=True):
    """The TLS settings of a check."""

    verify: bool = True
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def context(self) -> ssl.SSLContext:
        """Give the context; takes 20 ms the first time.  Raises ProbeError for a file that is no good."""
        return _made(self, tuple(map(_version, (self.ca, self.cert, self.key))))


def _version(path: str | None) -> tuple[int, int] | None:
    """Tell one content of a file from the next."""
    if path is None:
        return None
    try:
        stat = Path(path).stat()
    except OSError as error:
        raise ProbeError(f"{path}: {system(error)}") from error
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=64)
def _made(trust: Trust, _versions: tuple[tuple[int, int] | None, ...]) -> ssl.SSLContext:
    context = _verifying(trust.ca) if trust.verify else _blind()
    if trust.cert is not None:
        try:
            # A password is always given: without one OpenSSL would ask for it on the terminal.
            context.load_cert_chain(trust.cert, trust.key, "")
        except (ssl.SSLError, OSError) as error:
            raise ProbeError(f"{trust.cert}: no certificate and key in PEM can be read from it") from error
    return context


def _verifying(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise ProbeError(f"{ca}: holds no certificate, expected authorities in PEM") from error


def _blind() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
