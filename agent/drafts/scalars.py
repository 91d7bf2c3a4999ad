"""Values as YAML that gonogo and people read alike: quoted wherever there could be a doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from agent import units
from agent.drafts.draft import Data, Template, literal

_WORD = r"[\w/.$()@+~-]+(?:[:=][\w/.$()@+~-]+)*"
_PLAIN = re.compile(rf"(?!-[^A-Za-z-]|-$|--$|---|[:=@.~+)]){_WORD}(?: {_WORD})*", re.ASCII)
_RESERVED = ("null", "true", "false", "")
_USER = re.compile(r"//[^/\s@]*(?:@[^/\s@]*)*@")
_COMMENT = 240
"""Characters that a comment quotes at most."""


def text(value: str) -> str:
    """Write a text, `$(` in it escaped unless it is a Template."""
    written = value if isinstance(value, Template) else literal(value)
    if written not in _RESERVED and _PLAIN.fullmatch(written) and units.number(written) is None:
        return str(written)
    if written.isprintable():
        return "'" + written.replace("'", "''") + "'"
    return '"' + _shown(written.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def word(value: str) -> str:
    """Write a text where data is not free: there `8080` and `true` are what they look like."""
    return value if value in ("true", "false") or units.number(value) is not None else text(value)


def _shown(written: str) -> str:
    return "".join(each if each.isprintable() else _escape(each) for each in written)


def _escape(character: str) -> str:
    code = ord(character)
    named = {0x0A: "\\n", 0x09: "\\t", 0x0D: "\\r"}
    if code in named:
        return named[code]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def flow(value: Data, scalar: Callable[[str], str] = text) -> str:
    """Write any value on one line; `scalar` writes its texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{text(key)}: {flow(entry, scalar)}" for key, entry in value.items()) + "}"
    return "[" + ", ".join(flow(each, scalar) for each in value) + "]"


def without_user(said: str) -> str:
    """Mask user and password of every URL in a text."""
    return _USER.sub("//***@", said)


def comment(said: str) -> str:
    """Write a text for a comment: on one line, nothing hidden in it, cut."""
    line = _shown(without_user(" ".join(said.split())))
    return line if len(line) <= _COMMENT else f"{line[:_COMMENT]}…"
