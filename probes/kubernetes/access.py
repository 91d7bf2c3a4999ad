"""Who asks which API server, now: what the configuration says, and the credentials of this moment.

In this order, as kubectl has it: the setting `kubeconfig`; the variable KUBECONFIG; `~/.kube/config`; and in
a pod without any of them its service account.
"""

from __future__ import annotations

import msgspec
from anyio import Lock, to_thread
from anyio.lowlevel import RunVar

from agent.probe import ProbeError
from probes.http import trust
from probes.http.route import Route
from probes.kubernetes import kubeconfig, login, plugin
from probes.kubernetes.context import Context
from probes.kubernetes.login import Login
from probes.kubernetes.plugin import Credential

__all__ = ["Access", "Source", "log_in"]


class Source(msgspec.Struct, frozen=True):
    """Where a check finds its access."""

    kubeconfig: str | None = None
    context: str | None = None


class Access(msgspec.Struct, frozen=True):
    """A way to an API server, and what is shown there."""

    login: Login
    route: Route
    headers: tuple[tuple[str, str], ...]
    credential: Credential | None = None
    """What a plugin gave."""


def log_in(source: Source) -> Login:
    """Find the configuration and read it; blocks.  Raises ProbeError."""
    files = kubeconfig.paths(source.kubeconfig)
    if files:
        return Context(kubeconfig.read(files), source.context).login()
    if not login.in_pod():
        raise ProbeError(
            "no kubeconfig: the setting kubeconfig and KUBECONFIG are not given, ~/.kube/config is not there, "
            "and this is no pod (KUBERNETES_SERVICE_HOST)"
        )
    if source.context:
        raise ProbeError(f"no kubeconfig, in which the context {source.context} could be: this is a pod")
    return login.in_cluster()


_locks: RunVar[dict[Source, Lock]] = RunVar("gonogo_kubernetes_sources")


async def current(source: Source, refused: Access | None = None) -> Access:
    """Give the access of this moment, with other credentials than those refused if there can be any.

    Raises ProbeError.
    """
    async with _lock(source):  # one at a time: what takes long is then done once
        found = await to_thread.run_sync(log_in, source, abandon_on_cancel=True)
    if found.plugin is None:
        return Access(found, _route(found), _headers(found, found.authorization))
    given = await plugin.credential(found.plugin, refused.credential if refused else None)
    route = await to_thread.run_sync(_route, found, given, abandon_on_cancel=True)
    return Access(found, route, _headers(found, given.authorization), given)


def _lock(source: Source) -> Lock:
    locks = _locks.get(None)
    if locks is None:
        _locks.set(locks := {})
    return locks.setdefault(source, Lock())


def _route(found: Login, given: Credential | None = None) -> Route:
    """Make the route; with the certificate of a plugin this loads it, and blocks."""
    trusted = found.trust
    if given is not None and given.cert is not None and given.key is not None:
        trusted = msgspec.structs.replace(trusted, cert=given.cert.path, key=given.key.path)
        try:
            trust.context(trusted)
        except ProbeError as error:
            raise ProbeError(f"{found.source}: the certificate that the credential plugin gave is no good") from error
    return Route(trust=trusted, server_name=found.server_name, proxy=found.proxy)


def _headers(found: Login, authorization: str) -> tuple[tuple[str, str], ...]:
    return (*([("authorization", authorization)] if authorization else ()), *found.impersonation)
