"""TOML 1.0; times with an offset are times, all other dates and times stay text."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal

from agent.probe import Value
from probes.extract.json_text import MAX_DEPTH, decoded, exact_number

__all__ = ["parse"]

_MAX_INTEGER = 2**63
"""TOML's integers have 64 bits; Python would take any length."""


def parse(data: bytes) -> Value:
    """Read a document; ValueError says where it breaks."""
    try:
        return _tame(tomllib.loads(decoded(data), parse_float=_number), 0)
    except tomllib.TOMLDecodeError as error:
        text = str(error)
        raise ValueError(text[:1].lower() + text[1:].replace("(at ", "at ").removesuffix(")")) from None
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from None


def _number(text: str) -> Decimal | str:
    """Make a number exact; `inf` and `nan`, which no limit can hold, stay text."""
    bare = text.replace("_", "")
    return text if bare.lstrip("+-") in ("inf", "nan") else exact_number(bare)


def _tame(value: Value, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        return {key: _tame(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_tame(item, depth + 1) for item in value]
    if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise ValueError("an integer has more than 64 bits")
    return _settled(value)


def _settled(value: Value) -> Value:
    """Keep a time that is a point in time; write the others as they stood."""
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.isoformat()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value
