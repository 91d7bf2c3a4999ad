"""Read JSON strictly (RFC 8259), or say in an operator's words what is wrong with it.

Stricter than the standard library: UTF-8 only, no key twice, no NaN or Infinity, no half of a surrogate
pair, bounded depth and numbers.  Numbers with a fraction or an exponent become Decimal, so that limits
compare what was written and not the nearest double.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NoReturn

from agent.probe import Value

__all__ = ["MAX_DEPTH", "decoded", "exact_number", "parse_json"]

MAX_DEPTH = 100
"""How deep arrays and objects may stand in each other; RFC 8259 section 9 lets a parser set it."""

_MAX_EXPONENT = 400
"""Decimal exponents beyond a double's range are refused: one such number can fill the memory later."""

_MAX_DIGITS = 4300
"""The bound that Python puts on integers."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(data: bytes) -> Value:
    """Parse one JSON text; ValueError says where and why not.

    A byte order mark at the start is ignored (RFC 8259 section 8.1 allows that).
    """
    text = decoded(data)
    if not text.strip(" \t\r\n"):
        raise ValueError("it is empty")
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(_explained(error)) from None
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise ValueError(_without_advice(error)) from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _refuse_depth(document)
    if _SURROGATE.search(text):
        _refuse_half_characters(document)
    return document


def decoded(data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark; ValueError names the encoding or the bad byte."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is UTF-16, expected UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(f"it is not UTF-8: byte 0x{byte:02x} at offset {error.start}") from None


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"the key {_short(key)} stands twice in one object")
        seen.add(key)
    raise AssertionError("a mapping is shorter than its pairs only when a key repeats")


def exact_number(text: str) -> Decimal:
    """Read a decimal number as it is written; ValueError when it is out of any sensible range."""
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a number has more than {_MAX_DIGITS} digits")
    number = Decimal(text)
    if abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError(f"the number {_short(text)} is out of range")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=exact_number, parse_constant=_constant)


def _explained(error: json.JSONDecodeError) -> str:
    """Say where it breaks, and whether it merely ends too early."""
    where = f"line {error.lineno} column {error.colno}"
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
        return f"it is cut short at {where}"
    reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
    return f"{reason} at {where}"


def _without_advice(error: ValueError) -> str:
    """Keep our own messages; Python's about huge integers is advice to programmers."""
    message = str(error)
    return f"a number has more than {_MAX_DIGITS} digits" if message.startswith("Exceeds") else message


def _refuse_depth(document: Value) -> None:
    """Go down level by level, which recurses nowhere."""
    level, depth = [document], 0
    while level := [node for node in level if isinstance(node, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]


def _refuse_half_characters(document: Value) -> None:
    """Refuse a lone surrogate, which no report could ever be written with."""
    try:
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a surrogate pair") from None


def _short(text: str) -> str:
    return json.dumps(text if len(text) <= 40 else text[:40] + "…", ensure_ascii=False)
