"""Text of others made harmless: names, reasons and readings may hold anything that a target sent.

Every format passes every text through `line`, then through its own escaping.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    r"\x00-\x1f\x7f-\x9f"  # C0 and C1: colours, cursor, titles, bells
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction: text that reads other than it is
    r"\u180e\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb"  # invisible, and lines where none should be
    r"\ud800-\udfff\ufffe\uffff"  # cannot be encoded, or is forbidden in XML 1.0
    r"\U000e0000-\U000e007f"  # tags: a whole hidden alphabet
    "]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_COMMAND = re.compile(
    r"::(?=(?:add|remove|set|save|stop|internal)-[^:]*::|(?:error|warning|notice|debug|echo|group|endgroup)\b[^:]*::)"
    r"|##(?=\w*\[)",
    re.IGNORECASE,
)
"""What a CI system takes for an order in a job's log: GitHub's `::add-mask::`, Azure's `##vso[`."""

LONGEST = 2000
"""Characters of one text that a report for people shows; json has all of it."""


def line(text: str, limit: int = LONGEST) -> str:
    """Give text as one harmless line: what cannot be seen is spelt out, what is too long is cut."""
    cut = text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
    return _UNSAFE.sub(_visible, cut)


def terminal(text: str, limit: int = LONGEST) -> str:
    """Give text as one line that orders nothing from a terminal nor from a CI system that reads its log."""
    return _COMMAND.sub(lambda match: f"{match[0][0]} {match[0][0]}", line(text, limit))


def _visible(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
