"""JMESPath on parsed data, in exact numbers, with its mistakes found at load.

The library is lenient where a gate cannot be: an unknown function is found only when it is called, a
text in double quotes is silently a field's name, `to_number('nan')` is a number, and `1` is found in
`[true]`.  Here the first two are refused while the profile is loaded and the last two do not happen.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError, LexerError, ParseError
from jmespath.functions import TYPES_MAP, Functions, signature
from jmespath.lexer import Lexer
from jmespath.parser import ParsedResult
from jmespath.visitor import Options

from agent.probe import Unreadable, Value
from probes.extract.json_text import parse_json

__all__ = ["compiled", "json_readings", "select"]

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_TAKES_EXPRESSION = frozenset({"map", "sort_by", "min_by", "max_by"})
_NAMES = {"Decimal": "number"}


class _ExactFunctions(Functions):
    """JMESPath's functions, on Decimal as well as on int."""

    def _get_allowed_pytypes(self, types: list[str]) -> tuple[list[str], list[tuple[str, ...]]]:
        allowed, inner = super()._get_allowed_pytypes(types)  # type: ignore[misc]  # not in the stubs
        if "number" in types:
            allowed = [*allowed, "Decimal"]
        return allowed, [(*names, "Decimal") if "int" in names else names for names in inner]

    def _convert_to_jmespath_type(self, pyobject: str) -> str:
        known: str = super()._convert_to_jmespath_type(pyobject)  # type: ignore[misc]  # not in the stubs
        return _NAMES.get(pyobject, known)

    @signature({"types": ["array-number"]})
    def _func_avg(self, arg: list[Value]) -> Decimal | None:
        return Decimal(sum(arg)) / len(arg) if arg else None

    @signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: Value, search: Value) -> bool:
        if isinstance(subject, str):
            return isinstance(search, str) and search in subject
        return any(isinstance(one, bool) == isinstance(search, bool) and one == search for one in subject)

    @signature({"types": []})
    def _func_to_number(self, arg: Value) -> Value:
        if isinstance(arg, str):
            return _from_text(arg) if _JSON_NUMBER.fullmatch(arg) else None
        return None if isinstance(arg, bool) or not isinstance(arg, int | Decimal) else arg

    @signature({"types": []})
    def _func_to_string(self, arg: Value) -> str:
        if isinstance(arg, str | Decimal):
            return str(arg)
        return json.dumps(arg, separators=(",", ":"), default=float)

    @signature({"types": []})
    def _func_type(self, arg: Value) -> str:
        return self._convert_to_jmespath_type(type(arg).__name__)


_FUNCTIONS: dict[str, Value] = _ExactFunctions.FUNCTION_TABLE
_OPTIONS = Options(custom_functions=_ExactFunctions())


def json_readings(data: bytes, paths: Mapping[str, str], what: str) -> dict[str, Value]:
    """Read each path from JSON text; see `probes.extract.json_readings`."""
    try:
        document = parse_json(data)
    except ValueError as error:
        return dict.fromkeys(paths, Unreadable(f"{what} is not JSON: {error}"))
    return select(document, paths)


def select(document: Value, paths: Mapping[str, str]) -> dict[str, Value]:
    """Read each path from parsed data; what cannot be evaluated on it is Unreadable."""
    return {name: _value(document, path) for name, path in paths.items()}


def _value(document: Value, path: str) -> Value:
    try:
        return compiled(path).search(document, _OPTIONS)
    except JMESPathTypeError as error:
        return Unreadable(f"{path}: {_type_mistake(error)}")
    except TypeError:
        return Unreadable(f"{path}: it compares a text with a number")
    except (ValueError, ArithmeticError, RecursionError) as error:
        return Unreadable(f"{path}: {error}")


def _type_mistake(error: JMESPathTypeError) -> str:
    """Say what a function was given, without the document that it was found in."""
    expected = " or ".join(one.replace("-", " of ") for one in error.expected_types)
    given = TYPES_MAP.get(error.actual_type, _NAMES.get(error.actual_type, error.actual_type))
    return f"{error.function_name}() was given {given}, expected {expected}"


@lru_cache(maxsize=4096)
def compiled(path: str) -> ParsedResult:
    """Compile a path whose functions exist and whose numbers are exact; ValueError says what is wrong."""
    try:
        parsed = jmespath.compile(path)
        _refuse_quoted_text(path)
        return ParsedResult(path, _exact(parsed.parsed))
    except RecursionError:
        raise ValueError("not JMESPath: nested too deep") from None
    except JMESPathError as error:
        raise ValueError(_syntax_mistake(error, path)) from None


def _syntax_mistake(error: JMESPathError, path: str) -> str:
    if isinstance(error, LexerError):
        return f"not JMESPath: {_lower(error.message)} at column {error.lexer_position + 1}: {path}"
    if isinstance(error, ParseError):
        where = "the end" if error.token_type in ("EOF", None) else f"column {error.lex_position + 1}"
        return f"not JMESPath: it does not go on rightly at {where}: {path}"
    return "empty, expected a JMESPath expression"


def _refuse_quoted_text(path: str) -> None:
    """Refuse `a == "b"`, which compares with the field b and is nearly always meant as text."""
    previous = ""
    for token in Lexer().tokenize(path):
        kind, text = token["type"], token["value"]
        if kind == "quoted_identifier" and previous in ("eq", "ne", "lt", "lte", "gt", "gte"):
            raise ValueError(f'"{text}" is a field in JMESPath: write \'{text}\' for text, @."{text}" for a field')
        previous = kind


def _exact(node: Value, *, argument_of: str = "") -> Value:
    """Copy a syntax tree with its numbers exact, its functions known and `&` only where it is of use."""
    kind, value = node["type"], node.get("value")
    if kind == "literal":
        return {**node, "value": _exact_literal(value)}
    if kind == "expref" and argument_of not in _TAKES_EXPRESSION:
        raise ValueError(f"& stands only in the arguments of {', '.join(sorted(_TAKES_EXPRESSION))}")
    function = value if kind == "function_expression" else ""
    if function:
        _refuse_unknown(function, len(node["children"]))
    children = [_exact(child, argument_of=function) if isinstance(child, dict) else child for child in node["children"]]
    return {**node, "children": children}


def _exact_literal(value: Value) -> Value:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not JSON")
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_exact_literal(one) for one in value]
    return {key: _exact_literal(one) for key, one in value.items()} if isinstance(value, dict) else value


def _refuse_unknown(function: str, given: int) -> None:
    """Refuse a function that does not exist, or that is given too few or too many arguments."""
    if function not in _FUNCTIONS:
        near = get_close_matches(function, _FUNCTIONS, 1)
        hint = f", did you mean {near[0]}()" if near else ""
        raise ValueError(f"{function}() is not a function of JMESPath{hint}")
    wanted = _FUNCTIONS[function]["signature"]
    variadic = bool(wanted) and wanted[-1].get("variadic", False)
    if given < len(wanted) or (given > len(wanted) and not variadic):
        least = "at least " if variadic else ""
        raise ValueError(f"{function}() has {given} arguments, expected {least}{len(wanted)}")


def _from_text(text: str) -> int | Decimal:
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
