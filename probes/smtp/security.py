"""TLS for mail: as for HTTP, but that nothing is offered by ALPN, at which a strict server would take offence."""

from __future__ import annotations

import ssl
from functools import lru_cache

from probes.http import heavy, trust
from probes.http.connection import Connection
from probes.http.secure import SecureConnection
from probes.http.trust import Trust

__all__ = ["MailSecurity", "context", "prepare", "secure"]


class MailSecurity(SecureConnection):
    """TLS over a connection, which also tells its version."""

    __slots__ = ()

    @property
    def version(self) -> str | None:
        """What was agreed on: `TLSv1.2`, `TLSv1.3`."""
        return self._tls.version()


def context(*, verify: bool, ca: str | None) -> ssl.SSLContext:
    """Give the context of these settings, made once.  Raises ProbeError for a file that is no good."""
    return _without_alpn(trust.context(Trust(verify=verify, ca=ca)), ca)


def prepare(*, verify: bool, ca: str | None) -> None:
    """Make it ahead, in a thread.  Raises ProbeError for a file that is no good."""
    context(verify=verify, ca=ca)
    if not verify:
        heavy.unverified()


@lru_cache(maxsize=256)
def _without_alpn(known: ssl.SSLContext, ca: str | None) -> ssl.SSLContext:
    """Make another one like `known`, whose files have been found to be good."""
    if known.verify_mode is ssl.CERT_REQUIRED:
        return ssl.create_default_context(cafile=ca)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


async def secure(connection: Connection, trusting: ssl.SSLContext, name: str) -> tuple[MailSecurity, float]:
    """Put TLS over a connection; with it, the seconds that it took.  Raises Unreachable."""
    stream = MailSecurity(connection, trusting, name.partition("%")[0])
    seconds = await stream.shake_hands()
    stream.read_expiry(verified=trusting.verify_mode is ssl.CERT_REQUIRED)
    return stream, seconds
