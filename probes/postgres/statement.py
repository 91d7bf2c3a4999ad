"""A query, as far as it can be judged before a server sees it: one statement, and one that only reads.

What is refused here is certain to change something, or to be more than one statement.  What is not certain (a
function of the operator's own) is left to the server, whose transaction is read-only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["OWN_METRICS", "parse_statement"]

OWN_METRICS = frozenset({"rows", "latency_seconds"})
"""Metrics that a column cannot be called like, because theirs would be taken for the column's."""

_READS = ("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN")
_CHANGES = {("insert", "into"): "INSERT", ("delete", "from"): "DELETE", ("merge", "into"): "MERGE"}
_CHANGING = re.compile(
    r"pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_(?:wal|xlog)"
    r"|pg_create_restore_point|pg_backup_(?:start|stop)|pg_(?:start|stop)_backup|pg_wal_replay_(?:pause|resume)"
    r"|pg_(?:create|copy)_(?:physical|logical)_replication_slot|pg_drop_replication_slot|pg_replication_slot_advance"
    r"|pg_logical_slot_get_(?:binary_)?changes|pg_logical_emit_message|pg_sync_replication_slots"
    r"|pg_replication_origin_(?:create|drop|advance|session_setup|session_reset|xact_setup|xact_reset)"
    r"|pg_log_(?:standby_snapshot|backend_memory_contexts)|pg_stat_(?:statements_)?reset\w*|pg_notify"
    r"|pg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?|pg_file_(?:write|sync|rename|unlink)|pg_import_system_collations"
    r"|set_config|setval|nextval|lo_(?:import|export|creat|create|unlink|put|from_bytea|truncate|truncate64)|lowrite"
    r"|dblink_exec"
)
"""Functions of PostgreSQL, and of what comes with it, that change something; a read-only transaction stops few."""

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<string> (?:[eE]'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+') | (?:(?:[bBnNxX]|[uU]&)?'[^']*+(?:''[^']*+)*+') )
    | (?P<quoted> (?:[uU]&)?"(?!")[^"]*+(?:""[^"]*+)*+" )
    | (?P<dollar> \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ )
    | (?P<param> \$[0-9]+ )
    | (?P<open> (?:[eEbBnNxX]|[uU]&)?' | (?:[uU]&)?" | \$(?:[^\W\d]\w*)?\$ )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")


class _Token(NamedTuple):
    text: str
    """A word in lower case, a quoted name as it is called, one character of anything else; a constant is `'`."""
    depth: int
    """In how many parentheses it stands."""
    name: bool = False
    """Whether it is a quoted name, and so no keyword."""


def parse_statement(text: str) -> int:
    """See that a query can be one that only reads, and give how many parameters it has.

    Raises ValueError for one that does more.
    """
    if "\0" in text:
        raise ValueError("holds a NUL character")
    tokens = list(_tokens(text))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    words = [token.text for token in tokens if token.text != "("]
    if not words:
        raise ValueError("is empty")
    if words[0].upper() not in _READS:
        raise ValueError(f"begins with {words[0].upper()}, expected one that only reads: {', '.join(_READS)}")
    if ";" in words:
        raise ValueError("holds more than one statement")
    _refuse_changes(tokens)
    if words[0] == "select":
        _refuse_select(tokens)
    return max((int(word[1:]) for word in words if re.fullmatch(r"\$[0-9]{1,5}", word)), default=0)


def _tokens(text: str) -> Iterator[_Token]:
    """Take a query apart (PostgreSQL, section 4.1), comments left out."""
    place = depth = 0
    while match := _TOKEN.match(text, place):
        place, kind = match.end(), match.lastgroup
        if kind == "comment":
            place = _after_comment(text, place)
        elif kind == "open":
            raise ValueError(f"has a {match['open']} without its end")
        elif kind in ("string", "dollar"):
            yield _Token("'", depth)
        elif kind == "quoted":
            yield _Token(match["quoted"].partition('"')[2][:-1].replace('""', '"'), depth, name=True)
        elif kind != "space":
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            yield _Token(match[0].lower(), depth)


def _after_comment(text: str, place: int) -> int:
    """Find the end of a comment; they nest."""
    depth = 1
    while depth:
        match = _COMMENT.search(text, place)
        if match is None:
            raise ValueError("has a /* without its end")
        depth += 1 if match[0] == "/*" else -1
        place = match.end()
    return place


def _refuse_changes(tokens: Sequence[_Token]) -> None:
    """Refuse statements that change data inside of others, and functions that change something."""
    for before, token, after in zip((_Token("", 0), *tokens), tokens, (*tokens[1:], _Token("", 0)), strict=False):
        if token.name:
            continue
        if (change := _CHANGES.get((token.text, after.text))) and not after.name:
            raise ValueError(f"holds {change}, expected one that only reads")
        if token.text == "update" and before.text in ("(", ")") and re.match(r"\w", after.text):
            raise ValueError("holds UPDATE, expected one that only reads")
        if after.text == "(" and _CHANGING.fullmatch(token.text):
            raise ValueError(f"calls {token.text}, which changes something, expected one that only reads")


def _refuse_select(tokens: Sequence[_Token]) -> None:
    """Refuse SELECT INTO, and columns that would be taken for the kind's own metrics."""
    outer = [token for token in tokens if token.depth == 0]
    names = True
    for token, after in zip(outer, (*outer[1:], _Token("", 0)), strict=True):
        word = "" if token.name else token.text
        if word == "into":
            raise ValueError("holds SELECT INTO, which makes a table")
        names = names and word != "from"
        if names and word == "as" and after.text in OWN_METRICS:
            raise ValueError(f"a column is called {after.text}, which is a metric of this kind: call it something else")
