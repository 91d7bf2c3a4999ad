"""XPath 1.0 on XML and HTML, with everything in XML that reaches outside the document shut off.

No entities, no DTD (refused, so that no bomb can hide in one), no network, no other files, libxml2's own
limits on depth and size.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from agent.probe import Unreadable, Value

__all__ = ["compiled", "parse_html", "parse_xml", "select", "xpath_readings"]

_DOCTYPE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:(?:<\?.*?\?>|<!--.*?-->)\s*)*<!DOCTYPE", re.DOTALL)


_BLANK = etree.fromstring(b"<x/>")
"""Each expression is tried on it at load: unknown functions, prefixes and variables show there."""


@lru_cache(maxsize=4096)
def compiled(expression: str) -> etree.XPath:
    """Compile an expression and try it on a blank document; ValueError says what is wrong."""
    try:
        path = etree.XPath(expression, regexp=False, smart_strings=False)
        path(_BLANK)
    except (etree.XPathError, ValueError) as error:
        raise ValueError(f"not XPath 1.0: {_lower(str(error))}: {expression}") from None
    return path


def xpath_readings(
    data: bytes, paths: Mapping[str, str], html: bool, encoding: str | None, what: str
) -> dict[str, Value]:
    """Read each expression; see `probes.extract.xpath_readings`."""
    try:
        root = parse_html(data, encoding) if html else parse_xml(data, encoding)
    except ValueError as error:
        kind = "HTML" if html else "XML"
        return dict.fromkeys(paths, Unreadable(f"{what} is not {kind}: {error}"))
    return select(root, paths)


def parse_xml(data: bytes, encoding: str | None = None) -> etree._Element:
    """Parse one XML document; ValueError says where and why not."""
    if _DOCTYPE.match(data):
        raise ValueError("it declares a DTD, which is refused")
    root = _parsed(data, etree.XMLParser(resolve_entities=False, encoding=_known(encoding)))
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding that hid it from the pattern
        raise ValueError("it declares a DTD, which is refused")
    return root


def parse_html(data: bytes, encoding: str | None = None) -> etree._Element:
    """Parse HTML as browsers do, mending what is broken; ValueError when it is empty or too deep."""
    parser = etree.HTMLParser(encoding=_known(encoding) or _likely(data))
    root = _parsed(data, parser)
    for entry in parser.error_log:
        if entry.level_name == "FATAL":  # the rest of the document was dropped
            raise ValueError(f"{_plain(entry.message)} at line {entry.line}")
    return root


def _parsed(data: bytes, parser: etree.XMLParser | etree.HTMLParser) -> etree._Element:
    """Parse with what lxml shuts by itself (no network, no DTD loaded, no huge trees) and we rely on."""
    if not data.strip():
        raise ValueError("it is empty")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ValueError(f"{_plain(error.msg)} at line {line} column {column}") from None
    if root is None:
        raise ValueError("it is empty")
    return root


def _known(encoding: str | None) -> str | None:
    try:
        return encoding and codecs.lookup(encoding).name
    except LookupError:
        raise ValueError(f"its encoding {encoding} is unknown") from None


def _likely(data: bytes) -> str | None:
    """UTF-8 when the bytes are that, as for a browser; libxml2 would take Latin-1 if nothing is declared."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


def select(root: etree._Element, paths: Mapping[str, str]) -> dict[str, Value]:
    """Read each expression from a parsed document."""
    return {name: _value(root, path) for name, path in paths.items()}


def _value(root: etree._Element, path: str) -> Value:
    try:
        found = compiled(path)(root.getroottree())
    except (etree.XPathError, ValueError) as error:
        return Unreadable(f"{path}: {_lower(str(error))}")
    if isinstance(found, list):
        texts = [_text(node) for node in found]
        return None if not texts else texts[0] if len(texts) == 1 else texts
    return _number(path, found) if isinstance(found, float) else found


def _number(path: str, number: float) -> Value:
    """Turn XPath's only number, a double, into an integer where it is one."""
    if not math.isfinite(number):
        return Unreadable(f"{path}: is not a number")
    return int(number) if number.is_integer() else number


def _text(node: Value) -> str:
    """Give an attribute's value, a namespace's address, or an element's text without the space around it."""
    if isinstance(node, tuple):
        return str(node[1])
    if isinstance(node, str):
        return node
    text = _STRING(node) if isinstance(node.tag, str) else node.text  # a comment or an instruction
    return str(text or "").strip()


_STRING = etree.XPath("string()", smart_strings=False)


def _plain(message: str) -> str:
    """libxml2's message without its place, which is said once, and without its advice to programmers."""
    text = _PLACE.sub("", message).split(", use XML_PARSE_HUGE")[0].strip()
    return _lower(text)


_PLACE = re.compile(r",? line \d+, column \d+\Z")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
