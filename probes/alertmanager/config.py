"""The configuration that an Alertmanager runs with, as far as notifying goes; it hides its secrets itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from agent.probe import Unreachable, Value
from probes import formats
from probes.alertmanager.routing import NotRouting, Route, routes
from probes.extract import select
from probes.prometheus.words import line

__all__ = ["Config", "parse"]

_CONFIGS = "_configs"
_USER_INFO = re.compile(r"(?<=://)[^/\s@]*@")
"""User and password in the address of a webhook, which are not hidden."""


class Config(msgspec.Struct, frozen=True):
    """What it says."""

    document: Value
    route: Route
    receivers: dict[str, list[str]]
    """Each receiver, and in what ways it notifies: `email`, `slack`, `pagerduty`, `webhook` …"""

    def integrations(self, receivers: Iterable[str]) -> list[str]:
        """List the ways in which some of them notify."""
        return sorted({way for name in receivers for way in self.receivers.get(name, ())})

    def select(self, paths: Mapping[str, str]) -> dict[str, Value]:
        """Read each JMESPath, without passwords in addresses."""
        return {name: _shown(value) for name, value in select(self.document, paths).items()}


def parse(text: str, place: str) -> Config:
    """Read it.  Raises Unreachable for what is none."""
    try:
        return _config(formats.parse(text.encode(), "yaml"))
    except ValueError as error:
        raise Unreachable(f"{place}: tells a configuration that cannot be read: {line(str(error))}") from error


def _config(document: Value) -> Config:
    if not isinstance(document, dict):
        raise NotRouting("it is no mapping")
    return Config(document, routes(document.get("route")), _receivers(document.get("receivers")))


def _receivers(found: Value) -> dict[str, list[str]]:
    if not isinstance(found, list):
        raise NotRouting("it has no receivers")
    receivers: dict[str, list[str]] = {}
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise NotRouting("a receiver has no name")
        receivers[one["name"]] = [
            key.removesuffix(_CONFIGS) for key, value in one.items() if key.endswith(_CONFIGS) and value
        ]
    return receivers


def _shown(value: Value) -> Value:
    if isinstance(value, str):
        return _USER_INFO.sub("…@", value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return {key: _shown(item) for key, item in value.items()} if isinstance(value, dict) else value
