"""Why there is no connection, or no answer: whose fault it is, in an operator's words.

The target's (Unreachable): it refuses, closes, loads its data, is full, cannot write, speaks something else.
Ours (ProbeError): a wrong password, a command that our user may not run, a key that another node keeps.
"""

from __future__ import annotations

import ssl
import unicodedata

from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError, RedisError
from redis.exceptions import ConnectionError as Broken

from agent.probe import ProbeError, Unreachable
from probes.http.failures import broken, not_opened
from probes.http.trust import distrusted
from probes.http.words import inside

__all__ = ["Overflow", "disconnected", "refused", "said"]

_LONGEST = 300
_DOWN = ("MISCONF", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "TRYAGAIN", "UNKILLABLE")
"""Codes of a server that would answer if it were well."""


class Overflow(Exception):
    """More came than is taken in; the text says how much that is."""


def disconnected(error: RedisError) -> Unreachable | ProbeError:
    """Say why there is no connection."""
    cause = error.__context__
    if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
        return not_opened(cause)
    return refused(error)


def refused(error: RedisError) -> Unreachable | ProbeError:
    """Say what became of a command."""
    code, words = _parted(error)
    if isinstance(error, BusyLoadingError):
        return Unreachable("it loads its data still")
    if isinstance(error, AuthenticationError | NoPermissionError):
        return ProbeError(words)
    if isinstance(error, Broken):
        return _broken(error, words)
    if code == "MOVED":
        return ProbeError(f"another node of the cluster keeps it: {words.rpartition(' ')[2]}")
    return Unreachable(words) if code in _DOWN else ProbeError(words)


def _parted(error: RedisError) -> tuple[str, str]:
    """Tell the code of an error and its words; redis.asyncio takes off those that it has classes for."""
    told = getattr(error, "status_code", None)
    code, _, words = str(error).partition(" ")
    if isinstance(told, str):
        return told, said(str(error))
    return (code, said(words)) if code in (*_DOWN, "MOVED") else ("", said(str(error)))


def _broken(error: Broken, words: str) -> Unreachable:
    """Say how a connection ended; redis.asyncio keeps the system's word as the context of its own."""
    cause = error.__context__
    if isinstance(cause, ssl.SSLError):
        return distrusted(cause)
    if isinstance(cause, OSError):
        return broken(cause)
    return Unreachable(words if "max number of clients" in words else "connection closed")


def said(text: str) -> str:
    """Give a server's words, fit for a sentence of ours and a terminal; its advice, after the first stop, is cut."""
    line = text.strip().removeprefix("ERR ").partition("\n")[0].partition(". ")[0].rstrip(".")
    shown = "".join(char if unicodedata.category(char)[0] != "C" else "?" for char in line)
    named = shown.startswith(("Redis", "Valkey"))
    return (shown if named else inside(shown))[:_LONGEST] or "no reason is given"
