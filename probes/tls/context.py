"""OpenSSL contexts that read whatever a server sends and write down what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from OpenSSL import SSL, crypto

from agent.probe import ProbeError

from . import store
from .store import Store

_EVERYTHING = b"ALL:eNULL:!aNULL:@SECLEVEL=0"
_READ_ALERT = SSL.SSL_CB_READ | SSL.SSL_CB_ALERT
_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT: servers without secure renegotiation (RFC 5746) are read too."""


@dataclass
class Log:
    """What OpenSSL said during one handshake."""

    errors: list[tuple[int, int]] = field(default_factory=list)
    """Depth in the path and code of each verification error, in the order of finding."""
    staple: bytes = b""
    alert: int | None = None
    """The last alert that the server sent."""
    states: list[bytes] = field(default_factory=list)


class Material(NamedTuple):
    """What a context is made of, with the state that its files had."""

    roots: Store
    own: bool
    """Whether the operator named the CA certificates."""
    certificate: str | None
    key: str | None
    stamps: tuple[tuple[int, int], ...]


def load(ca: str | None, certificate: str | None, key: str | None) -> SSL.Context:
    """Give the context for these files, made once for as long as they do not change; raises ProbeError."""
    roots = Store(ca, None) if ca else store.system()
    stamps = tuple(stamp(path) for path in (*roots, certificate, key) if path)
    return _made(Material(roots, bool(ca), certificate, key, stamps))


def stamp(path: str) -> tuple[int, int]:
    """Take the modification time and size of a file, by which a change is noticed; raises ProbeError."""
    try:
        found = Path(path).stat()
    except OSError as error:
        raise ProbeError(f"{path}: {str(error.strerror).lower()}") from error
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _made(material: Material) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(_EVERYTHING)
    context.set_options(_LEGACY_SERVER_CONNECT)
    context.set_passwd_cb(_no_passphrase)
    _trust(context, material.roots, own=material.own)
    if material.certificate:
        _identify(context, material.certificate, material.key or material.certificate)
    context.set_verify(SSL.VERIFY_PEER, _note_error)
    context.set_ocsp_client_callback(_note_staple)
    context.set_info_callback(_note_state)
    return context


def _trust(context: SSL.Context, roots: Store, *, own: bool) -> None:
    """Trust the system's CAs, or each certificate of the operator's file as it is, root or not."""
    try:
        context.load_verify_locations(*roots)
    except SSL.Error as error:
        raise ProbeError(f"{roots.file or roots.folder}: holds no CA certificates in PEM: {said(error)}") from error
    trusted = context.get_cert_store()
    if own and trusted:
        trusted.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)


def _identify(context: SSL.Context, certificate: str, key: str) -> None:
    try:
        context.use_certificate_chain_file(certificate)
    except SSL.Error as error:
        raise ProbeError(f"{certificate}: holds no client certificate in PEM: {said(error)}") from error
    try:
        context.use_privatekey_file(key)
        context.check_privatekey()
    except SSL.Error as error:
        raise ProbeError(f"{key}: holds no usable key of {certificate}: {said(error)}") from error


def said(error: SSL.Error) -> str:
    """Give OpenSSL's own words for an error."""
    reasons = [str(entry[-1]) for entry in error.args[0]] if error.args and error.args[0] else []
    return "; ".join(filter(None, reasons)) or "no reason given"


def _no_passphrase(*_: object) -> bytes:
    """Answer in place of a person at the terminal: a key with a passphrase cannot be used."""
    return b""


def _note_error(connection: SSL.Connection, _: crypto.X509, code: int, depth: int, ok: int) -> bool:
    if not ok:
        connection.get_app_data().errors.append((depth, code))
    return True


def _note_staple(connection: SSL.Connection, staple: bytes, _: object) -> bool:
    connection.get_app_data().staple = staple
    return True


def _note_state(connection: SSL.Connection, where: int, value: int) -> None:
    log = connection.get_app_data()
    if log is None:
        return
    if where & _READ_ALERT == _READ_ALERT:
        log.alert = value & 0xFF
    elif where & SSL.SSL_CB_LOOP:
        log.states.append(connection.get_state_string())
