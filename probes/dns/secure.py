"""TLS over a connection of ours, with the certificate verified: whom we ask must be who answers."""

from __future__ import annotations

import os
import ssl

import anyio
from anyio import to_thread
from anyio.streams.tls import TLSStream

from agent.probe import ProbeError, Unreachable
from probes.dns.wire import Connection

__all__ = ["open_tls", "tls_context"]


async def tls_context(ca: str = "") -> ssl.SSLContext:
    """Trust this machine's authorities, or those in the PEM file `ca`; read in a worker thread.

    Raises ProbeError when the file cannot be used.
    """
    return await to_thread.run_sync(_context, ca, abandon_on_cancel=True)


def _context(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except ssl.SSLError as error:
        raise ProbeError(f"{ca}: holds no certificate, expected authorities in PEM") from error
    except OSError as error:
        raise ProbeError(f"{ca}: {os.strerror(error.errno or 0).lower()}, expected a PEM file") from error


async def open_tls(connection: Connection, name: str, context: ssl.SSLContext, label: str) -> TLSStream:
    """Shake hands as a client that verifies the certificate against `name`; raises Unreachable."""
    try:
        return await TLSStream.wrap(
            connection, hostname=name, ssl_context=context, server_side=False, standard_compatible=False
        )
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{label}: certificate not accepted: {error.verify_message}") from error
    except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
        said = getattr(error, "reason", "") or str(error) or "closed"
        raise Unreachable(f"{label}: no TLS: {said.lower().replace('_', ' ')}") from error
