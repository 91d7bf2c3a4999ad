"""Published ports of a compose service: short and long syntax, addresses and ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from agent.drafts.compose.interpolation import Interpolation, Unclear
from agent.drafts.draft import Template
from agent.drafts.written import Written, items_of, text_of

HOST = Template("$(host)")
_RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)
_MOST = 20
"""Ports of a range that get a check each."""
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  nothing is bound here


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """One port that can be reached from outside."""

    host: Template = HOST
    published: str
    """Of the host: a number, or a substitution."""
    target: str
    """Of the container."""
    http: bool = False
    """The file says that it speaks HTTP."""

    @property
    def at(self) -> Template:
        """Where it is, as `host:port`."""
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("$(") else self.host
        return Template(f"{host}:{self.published}")


def ports(service: Written, put: Interpolation, left: list[str]) -> Iterator[Port]:
    """Give the published TCP ports; what cannot be looked at goes to `left`."""
    for written in items_of(service.get("ports"), "ports"):
        try:
            yield from _long(written, put) if isinstance(written.value, dict) else _short(put(written.text("a port")))
        except Unclear as error:
            left.append(f"port {_said(written)}: {error}")


def _said(written: Written) -> str:
    target = written if isinstance(written.value, str) else written.get("target")
    return target.value if target is not None and isinstance(target.value, str) else "without a target"


def _long(written: Written, put: Interpolation) -> Iterator[Port]:
    keys = ("host_ip", "published", "target", "protocol", "app_protocol")
    host, published, target, protocol, app = (put(text_of(written.get(key), key)) for key in keys)
    http = app in ("http", "http2")
    yield from (
        msgspec.structs.replace(port, http=http)
        for port in _ranged(host, published, target, protocol or Template("tcp"))
    )


def _short(text: Template) -> Iterator[Port]:
    rest, _, protocol = text.partition("/")
    host, _, pair = rest.rpartition("]:") if rest.startswith("[") else ("", "", rest)
    parts = pair.split(":")
    if len(parts) > 2 and not host:
        host, parts = ":".join(parts[:-2]), parts[-2:]
    published, target = parts if len(parts) == 2 else ("", parts[0])
    yield from _ranged(host.strip("["), published, target, protocol or "tcp")


def _ranged(host: str, published: str, target: str, protocol: str) -> Iterator[Port]:
    if protocol != "tcp":
        raise Unclear(f"is {protocol}, and gonogo knocks at TCP ports")
    if not published:
        raise Unclear("is published under a port that Docker chooses")
    where = HOST if host in _EVERYWHERE else Template(host)
    for outside, inside in _pairs(published, target):
        yield Port(host=where, published=outside, target=inside)


def _pairs(published: str, target: str) -> Iterator[tuple[str, str]]:
    outside, inside = _RANGE.fullmatch(published), _RANGE.fullmatch(target)
    if outside is None:
        yield published, target
        return
    first, last = int(outside[1]), int(outside[2])
    if inside is None or int(inside[2]) - int(inside[1]) != last - first:
        raise Unclear("is published under a port that Docker chooses from a range")
    if not first <= last < first + _MOST:
        raise Unclear(f"is a range of more than {_MOST} ports: write one check with `each`")
    for offset in range(last - first + 1):
        yield str(first + offset), str(int(inside[1]) + offset)
