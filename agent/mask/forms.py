"""The forms of a secret: its lines, and what it is in base64."""

from __future__ import annotations

import base64
from collections.abc import Iterator

_SHORTEST = 3
"""Masking one or two letters would blacken every text; such a secret protects nothing."""
_LINE = 8
"""Characters of a line of a longer secret (a key file) that is a secret by itself."""
_ENCODED = 4
"""Characters of base64 that are hardly there by chance."""
_URL_SAFE = str.maketrans("+/", "-_")


def texts(secret: str) -> list[str]:
    """Give what is to be hidden as it stands."""
    lines = [line.strip() for line in secret.splitlines() if len(line.strip()) >= _LINE]
    found = dict.fromkeys((secret, secret.strip(), *lines))
    return [text for text in found if len(text.strip("* ")) >= _SHORTEST]


def encoded(text: str) -> Iterator[str]:
    """Give what stays the same in base64 whatever stands before and behind, and the text in hexadecimal.

    `user:password` encodes the password at an offset that depends on the length of the user's name.
    """
    raw = text.encode(errors="surrogatepass")
    yield raw.hex()
    for offset in range(3):
        form = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start = (offset * 8 + 5) // 6  # characters that hold bits of what stands before are left out
        end = len(form) - bool((len(raw) + offset) % 3)  # the last one may depend on what follows
        if end - start >= _ENCODED:
            yield form[start:end]
            yield form[start:end].translate(_URL_SAFE)
