"""The CA certificates that a machine trusts, wherever its maker keeps them."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from agent.probe import ProbeError

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo, NixOS
    "/etc/pki/tls/certs/ca-bundle.crt",  # Red Hat, Fedora, Amazon Linux
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine, the BSDs
    "/opt/homebrew/etc/ca-certificates/cert.pem",
)
"""Files with the system's CA certificates, for a Python whose OpenSSL was built to look elsewhere."""


class Store(NamedTuple):
    """Where CA certificates are: a file, a folder by OpenSSL's hashes, or both."""

    file: str | None
    folder: str | None


def system(bundles: Sequence[str] = BUNDLES) -> Store:
    """Find the system's CA certificates: `SSL_CERT_FILE` and `SSL_CERT_DIR`, Python's own, the usual files.

    pyOpenSSL brings an OpenSSL of its own, which was built to look where nothing is.
    Raises ProbeError when there are none: trusting nobody would make every certificate untrusted.
    """
    paths = ssl.get_default_verify_paths()
    _refuse_absent(paths.openssl_cafile_env, Path.is_file)
    _refuse_absent(paths.openssl_capath_env, Path.is_dir)
    if paths.cafile or (paths.capath and any(Path(paths.capath).glob("*.0"))):
        return Store(paths.cafile, paths.capath)
    found = next((bundle for bundle in bundles if Path(bundle).is_file()), None)
    if found is None:
        raise ProbeError("no CA certificates were found on this machine: install them, or name a file in ca")
    return Store(found, None)


def _refuse_absent(variable: str, exists: Callable[[Path], bool]) -> None:
    named = os.environ.get(variable)
    if named and not exists(Path(named)):
        raise ProbeError(f"{variable} is {named}, which is not there")
