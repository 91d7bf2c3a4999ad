"""Ingresses: for each host the name, the certificate and what answers under each path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent.drafts import request
from agent.drafts.draft import Check, Group
from agent.drafts.kubernetes.objects import Object
from agent.drafts.written import Written, items_of, text_of

_PATTERN = re.compile(r"[(\[{*^$|?\\]")
"""Where a path of an ingress controller's own stops being a path."""


class _Host:
    def __init__(self) -> None:
        self.paths: dict[str, None] = {}
        self.tls = False


def groups(ingresses: Iterable[Object], left: list[str]) -> Iterator[Group]:
    """Give a section for each host."""
    hosts: dict[str, _Host] = {}
    for ingress in ingresses:
        _read(ingress, hosts, left)
    for name, host in hosts.items():
        yield Group(name=name, checks=tuple(_checks(name, host)))


def _read(ingress: Object, hosts: dict[str, _Host], left: list[str]) -> None:
    secured = items_of(ingress.root.at("spec", "tls"), "tls")
    certified = {host.text("a host") for tls in secured for host in items_of(tls.get("hosts"), "hosts")}
    every = any(tls.get("hosts") is None for tls in secured)
    for rule in items_of(ingress.root.at("spec", "rules"), "rules"):
        name = text_of(rule.get("host"), "host")
        if not name or name.startswith("*"):
            left.append(f"{ingress}: a rule for {name or 'every host'} names nothing that can be asked for")
            continue
        host = hosts.setdefault(name, _Host())
        host.tls |= every or name in certified or f"*.{name.partition('.')[2]}" in certified
        host.paths.update(dict.fromkeys(_paths(rule)))
    if ingress.root.at("spec", "defaultBackend") is not None:
        left.append(f"{ingress}: its default backend answers for no host in particular")


def _paths(rule: Written) -> Iterator[str]:
    for path in items_of(rule.at("http", "paths"), "paths"):
        written = text_of(path.get("path"), "path", "/")
        yield _PATTERN.split(written)[0] or "/"


def _checks(name: str, host: _Host) -> Iterator[Check]:
    yield Check(name=f"{name} is in DNS", kind="dns", settings={"name": name})
    if host.tls:
        expect = {"expires_in_seconds": {"min": "14d"}}
        yield Check(name=f"{name} has a certificate", kind="tls", settings={"host": name}, keys={"expect": expect})
    scheme = "https" if host.tls else "http"
    for path in host.paths or ("/",):
        yield Check(
            name=f"{name} answers at {path}",
            kind="http",
            settings=request.settings(f"{scheme}://{name}{path}"),
            keys={"expect": request.ANSWERS},
        )
