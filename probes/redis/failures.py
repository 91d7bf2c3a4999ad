"""Why there is no connection, or no answer: whose fault it is, in an operator's words.

The target's (Unreachable): it refuses, closes, loads its data, is full, cannot write, speaks something else.
Ours (ProbeError): a wrong password, a command that our user may not run, a key that another node keeps.
"""

from __future__ import annotations

import ssl
import unicodedata

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as Broken

from agent.probe import ProbeError, Unreachable
from probes.http.failures import broken, not_opened
from probes.http.trust import distrusted
from probes.http.words import inside

__all__ = ["Overflow", "disconnected", "refused", "said"]

_LONGEST = 300
_DOWN = (ClusterDownError, OutOfMemoryError, TryAgainError)
_DOWN_CODES = ("MISCONF", "BUSY")
"""What a server says that would answer if it were well; redis.asyncio has no classes for the second."""


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
    words = said(str(error))
    if isinstance(error, BusyLoadingError):
        return Unreachable("it loads its data still")
    if isinstance(error, AuthenticationError | NoPermissionError):
        return ProbeError(words)
    if isinstance(error, Broken):
        return _broken(error, words)
    if isinstance(error, MovedError):
        return ProbeError(f"another node of the cluster keeps it: {error.host}:{error.port}")
    down = isinstance(error, _DOWN) or words.startswith(_DOWN_CODES)
    return Unreachable(words) if down else ProbeError(words)


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
    return inside(shown[:_LONGEST]) or "no reason is given"
