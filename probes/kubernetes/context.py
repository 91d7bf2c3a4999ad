"""One context of a kubeconfig to a login: by the library, as far as it does that well.

It is not asked to run plugins (`plugin`), to read tokens that rotate, to write keys to a disk, or to speak
for itself: of its messages only what holds no secret is passed on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec

from agent.probe import ProbeError, Value
from probes.http import forms, heavy, message, trust
from probes.http.proxy import Proxy
from probes.http.trust import Trust
from probes.http.words import system
from probes.kubernetes import library, oidc
from probes.kubernetes.kubeconfig import MALFORMED, Kubeconfig
from probes.kubernetes.login import Login, Sink, address
from probes.kubernetes.plugin import Plugin

__all__ = ["Context"]

_DATA = {
    "certificate-authority-data": "certificate-authority",
    "client-certificate-data": "client-certificate",
    "client-key-data": "client-key",
}
_NOT_THE_LIBRARYS = ("exec", "tokenFile", "as", "as-uid", "as-groups", "as-user-extra")
_PLUGIN_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_EXTENSION = "client.authentication.k8s.io/exec"


class Context:
    """A context with its cluster and its user."""

    def __init__(self, config: Kubeconfig, name: str | None) -> None:
        current = config.content.get("current-context")
        if not (name or current):
            raise ProbeError(f"kubeconfig {config.name}: has no current-context: give `context`")
        self.config, self.name = config, name or str(current)
        self.source = f"kubeconfig {config.name} (context {self.name})"
        self.entry = config.entry("contexts", self.name, "has no context" if name else "current-context is")
        self.context: dict[str, Value] = self.entry.value["context"]
        self.cluster_entry = self._part("cluster")
        self.cluster: dict[str, Value] = self.cluster_entry.value["cluster"]
        self.user_entry = self._part("user")
        self.user: dict[str, Value] = self.user_entry.value["user"]

    def _part(self, kind: str) -> Value:
        return self.config.entry(f"{kind}s", self.context.get(kind), f"context {self.name} names the {kind}")

    def login(self) -> Login:
        """Find out what is shown to the server, and load it.  Raises ProbeError."""
        url = address(str(self.cluster.get("server") or ""), self.source)
        # As kubectl has it, nothing secret is shown to a server that cannot prove who it is.
        secure = url.scheme == "https"
        user = self._user() if secure else {}
        sink = self._load(user)
        plugin = self._plugin() if secure and "exec" in self.user and not sink.authorization else None
        if user and not (sink.authorization or sink.cert_file):
            known = ", ".join(sorted(map(str, user)))
            raise ProbeError(
                f"{self.source}: user {self.context['user']} has no credentials that can be used ({known})"
            )
        return Login(
            url=url,
            trust=self._checked(sink.trust) if secure else Trust(http_version="1.1"),
            source=self.source,
            namespace=str(self.context.get("namespace") or "default"),
            authorization=sink.authorization,
            impersonation=tuple(self._impersonation()) if secure else (),
            server_name=sink.tls_server_name,
            proxy=self._proxy(sink.proxy),
            plugin=plugin,
        )

    def _load(self, user: dict[str, Value]) -> Sink:
        module, sink = library.kubeconfig(), Sink()
        parts = {
            "current-context": self.name,
            "contexts": [self.entry],
            "clusters": [_with(module, self.cluster_entry, "cluster", self._in_memory(self.cluster))],
            "users": [_with(module, self.user_entry, "user", user)],
        }
        try:
            with oidc.renewing(self.config, self.user, user) as persist:
                node = module.ConfigNode("kubeconfig", parts)
                loader = module.KubeConfigLoader(node, config_persister=persist, config_base_path=None)
                loader.load_and_set(sink)
        except (module.ConfigException, OSError, *MALFORMED) as error:
            raise ProbeError(f"{self.source}: {_harmless(error)}") from error
        return sink

    def _user(self) -> dict[str, Value]:
        user = {key: value for key, value in self._in_memory(self.user).items() if key not in _NOT_THE_LIBRARYS}
        if "tokenFile" in self.user:  # it is read anew each time, and counts more than a `token`
            user["token"] = self._token(Path(self.user_entry.path).parent / str(self.user["tokenFile"]))
        return user

    def _token(self, path: Path) -> str:
        try:
            token = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            said = system(error) if isinstance(error, OSError) else "not UTF-8"
            raise ProbeError(f"{self.source}: tokenFile {path}: {said}") from error
        if not token:
            raise ProbeError(f"{self.source}: tokenFile {path}: is empty")
        return token

    def _in_memory(self, content: Mapping[str, Value]) -> dict[str, Value]:
        files = {_DATA[name]: self.config.file(content[name], name) for name in _DATA if content.get(name)}
        return {key: value for key, value in content.items() if key not in _DATA} | files

    def _checked(self, wanted: Trust) -> Trust:
        """Load certificates and keys here, in a thread.  Raises ProbeError for one that is no good."""
        if not wanted.verify:
            heavy.unverified()
        try:
            trust.context(wanted)
        except ProbeError as error:
            said = str(error)
            for name in _DATA:
                data = {**self.cluster, **self.user}.get(name)
                said = said.replace(self.config.file(data, name), name) if data else said
            raise ProbeError(f"{self.source}: {said}") from error
        return wanted

    def _impersonation(self) -> list[tuple[str, str]]:
        """Make the headers that ask for somebody else's rights, which the library leaves out."""
        extra = self.user.get("as-user-extra") or {}
        pairs = [("impersonate-user", self.user.get("as")), ("impersonate-uid", self.user.get("as-uid"))]
        pairs += [("impersonate-group", group) for group in self.user.get("as-groups") or ()]
        pairs += [
            (f"impersonate-extra-{quote(str(key), safe='')}", one) for key, values in extra.items() for one in values
        ]
        return [(name, str(value)) for name, value in pairs if value]

    def _proxy(self, url: str | None) -> Proxy | None:
        if not url:
            return None
        try:
            forms.proxy_url(url)
        except ValueError as error:
            raise ProbeError(f"{self.source}: proxy-url {error}") from error
        return message.proxy(url)

    def _plugin(self) -> Plugin:
        try:
            return self._plugin_of(self.user["exec"])
        except OSError as error:
            raise ProbeError(f"{self.source}: {error.filename}: {system(error)}") from error
        except MALFORMED as error:
            raise ProbeError(f"{self.source}: exec of user {self.context['user']} is not as it should be") from error

    def _plugin_of(self, written: Mapping[str, Value]) -> Plugin:
        command, version = str(written["command"]), str(written["apiVersion"])
        if version not in _PLUGIN_VERSIONS:
            raise ProbeError(f"{self.source}: the credential plugin {command} speaks {version}, expected v1 or v1beta1")
        if written.get("interactiveMode") == "Always":
            raise ProbeError(f"{self.source}: the credential plugin {command} wants a terminal")
        program = str(Path(self.user_entry.path).parent / command) if "/" in command else command
        return Plugin(
            command=(program, *map(str, written.get("args") or ())),
            api_version=version,
            environment=tuple((str(one["name"]), str(one["value"])) for one in written.get("env") or ()),
            cluster=self._told() if written.get("provideClusterInfo") else "",
            hint=" ".join(str(written.get("installHint") or "").split()),
        )

    def _told(self) -> str:
        """Write what a plugin is told of the cluster (`spec.cluster` of an ExecCredential)."""
        told = {key: value for key, value in self.cluster.items() if key not in ("certificate-authority", "extensions")}
        if authority := self.cluster.get("certificate-authority"):
            path = Path(self.cluster_entry.path).parent / str(authority)
            told["certificate-authority-data"] = base64.b64encode(path.read_bytes()).decode()
        for extension in self.cluster.get("extensions") or ():
            if extension.get("name") == _EXTENSION:
                told["config"] = extension.get("extension")
        return msgspec.json.encode(told).decode()


def _with(module: Value, entry: Value, kind: str, content: Mapping[str, Value]) -> Value:
    """Put other content into an entry, which remembers what its relative paths are relative to."""
    return module.ConfigNode(kind, {"name": entry.value["name"], kind: content}, entry.path)


_HARMLESS = re.compile(r"File does not exist: .+|Invalid kube-config file\. Expected key [\w-]+")


def _harmless(error: Exception) -> str:
    """Give of the library's words what cannot hold a secret."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {system(error)}"
    found = _HARMLESS.match(str(error))
    if found is None:
        return "is not as a kubeconfig should be"
    said = found[0].replace("Invalid kube-config file. Expected key", "lacks the key")
    return said.replace("File does not exist:", "there is no file")
