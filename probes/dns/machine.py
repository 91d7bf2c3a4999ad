"""The resolvers of this machine: who they are (resolv.conf(5)), and asking them as its C library does.

They are not what is looked at but what is looked through: when none answers, nobody knows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import anyio
import dns.rcode
import msgspec
from anyio import to_thread

from agent.probe import ProbeError, Unreachable
from probes.dns.endpoint import Endpoint, is_address
from probes.dns.exchange import Channel, Reply, Server
from probes.dns.question import Question

__all__ = ["Machine", "machine"]

_LARGEST = 65536
_WITH_PORT = re.compile(r"\[(.+)\]:(\d{1,5})", re.ASCII)
_MOST = 3  # MAXNS: the C library reads no more
_DEFAULT_PATIENCE, _LONGEST_PATIENCE = 5.0, 30.0  # RES_TIMEOUT, RES_MAXRETRANS


class Machine(msgspec.Struct, frozen=True):
    """The resolvers of a machine, in order, and how long its configuration waits for each."""

    path: str
    servers: tuple[Server, ...]
    patience: float

    async def ask(self, question: Question, channel: Channel) -> Reply:
        """Ask one after the other until one helps.  Raises ProbeError when none answers.

        The wait for each is this machine's setting (`options timeout:`), as it is for every program on it.
        """
        silent: list[str] = []
        failed: Reply | None = None
        for server in self.servers:
            try:
                reply = await self._ask(server, question, channel)
            except (Unreachable, ProbeError) as error:
                silent.append(str(error))
            else:
                if reply.message.rcode() != dns.rcode.SERVFAIL:
                    return reply
                failed = failed or reply
        if failed:
            return failed
        raise ProbeError(f"no resolver of this machine ({self.path}) answers: {'; '.join(silent)}")

    async def _ask(self, server: Server, question: Question, channel: Channel) -> Reply:
        try:
            with anyio.fail_after(self.patience):
                reply = await channel.ask(server, question)
        except TimeoutError:
            raise Unreachable(f"{server.endpoint}: no answer within {self.patience:g}s") from None
        if reply.message.rcode() in (dns.rcode.REFUSED, dns.rcode.NOTIMP):  # not for us, whatever the name
            raise Unreachable(f"{server.endpoint}: answers {dns.rcode.to_text(reply.message.rcode())}")
        return reply


async def machine(path: str, port: int) -> Machine:
    """Read resolv.conf; `port` is for resolvers that name none.  Raises ProbeError when it names nobody."""
    try:
        text = await to_thread.run_sync(_contents, path, abandon_on_cancel=True)
    except OSError as error:
        raise ProbeError(f"{path}: {os.strerror(error.errno or 0).lower()}") from error
    words = [line.split() for line in text.splitlines()]
    servers = [_server(line[1], port) for line in words if line[:1] == ["nameserver"] and len(line) > 1]
    known = tuple(server for server in servers if server)[:_MOST]
    if not known:
        raise ProbeError(f"{path} names no resolver, expected a line such as: nameserver 10.0.0.2")
    return Machine(path, known, _patience(words))


def _contents(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_LARGEST).decode("utf-8", "replace")


def _server(text: str, port: int) -> Server | None:
    """Read an address, or `[address]:port` as OpenBSD writes it; None for anything else, which libc passes over."""
    if is_address(text):
        return Server(text, Endpoint(text, port))
    found = _WITH_PORT.fullmatch(text)
    return Server(text, Endpoint(found[1], int(found[2]))) if found and is_address(found[1]) else None


def _patience(words: Sequence[Sequence[str]]) -> float:
    options = [option for line in words if line[:1] == ["options"] for option in line[1:]]
    found = [option.removeprefix("timeout:") for option in options if option.startswith("timeout:")]
    if not found or not (found[-1].isascii() and found[-1].isdecimal()):
        return _DEFAULT_PATIENCE
    return min(max(float(found[-1]), 1.0), _LONGEST_PATIENCE)
