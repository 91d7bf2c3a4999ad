"""Logging in (RFC 4954), by PLAIN (RFC 4616) or LOGIN, which is older than any standard."""

from __future__ import annotations

from base64 import b64encode

from agent.probe import ProbeError, Unreachable
from probes.smtp.wire import Reply, Wire

__all__ = ["BROKEN", "log_in"]

BROKEN = range(500, 505)
"""Replies that are about the command and not about the credentials: unknown, malformed, out of order."""


async def log_in(wire: Wire, offered: list[str], user: str, password: str) -> tuple[Reply, float]:
    """Log in by the best way that is offered; gives the server's verdict, and the seconds that it took.

    Raises Unreachable, and ProbeError when there is no way that we know.
    """
    wire.hide(password, _base64(password), _plain(user, password))
    if not offered:
        raise Unreachable("does not offer to log in")
    if "PLAIN" in offered:
        return await wire.ask(f"AUTH PLAIN {_plain(user, password)}")
    if "LOGIN" in offered:
        return await _by_steps(wire, user, password)
    raise ProbeError(f"offers to log in by {', '.join(offered)} only, and gonogo knows PLAIN and LOGIN")


async def _by_steps(wire: Wire, user: str, password: str) -> tuple[Reply, float]:
    total = 0.0
    for command in ("AUTH LOGIN", _base64(user)):
        reply, seconds = await wire.ask(command, phase="AUTH LOGIN")
        total += seconds
        if 200 <= reply.code < 300:
            raise Unreachable(f"accepts a login before it was told the password: {reply}")
        if reply.code != 334:
            return reply, total
    reply, seconds = await wire.ask(_base64(password), phase="AUTH LOGIN")
    return reply, total + seconds


def _plain(user: str, password: str) -> str:
    return _base64(f"\0{user}\0{password}")


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
