"""OpenSSL contexts that read whatever a server sends and write down what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from OpenSSL import SSL, crypto

from agent.probe import ProbeError

from . import store
from .store import Store

PrivateKey: TypeAlias = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | dsa.DSAPrivateKey
)

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


def read(path: str) -> bytes:
    """Read a file of the operator's; raises ProbeError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ProbeError(f"{path}: {str(error.strerror).lower()}") from error


@lru_cache(maxsize=64)
def _made(material: Material) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(_EVERYTHING)
    context.set_options(_LEGACY_SERVER_CONNECT)
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
    """Have a certificate, its chain and its key shown to servers that ask."""
    try:
        own, *above = x509.load_pem_x509_certificates(read(certificate))
    except ValueError as error:
        raise ProbeError(f"{certificate}: holds no certificate in PEM: {error}") from error
    try:
        context.use_certificate(own)
        for one in above:
            context.add_extra_chain_cert(one)
        context.use_privatekey(_private(key))
        context.check_privatekey()
    except SSL.Error as error:
        raise ProbeError(f"{key}: holds no usable key for {certificate}: {said(error)}") from error


def _private(path: str) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(read(path), password=None)
    except TypeError as error:
        raise ProbeError(f"{path}: holds a key with a passphrase, expected one without") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProbeError(f"{path}: holds no key in PEM: {error}") from error
    if not isinstance(key, PrivateKey):
        raise ProbeError(f"{path}: holds a key that cannot sign")
    return key


def said(error: SSL.Error) -> str:
    """Give OpenSSL's own words for an error."""
    queue = error.args[0] if error.args else []
    if not isinstance(queue, list):
        return str(error.args[-1])
    return "; ".join(str(entry[-1]) for entry in queue if entry[-1]) or "no reason given"


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
