"""Why there is no connection, or no answer: whose fault it is, in an operator's words.

The target's (Unreachable): it refuses, is silent, starts or shuts down, is full, has no such database, speaks
no PostgreSQL, shows a certificate that is not trusted.  Ours (ProbeError): a wrong password, no entry in
pg_hba.conf, a missing privilege, a missing file, a wrong query.

libpq tells of a failed connection in words only, the server's among them, which can be in any language.  Its
own words and the server's English ones are known here; what else the server says is judged by its code (see
`trace`), and without one nobody knows: ProbeError.
"""

from __future__ import annotations

import re
import unicodedata

import psycopg

from agent.probe import ProbeError, Unreachable
from probes.http.words import inside
from probes.postgres.dsn import label

__all__ = ["Refusal", "refused", "said", "spoiled"]

_ATTEMPT = re.compile(
    r'connection to server (?:at "(?P<host>[^"]*)"(?: \([^)]*\))?, port (?P<port>\d+)|on socket "(?P<path>[^"]*)")'
    r" failed: "
)
_SEVERITY = re.compile(r"^(?:FATAL|ERROR|PANIC|[^\W\d_]{3,16})\s?: {2}")
"""How the server begins: its word for the severity, and two spaces; libpq itself writes no such thing."""
_PRIVILEGE = re.compile(r'permission denied for database "?([^"\n]*)"?')
_LONGEST = 300
_PREFIXES = ("fe_sendauth: ", "consuming input failed: ")

_UNABLE = re.compile(
    "no password supplied|certificate file|private key file|could not (?:load|open)|authentication method \\d"
    "|Cannot assign requested address|Network is unreachable|Permission denied|Too many open files|GSSAPI|SSPI"
    "|Address family not supported|Operation not permitted|local user with ID"
)
"""libpq's own words for what this machine, or the one who wrote the dsn, must put right."""
_DENIED = re.compile(
    "authentication failed for|no pg_hba.conf entry|pg_hba.conf rejects|is not permitted to log in|permission denied"
    '|role ".*" does not exist|requires a valid client certificate|^no such user'
)
_AWAY = re.compile(
    "the database system is|too many (?:clients|connections)|connection slots are reserved|^database .* does not exist"
    "|is not currently accepting connections|cannot connect to invalid database|unsupported frontend protocol"
    "|^no such database|server login failed|terminating connection|no more connections allowed"
)
_OUR_CODES = ("28", "42")
"""Classes of SQLSTATE: invalid authorization, access rule violation (PostgreSQL, appendix A)."""
_THEIR_CODES = ("08", "3D", "53", "57P", "58", "XX")
"""Connection exceptions, no such database, insufficient resources, shut down, system errors, corruption."""


class Refusal(Exception):
    """A connection that came to nothing; the text is libpq's."""


def refused(text: str, role: str, code: str = "") -> Unreachable | ProbeError | None:
    """Say what became of each place that was tried; None when only the server's code could tell.

    Of several hosts any would do: as long as one of them is ours to blame, nobody knows.
    """
    verdicts: list[type[Unreachable | ProbeError] | None] = []
    told: dict[str, str] = {}
    for where, why in _attempts(text):
        told[where] = _with_role(said(why), role)
        verdicts.append(_blame(why, code) if where else ProbeError)
    if None in verdicts:
        return None
    blamed = ProbeError if ProbeError in verdicts else Unreachable
    return blamed("; ".join(f"{where}: {why}" if where else why for where, why in told.items()))


def _attempts(text: str) -> list[tuple[str, str]]:
    """Part libpq's text by place; with `sslmode=prefer` a place comes twice, and its last word counts."""
    found = list(_ATTEMPT.finditer(text))
    if not found:
        return [("", text)]
    ends = [match.start() for match in found[1:]] + [len(text)]
    places = {_place(match): text[match.end() : end] for match, end in zip(found, ends, strict=True)}
    return list(places.items())


def _place(match: re.Match[str]) -> str:
    return match["path"] or label(match["host"], match["port"])


def _blame(why: str, code: str) -> type[Unreachable | ProbeError] | None:
    severity = _SEVERITY.match(why)
    if severity is None:
        return ProbeError if _UNABLE.search(why) else Unreachable
    words = why[severity.end() :]
    if code:
        return Unreachable if code.startswith(_THEIR_CODES) else ProbeError
    if _DENIED.search(words):
        return ProbeError
    return Unreachable if _AWAY.search(words) else None


def _with_role(words: str, role: str) -> str:
    """Name who lacks what, where the server names only half of it."""
    if words == "no password supplied":
        return f'role "{role}" is asked for a password, and dsn has none'
    if denied := _PRIVILEGE.match(words):
        return f'role "{role}" lacks CONNECT on database "{denied[1]}"'
    return words


def said(text: str) -> str:
    """Give the first line of a message, without its severity, fit for a sentence of ours and a terminal."""
    words = _SEVERITY.sub("", text)
    for prefix in _PREFIXES:
        words = words.removeprefix(prefix)
    line = words.strip().split("\n")[0].strip()
    shown = "".join(char if unicodedata.category(char)[0] != "C" else "?" for char in line)[:_LONGEST]
    own = _SEVERITY.match(text) is None
    own = own and not shown.startswith("PostgreSQL")
    return (inside(shown) if own else shown) or "no reason is given"


_NEEDED = {"schema": "USAGE", "function": "EXECUTE", "procedure": "EXECUTE", "language": "USAGE", "type": "USAGE"}
_OBJECT = re.compile(r"permission denied for (?P<kind>[a-z ]+) (?P<name>\S+)$")


def spoiled(error: psycopg.Error, role: str) -> Unreachable | ProbeError:
    """Say what became of a statement: the server gave up (Unreachable), or would not do what we asked."""
    words, code = said(error.diag.message_primary or str(error)), error.sqlstate or ""
    if code == "57014":  # query_canceled, which the statement's own timeout brings about
        return Unreachable(words)
    if not code and not isinstance(error, psycopg.OperationalError):  # psycopg's own: a value that it cannot read
        return ProbeError(words)
    if not code or code.startswith((*_THEIR_CODES, "40", "55P03")):
        return Unreachable(words)
    if code == "42501" and (denied := _OBJECT.match(words)):
        privilege = _NEEDED.get(denied["kind"], "SELECT")
        return ProbeError(f'role "{role}" lacks {privilege} on {denied["kind"]} {denied["name"]}')
    return ProbeError(words)
