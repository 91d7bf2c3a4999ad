"""One line of an exposition: a name, labels, a number, a time, and in OpenMetrics an exemplar."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import msgspec

__all__ = ["Sample", "Wrong", "number", "openmetrics", "text"]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*+", re.ASCII)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*+)([ \t]*+)=([ \t]*+)"((?:[^"\\]|\\.)*+)"([ \t]*+)', re.ASCII | re.DOTALL)
_BLANKS = re.compile(r"[ \t]*+")
_TEXT_VALUE = re.compile(r"([^ \t]++)(?:[ \t]++([^ \t]++))?[ \t]*+")
_OPEN_VALUE = re.compile(r" ([^ ]++)(?: ([^ ]++))?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)|nan", re.ASCII | re.IGNORECASE)
_MILLISECONDS = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_EXEMPLAR_CHARACTERS = 128


class Wrong(ValueError):
    """What the format does not allow."""


class Sample(msgspec.Struct, frozen=True):
    """A value of one series."""

    name: str
    labels: Mapping[str, str]
    value: float
    time: float | None = None
    """In the unit of its format; absent for now."""
    exemplar: bool = False

    def without(self, label: str) -> tuple[tuple[str, str], ...]:
        """Give what tells it from others of its name, but for one label."""
        return tuple(sorted(pair for pair in self.labels.items() if pair[0] != label))


def text(line: str) -> Sample:
    """Read a line of the text format.  Raises Wrong."""
    name, labels, position = _series(line, _skip(line, 0, blanks=True), blanks=True)
    begin = _skip(line, position, blanks=True)
    match = _TEXT_VALUE.fullmatch(line, begin)
    if match is None or (begin == position and line[position - 1] != "}"):
        raise Wrong(f"is no sample: {_shown(line)}")
    value, time = match.groups()
    if time is not None and not _MILLISECONDS.fullmatch(time):
        raise Wrong(f"{name} has the time {time[:40]!r}, expected whole milliseconds")
    return Sample(name, labels, number(value, name), None if time is None else float(time))


def openmetrics(line: str) -> Sample:
    """Read a line of OpenMetrics.  Raises Wrong."""
    name, labels, position = _series(line, 0, blanks=False)
    values, mark, exemplar = line[position:].partition(" # ")
    value, time = _open_value(values, line, name)
    if mark:
        _check_exemplar(exemplar, line, name)
    return Sample(name, labels, value, time, bool(mark))


def _check_exemplar(exemplar: str, line: str, name: str) -> None:
    if not exemplar.startswith("{"):
        raise Wrong(f"is no sample: {_shown(line)}")
    labels, position = _labels(exemplar, 0, blanks=False)
    if sum(len(label) + len(value) for label, value in labels.items()) > _EXEMPLAR_CHARACTERS:
        raise Wrong(f"{name} has an exemplar whose labels have more than {_EXEMPLAR_CHARACTERS} characters")
    _open_value(exemplar[position:], line, name)


def _open_value(text: str, line: str, name: str) -> tuple[float, float | None]:
    match = _OPEN_VALUE.fullmatch(text)
    if match is None:
        raise Wrong(f"is no sample: {_shown(line)}")
    time = None if match[2] is None else number(match[2], name)
    if time is not None and not math.isfinite(time):
        raise Wrong(f"{name} has the time {match[2]}")
    return number(match[1], name), time


def number(text: str, name: str) -> float:
    """Read a value.  Raises Wrong."""
    if not _NUMBER.fullmatch(text):
        raise Wrong(f"{name} has the value {text[:40]!r}, expected a number")
    value = float(text)
    if math.isinf(value) and any(character.isdigit() for character in text):
        raise Wrong(f"{name} has the value {text[:40]}, which is out of range")
    return value


def _series(line: str, start: int, *, blanks: bool) -> tuple[str, dict[str, str], int]:
    """Read a name and its labels; gives the position behind them."""
    match = _NAME.match(line, start)
    if match is None:
        raise Wrong(f"is no sample: {_shown(line)}")
    begin = _skip(line, match.end(), blanks=blanks)
    if line[begin : begin + 1] != "{":
        return match[0], {}, match.end()
    return match[0], *_labels(line, begin, blanks=blanks)


def _labels(line: str, start: int, *, blanks: bool) -> tuple[dict[str, str], int]:
    """Read `{a="b",…}`.  Blanks, and a comma at the end, are of the text format only."""
    found: dict[str, str] = {}
    position = _skip(line, start + 1, blanks=blanks)
    while line[position : position + 1] != "}":
        match = _LABEL.match(line, position)
        if match is None or (not blanks and any(match.group(2, 3, 5))):
            raise Wrong(f'has labels that are not written as a="b": {_shown(line)}')
        _keep(found, match[1], _unescaped(match[4], strict=blanks))
        position = match.end()
        if line[position : position + 1] == ",":
            position = _skip(line, position + 1, blanks=blanks)
            if line[position : position + 1] == "}" and not blanks:
                raise Wrong(f"has a comma at the end of its labels: {_shown(line)}")
        elif line[position : position + 1] != "}":
            raise Wrong(f"has labels without a comma between them: {_shown(line)}")
    return found, position + 1


def _skip(line: str, position: int, *, blanks: bool) -> int:
    """Step over blanks, where they may be."""
    match = _BLANKS.match(line, position) if blanks else None
    return match.end() if match else position


def _keep(found: dict[str, str], label: str, value: str) -> None:
    if label in found:
        raise Wrong(f"has the label {label} twice")
    if label == "__name__":
        raise Wrong("has a label __name__")
    found[label] = value


def _shown(line: str) -> str:
    return repr(line[:80]) + ("…" if len(line) > 80 else "")


def _unescaped(value: str, *, strict: bool) -> str:
    """Read escapes; any but the three is an error in the text format, and itself in OpenMetrics."""
    if "\\" not in value:
        return value
    found = _ESCAPE.findall(value)
    strange = next((one for one in found if one not in _ESCAPES), None)
    if strict and strange is not None:
        raise Wrong(f'has {strange} in the value of a label, expected \\\\, \\" or \\n')
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[0], match[0]), value)
