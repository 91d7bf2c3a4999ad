"""Where the API server is and as whom it is asked: from a kubeconfig, or from the service account of a pod.

Everything here blocks, and is called from worker threads.
"""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import msgspec

from agent.probe import ProbeError
from probes.http import trust, urls
from probes.http.proxy import Proxy
from probes.http.trust import Trust
from probes.http.words import inside, system
from probes.kubernetes import library
from probes.kubernetes.plugin import Plugin

__all__ = ["Login", "Sink", "address", "in_cluster", "in_pod"]

_ACCOUNT = "the service account of this pod"


class Login(msgspec.Struct, frozen=True):
    """How one API server is reached, and what is shown to it."""

    url: httpx.URL
    trust: Trust
    source: str
    """Where all this comes from, for messages: a file and its context."""
    namespace: str = "default"
    authorization: str = ""
    """The header; empty when there is none, or a plugin gives it."""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Headers that ask for the rights of somebody else."""
    server_name: str | None = None
    proxy: Proxy | None = None
    plugin: Plugin | None = None
    """What gives the credentials, when the kubeconfig has none but knows who does."""


class Sink:
    """Takes what the library finds out, in place of its own `Configuration`.

    That one would take proxies from the environment, and the server `http://localhost` when there is none.
    """

    def __init__(self) -> None:
        self.api_key: dict[str, str] = {}
        self.host = ""
        self.ssl_ca_cert: str | None = None
        self.cert_file: str | None = None
        self.key_file: str | None = None
        self.verify_ssl = True
        self.tls_server_name: str | None = None
        self.proxy: str | None = None
        self.refresh_api_key_hook: object = None

    @property
    def authorization(self) -> str:
        """The header; a token file may end with a line break."""
        return self.api_key.get("BearerToken", "").strip()

    @property
    def trust(self) -> Trust:
        """What is trusted and shown in TLS."""
        return Trust(self.verify_ssl, self.ssl_ca_cert, self.cert_file, self.key_file, http_version="1.1")


def address(text: str, source: str) -> httpx.URL:
    """Read the address of an API server.  Raises ProbeError."""
    try:
        return urls.plain(urls.parse(text))
    except ValueError as error:
        raise ProbeError(f"{source}: the server's address {error}") from error


def in_pod() -> bool:
    """Tell whether this runs in a pod."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def in_cluster() -> Login:
    """Log in as the service account of this pod.  Raises ProbeError."""
    module, sink = library.in_cluster(), Sink()
    try:
        module.load_incluster_config(client_configuration=sink)
        namespace = Path(module.SERVICE_TOKEN_FILENAME).with_name("namespace").read_text().strip()
    except module.ConfigException as error:
        raise ProbeError(f"{_ACCOUNT}: {inside(str(error))} ({module.SERVICE_TOKEN_FILENAME})") from error
    except OSError as error:
        raise ProbeError(f"{_ACCOUNT}: {error.filename}: {system(error)}") from error
    trust.context(sink.trust)  # here, in a thread
    return Login(
        url=address(sink.host, _ACCOUNT),
        trust=sink.trust,
        source=_ACCOUNT,
        namespace=namespace or "default",
        authorization=f"Bearer {sink.authorization.partition(' ')[2].strip()}",
    )
