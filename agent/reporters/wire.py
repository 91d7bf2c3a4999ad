"""Reports and events as JSON that every reader takes and that says what was read.

JSON has no NaN and no infinity, and msgspec writes null, which would read as "absent"; text that came
out of broken UTF-8 cannot be encoded at all.  Both become text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from agent.model import Attempt
from agent.probe import Value


def encode(told: msgspec.Struct, attempts: Iterable[Attempt]) -> bytes:
    """Encode a Struct in which `attempts` are the ones whose readings must be looked at."""
    try:
        if all(map(_is_plain, attempts)):
            return msgspec.json.encode(told)
    except UnicodeEncodeError:
        pass
    return msgspec.json.encode(_plain(msgspec.to_builtins(told)))


def _is_plain(attempt: Attempt) -> bool:
    return all(map(_is_finite, attempt.readings.values()))


def _is_finite(value: Value) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return all(map(_is_finite, value)) if isinstance(value, list) else True


def _plain(value: Value) -> Value:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
