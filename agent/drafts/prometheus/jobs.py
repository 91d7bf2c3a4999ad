"""Scrape jobs: how they ask, whom they ask."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent import units
from agent.drafts import request
from agent.drafts.draft import Data
from agent.drafts.written import Written, entries_of, items_of, text_of
from agent.units import Unit

_AUTHORIZED = ("oauth2", "sigv4", "azuread", "google_iam")


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Targets that are asked in the same way."""

    scheme: str
    path: str
    addresses: tuple[str, ...]


class Job:
    """One entry of `scrape_configs`."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self.name = text_of(written.get("job_name"), "job_name", "alertmanager")
        self.scheme = text_of(written.get("scheme"), "scheme", "http")
        self.path = text_of(written.get("metrics_path"), "metrics_path", "/metrics")
        self.query = {
            key: [value.text(f"params.{key}") for value in values.items(f"params.{key}")]
            for key, values in entries_of(written.get("params"), "params").items()
        }
        self._proxy_url = text_of(written.get("proxy_url"), "proxy_url")
        self.relabels = items_of(written.get("relabel_configs"), "relabel_configs")

    @property
    def probes(self) -> str:
        """The module, when the targets are asked by the blackbox exporter; empty when they are asked themselves."""
        through = any(_target(one) == "__param_target" for one in self.relabels)
        return "".join(self.query.get("module", ["?"])[:1]) if through else ""

    @property
    def rewritten(self) -> list[str]:
        """What relabelling makes of the address of a target, beside what is understood."""
        return [one for one in map(_target, self.relabels) if one in ("__address__", "__scheme__", "__metrics_path__")]

    def targets(self) -> Iterator[Targets]:
        """Give the static targets."""
        asked: dict[tuple[str, str], dict[str, None]] = {}
        for block in items_of(self.written.get("static_configs"), "static_configs"):
            labels = block.get("labels")
            scheme = text_of(labels.get("__scheme__") if labels else None, "__scheme__", self.scheme)
            path = text_of(labels.get("__metrics_path__") if labels else None, "__metrics_path__", self.path)
            addresses = [one.text("a target") for one in items_of(block.get("targets"), "targets")]
            asked.setdefault((scheme, path), {}).update(dict.fromkeys(addresses))
        for (scheme, path), found in asked.items():
            yield Targets(scheme=scheme, path=path, addresses=tuple(found))

    def discoveries(self) -> list[str]:
        """Name the ways in which it finds targets that nobody wrote down."""
        return [key for key in entries_of(self.written, "a scrape config") if key.endswith("_sd_configs")]

    def unknown(self) -> list[str]:
        """Name what it asks with and the draft does not."""
        found = [key for key in _AUTHORIZED if self.written.get(key) is not None]
        return [*found, "proxy_url with a password"] if "@" in self._proxy_url else found

    def settings(self) -> dict[str, Data]:
        """Give the settings of `http` that are the same for all its targets, but for the URL."""
        return {**self._authorization(), **self._tls(), **self._proxy()}

    def timeout(self, otherwise: str) -> dict[str, Data]:
        """Give the timeout as a key of a check; none when there is none that can be read."""
        return _duration(text_of(self.written.get("scrape_timeout"), "scrape_timeout", otherwise))

    def _authorization(self) -> dict[str, Data]:
        basic = self.written.get("basic_auth")
        if basic is not None:
            user = text_of(basic.get("username"), "username") or request.secret(self.name, "user")
            return {"basic": {"user": user, "password": request.secret(self.name, "password")}}
        named = self.written.get("authorization")
        scheme = text_of(named.get("type") if named else None, "type", "Bearer")
        if named is None and not any(map(self.written.get, ("bearer_token", "bearer_token_file"))):
            return {}
        token = request.secret(self.name, "token")
        return {"bearer": token} if scheme.lower() == "bearer" else {"headers": {"authorization": token}}

    def _tls(self) -> dict[str, Data]:
        tls = self.written.get("tls_config")
        if tls is None or self.scheme != "https":
            return {}
        names = {"ca": "ca_file", "cert": "cert_file", "key": "key_file", "server_name": "server_name"}
        found: dict[str, Data] = {ours: text for ours, key in names.items() if (text := text_of(tls.get(key), key))}
        insecure = text_of(tls.get("insecure_skip_verify"), "insecure_skip_verify") == "true"
        return {**found, **({"verify": False} if insecure else {})}

    def _proxy(self) -> dict[str, Data]:
        return {"proxy": self._proxy_url} if self._proxy_url and "@" not in self._proxy_url else {}


def _target(relabel: Written) -> str:
    action = text_of(relabel.get("action"), "action", "replace")
    return text_of(relabel.get("target_label"), "target_label") if action.lower() == "replace" else ""


def _duration(written: str) -> dict[str, Data]:
    try:
        return {"timeout": written} if units.parse(written, Unit.SECONDS) > 0 else {}
    except ValueError:
        return {}
