"""What a server says that it can do, in its answer to EHLO."""

from __future__ import annotations

import re

from probes.smtp.wire import Reply

__all__ = ["offered", "size_limit"]

_KEYWORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =](.*))?")
"""RFC 5321 section 4.1.1.1; `AUTH=LOGIN` is how old servers say `AUTH LOGIN`."""


def offered(reply: Reply) -> dict[str, str]:
    """Read the extensions that EHLO is answered with: keywords, and what stands behind each."""
    found: dict[str, str] = {}
    for line in reply.lines[1:]:
        if match := _KEYWORD.fullmatch(line.strip()):
            known = found.get(match[1].upper(), "")
            found[match[1].upper()] = f"{known} {match[2] or ''}".strip()
    return found


def size_limit(text: str) -> int | None:
    """Read the parameter of SIZE (RFC 1870 section 4); 0 means that there is no fixed limit."""
    declared = text.isascii() and text.isdigit() and len(text) <= 20
    return int(text) or None if declared else None
