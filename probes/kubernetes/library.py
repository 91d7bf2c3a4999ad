"""The seam behind which the `kubernetes` package is: half a second and 40 MiB, for configuration alone.

It is loaded in a worker thread by the first check that needs it.  Whether it is installed is asked here,
when a kind is loaded, so that a profile which names one is refused with the extra that is missing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["certificates", "in_cluster", "kubeconfig", "unanswered"]

if find_spec("kubernetes") is None:
    raise ModuleNotFoundError("No module named 'kubernetes'", name="kubernetes")


def kubeconfig() -> ModuleType:
    """Load what reads a kubeconfig."""
    return import_module("kubernetes.config.kube_config")


def in_cluster() -> ModuleType:
    """Load what reads the service account of a pod."""
    return import_module("kubernetes.config.incluster_config")


def unanswered() -> tuple[type[Exception], ...]:
    """Tell what the library raises when an identity provider gives no token."""
    module = kubeconfig()
    refused = module.oauthlib.oauth2.OAuth2Error, import_module("kubernetes.client.exceptions").OpenApiException
    return module.urllib3.exceptions.HTTPError, import_module("requests").RequestException, *refused


def certificates() -> str:
    """Tell the file of authorities that the library's own HTTP client brings along."""
    path: str = import_module("certifi").where()
    return path
