"""Credentials from a program: the exec plugins of a kubeconfig (client.authentication.k8s.io, v1 and v1beta1).

The library can run them too, but would wait for one that hangs, let it read from the terminal, and ask the
API as nobody when it fails.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec
from anyio import Lock
from anyio.lowlevel import RunVar

from agent.probe import ProbeError, Value
from probes.child import Command, Output, run
from probes.kubernetes.memory import MemoryFile
from probes.kubernetes.wire import Time

__all__ = ["Credential", "Plugin", "credential"]

_MARGIN = timedelta(seconds=10)
"""How long a credential must still be good for to be used."""

_LIMIT = 1 << 20
"""Bytes that a plugin may write."""

_SHOWN = 200
"""Characters that a message shows of what a plugin complains of."""


class Plugin(msgspec.Struct, frozen=True):
    """A program that gives credentials, and how it is called."""

    command: tuple[str, ...]
    api_version: str
    environment: tuple[tuple[str, str], ...] = ()
    """Variables beside those of the agent."""
    directory: str | None = None
    """Where it runs: beside the kubeconfig, if that names it by a path."""
    cluster: str = ""
    """What it is told of the cluster, in JSON; empty when it is told nothing."""
    hint: str = ""
    """How to install it."""


class Credential(msgspec.Struct, frozen=True):
    """What a plugin gave: a token, a certificate, or both."""

    authorization: str = ""
    cert: MemoryFile | None = None
    """The client's certificate."""
    key: MemoryFile | None = None
    """Its private key."""
    expires: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether it is not about to expire."""
        return self.expires is None or self.expires - _MARGIN > datetime.now(UTC)


class _Given(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: Time | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: _Given


_ANSWER = msgspec.json.Decoder(_Answer)


class _Held:
    """The credential of one plugin, shared by everybody who asks in this event loop."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.runs = 0
        self.outcome: Credential | ProbeError | None = None


_held: RunVar[dict[Plugin, _Held]] = RunVar("gonogo_kubernetes_plugins")


async def credential(plugin: Plugin, refused: Credential | None = None) -> Credential:
    """Give the credential of a plugin, which runs once for all who wait, and anew for one that was refused.

    Raises ProbeError.
    """
    held = _here(plugin)
    seen = held.runs
    async with held.lock:
        found = held.outcome
        if isinstance(found, Credential) and found.usable and found is not refused:
            return found
        if held.runs != seen and isinstance(found, ProbeError):  # it failed while this one waited for it
            raise ProbeError(str(found))
        return await _renew(held, plugin)


async def _renew(held: _Held, plugin: Plugin) -> Credential:
    """Run it, and keep what came of it; a run that is cancelled came to nothing, and the next one is made."""
    try:
        held.outcome = await _run(plugin)
    except ProbeError as error:
        held.outcome = error
    held.runs += 1
    if isinstance(held.outcome, ProbeError):
        raise held.outcome
    return held.outcome


def _here(plugin: Plugin) -> _Held:
    table = _held.get(None)
    if table is None:
        _held.set(table := {})
    return table.setdefault(plugin, _Held())


async def _run(plugin: Plugin) -> Credential:
    output = await _output(plugin)
    if output.exit_code:
        complaint = _complaint(output)
        raise ProbeError(f"{_name(plugin)} ended with exit code {output.exit_code}{complaint}")
    try:
        answer = _ANSWER.decode(output.stdout)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # its text is not shown: it holds the token
        raise ProbeError(f"{_name(plugin)} wrote what is no ExecCredential") from error
    if answer.kind != "ExecCredential" or answer.api_version != plugin.api_version:
        wrote, expected = f"{answer.kind} of {answer.api_version}", f"ExecCredential of {plugin.api_version}"
        raise ProbeError(f"{_name(plugin)} wrote {wrote}, expected {expected}")
    return _credential(plugin, answer.status)


async def _output(plugin: Plugin) -> Output:
    environment = {**os.environ, **dict(plugin.environment), "KUBERNETES_EXEC_INFO": _info(plugin)}
    try:
        return await run(
            Command(arguments=plugin.command, environment=environment, directory=plugin.directory, output_limit=_LIMIT)
        )
    except ProbeError as error:
        hint = f" ({plugin.hint})" if plugin.hint else ""
        raise ProbeError(f"the credential plugin cannot be run: {error}{hint}") from error


def _info(plugin: Plugin) -> str:
    spec: dict[str, Value] = {"interactive": False}
    if plugin.cluster:
        spec["cluster"] = msgspec.Raw(plugin.cluster.encode())
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    return msgspec.json.encode(info).decode()


def _credential(plugin: Plugin, given: _Given) -> Credential:
    if bool(given.client_certificate_data) != bool(given.client_key_data):
        raise ProbeError(f"{_name(plugin)} gave a certificate without its key, or a key without its certificate")
    if not given.token and not given.client_certificate_data:
        raise ProbeError(f"{_name(plugin)} gave neither a token nor a certificate")
    made = Credential(
        authorization=f"Bearer {given.token.strip()}" if given.token else "",
        cert=_file(given.client_certificate_data),
        key=_file(given.client_key_data),
        expires=given.expiration_timestamp,
    )
    if not made.usable:
        raise ProbeError(f"{_name(plugin)} gave a credential that expires at {made.expires:%Y-%m-%dT%H:%M:%SZ}")
    return made


def _file(text: str) -> MemoryFile | None:
    return MemoryFile(text.encode()) if text else None


def _complaint(output: Output) -> str:
    """Give the last line that it wrote to stderr."""
    lines = output.stderr.decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].strip()[:_SHOWN]}" if lines else ""


def _name(plugin: Plugin) -> str:
    return f"the credential plugin {plugin.command[0]}"
