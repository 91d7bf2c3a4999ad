"""Plain text in UTF-8, line ends made one newline."""

from __future__ import annotations

from probes.extract.json_text import decoded

__all__ = ["parse"]


def parse(data: bytes) -> str:
    """Decode a text; ValueError names the byte that is not UTF-8."""
    return decoded(data).replace("\r\n", "\n")
