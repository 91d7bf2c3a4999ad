"""Other people's messages, made to stand in the middle of a sentence of ours."""

from __future__ import annotations

import os

__all__ = ["inside", "system"]


def inside(text: str) -> str:
    """Begin with a small letter, unless an abbreviation or a name stands first; end without a full stop."""
    text = text.strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def system(error: OSError) -> str:
    """Give what the operating system calls an error."""
    known = error.strerror or (os.strerror(error.errno) if error.errno else str(error))
    return inside(known) or type(error).__name__
