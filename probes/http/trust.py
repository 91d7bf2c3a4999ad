"""TLS contexts: which certificates are trusted, which one is shown, which protocols are offered.

A context costs 10 to 20 ms to make and nothing to share, so equal settings share one.  Files are part of
what is equal: one that was replaced is read anew.  Sessions are never resumed, because a resumed session
shows no certificate.
"""

from __future__ import annotations

import ssl
import threading
from functools import lru_cache
from pathlib import Path

import msgspec

from agent.probe import ProbeError, Unreachable
from probes.http.words import inside, system

__all__ = ["Trust", "context", "distrusted", "expires", "prepare"]

ALPN = {None: ("h2", "http/1.1"), "1.1": ("http/1.1",), "2": ("h2",)}
"""What is offered for each `http_version`."""


class Trust(msgspec.Struct, frozen=True):
    """The TLS settings of a check."""

    verify: bool = True
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    key_password: str | None = None
    http_version: str | None = None

    def anonymous(self) -> Trust:
        """Give the same without the client's certificate, which is shown to nobody but its own origin."""
        return msgspec.structs.replace(self, cert=None, key=None, key_password=None)


def context(trust: Trust) -> ssl.SSLContext:
    """Give the context of these settings, made once.  Raises ProbeError for a file that is no good."""
    return _made(trust, tuple(_version(path) for path in (trust.ca, trust.cert, trust.key)))


_one_at_a_time = threading.Lock()


def prepare(trust: Trust) -> None:
    """Make the context of these settings ahead, in a thread; many who prepare at once make it once.

    Raises ProbeError for a file that is no good.
    """
    with _one_at_a_time:
        context(trust)


def _version(path: str | None) -> tuple[int, int] | None:
    """Tell one content of a file from the next."""
    if path is None:
        return None
    try:
        stat = Path(path).stat()
    except OSError as error:
        raise ProbeError(f"{path}: {system(error)}") from error
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=256)
def _made(trust: Trust, _versions: tuple[tuple[int, int] | None, ...]) -> ssl.SSLContext:
    made = _verifying(trust.ca) if trust.verify else _blind()
    made.set_alpn_protocols(list(ALPN[trust.http_version]))
    if trust.cert is not None:
        _show(made, trust.cert, trust)
    return made


def _blind() -> ssl.SSLContext:
    """Trust anybody; an empty context, because loading the system's authorities would cost 20 ms."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def _verifying(ca: str | None) -> ssl.SSLContext:
    if ca is None:
        _refuse_without_authorities()
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError as error:
        raise ProbeError(f"{ca}: holds no certificate in PEM") from error
    except OSError as error:
        raise ProbeError(f"{ca}: {system(error)}") from error


def _refuse_without_authorities() -> None:
    """Raise ProbeError on a machine without any, which would find every certificate untrusted."""
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    if paths.cafile is None and (folder is None or not folder.is_dir() or not any(folder.iterdir())):
        raise ProbeError("this machine has no certificates of authorities (ca-certificates): give `ca`")


def _show(made: ssl.SSLContext, cert: str, trust: Trust) -> None:
    try:
        # A password is always given: without one OpenSSL would ask for it on the terminal.
        made.load_cert_chain(cert, trust.key, trust.key_password or "")
    except ssl.SSLError as error:
        raise ProbeError(f"{cert}: {_key_mistake(error, trust.key or cert)}") from error
    except OSError as error:
        raise ProbeError(f"{cert}: {system(error)}") from error


def _key_mistake(error: ssl.SSLError, key: str) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key belongs to another certificate"
    if b"ENCRYPTED" in Path(key).read_bytes():  # OpenSSL gives no reason
        return "the key is encrypted, and `key_password` does not open it"
    return "no certificate and key in PEM can be read from it"


_REASONS = {
    "WRONG_VERSION_NUMBER": "does not speak TLS",
    "UNEXPECTED_EOF_WHILE_READING": "closed the connection during the TLS handshake",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "refuses the TLS handshake: no common cipher, or it wants a client certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "asks for a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "does not trust the client certificate",
    "TLSV1_ALERT_PROTOCOL_VERSION": "speaks no version of TLS that is offered",
    "TLSV1_UNRECOGNIZED_NAME": "does not know the server name",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "speaks no version of HTTP that is offered",
}


def distrusted(error: ssl.SSLError) -> Unreachable:
    """Say why TLS failed, in an operator's words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(f"certificate is not trusted: {inside(error.verify_message)}")
    reason = error.reason or ""
    return Unreachable(_REASONS.get(reason) or f"TLS failed: {reason.lower().replace('_', ' ') or 'unknown'}")


def expires(tls: ssl.SSLObject) -> float | None:
    """When the peer's verified certificate expires, in seconds since the epoch; None if it was not verified."""
    certificate = tls.getpeercert()
    after = certificate.get("notAfter") if certificate else None
    return _seconds(after) if isinstance(after, str) else None


@lru_cache(maxsize=1024)
def _seconds(written: str) -> float:
    """Read the time of a certificate; remembered, because parsing costs as much as half a request."""
    return float(ssl.cert_time_to_seconds(written))
