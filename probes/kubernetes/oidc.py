"""Identity tokens of a kubeconfig (`auth-provider: oidc`), which the library renews when they expire.

Left alone it would ask an issuer whose authority the kubeconfig does not name without verifying it, and would
go on with the old token when it gets no new one.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from agent.probe import ProbeError, Value
from probes.kubernetes import library

__all__ = ["renewing"]

_TOKENS = ("id-token", "refresh-token")
_SHOWN = 200
"""Characters of a message that are shown."""
_AUTHORITIES = ("idp-certificate-authority", "idp-certificate-authority-data")


class _Config(Protocol):
    name: str
    lock: Value
    merger: Value


@contextmanager
def renewing(config: _Config, written: dict[str, Value], user: dict[str, Value]) -> Iterator[Callable[[], None] | None]:
    """Let the library renew the token of `user`, a copy of what is `written`, one at a time.

    Gives what the library calls to save it, None when there is nothing of the kind.  As with kubectl a new
    token is written back into the file if that can be written, since the old one may be worth nothing any more.
    Raises ProbeError when the token has expired and there is no new one.
    """
    provider = written.get("auth-provider")
    if not user or not isinstance(provider, dict) or provider.get("name") != "oidc":
        yield None
        return
    original = provider.get("config") or {}
    with config.lock:
        mine = dict(original)
        if not any(name in mine for name in _AUTHORITIES):
            mine["idp-certificate-authority"] = library.certificates()
        user["auth-provider"] = {**provider, "config": mine}

        def persist() -> None:
            original.update({name: mine[name] for name in _TOKENS if name in mine})
            with suppress(OSError):
                config.merger.save_changes()

        expired = f"kubeconfig {config.name}: the id-token has expired, and {mine.get('idp-issuer-url')}"
        try:
            yield persist
        except library.unanswered() as error:
            raise ProbeError(f"{expired} gave no new one: {_said(error)}") from error
        if _expired(str(mine.get("id-token") or "")):
            raise ProbeError(f"{expired} gave no new one")


def _said(error: Exception) -> str:
    """Give what went wrong beneath it all, in one line."""
    return " ".join(str(getattr(error, "reason", None) or error).split())[:_SHOWN]


def _expired(token: str) -> bool:
    """Tell from the token itself (RFC 7519 section 4.1.4); one that cannot be read counts as expired."""
    payload = token.split(".")[1:2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload[0] + "=="))
        return float(claims.get("exp", "inf")) <= time.time()
    except (IndexError, binascii.Error, ValueError, AttributeError, TypeError):
        return True
