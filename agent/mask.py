"""The mask: a secret that entered never leaves, in whatever dress.

Every text on its way out passes here once.  A secret is masked as written and as the places where it is
used write it: URL-encoded, in JSON, in base64 alone or behind a user name.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

from agent.probe import Unreadable, Value

MASKED = "***"
_SHORTEST = 3
"""Masking one or two letters would blacken every text; such a secret protects nothing."""


class Mask:
    """What must not be seen; grows while a run learns its secrets."""

    def __init__(self) -> None:
        self._hidden: dict[str, None] = {}

    def add(self, secret: str) -> None:
        """Hide this text, and what it becomes on its way."""
        if len(secret.strip()) < _SHORTEST:
            return
        found = dict.fromkeys([*self._hidden, *_dresses(secret)])
        self._hidden = dict.fromkeys(sorted(found, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Give the text with every secret in it masked."""
        for hidden in self._hidden:
            if hidden in text:
                text = text.replace(hidden, MASKED)
        return text

    def value(self, value: Value) -> Value:
        """Mask everything in a value, keys too."""
        if not self._hidden:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Unreadable):
            return Unreadable(self(value.reason))
        if isinstance(value, dict):
            return {self(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return self._number(value)

    def _number(self, value: Value) -> Value:
        """Mask a number too when it is the secret: a PIN comes back from JSON as one."""
        if isinstance(value, bool) or value is None:
            return value
        return MASKED if str(value) in self._hidden else value


def _dresses(secret: str) -> list[str]:
    """List a secret's forms; lines of a longer one (a key file) are hidden one by one as well."""
    lines = [line.strip() for line in secret.splitlines() if len(line.strip()) >= 8]
    forms = [secret, secret.strip(), *lines]
    for text in (secret, secret.strip()):
        forms += [quote(text, safe=""), quote(text), quote_plus(text), json.dumps(text)[1:-1]]
        forms += [json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1], *_base64(text)]
    return [form for form in forms if len(form) >= _SHORTEST]


def _base64(text: str) -> list[str]:
    """Give what is the same in base64 whatever stands before: at each of the three offsets.

    `user:password` encodes the password at an offset that depends on the length of the user's name.
    """
    raw = text.encode()
    forms = []
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        start = (offset * 8 + 5) // 6  # characters that hold bits of what stands before are left out
        sure = encoded.rstrip("=")[start:]
        if len(raw) + offset == (len(raw) + offset) // 3 * 3:
            forms.append(sure)
        else:
            forms.append(sure[:-1])  # the last character depends on what follows
    forms += [form.translate(str.maketrans("+/", "-_")) for form in forms]
    return [form for form in forms if len(form) >= 6]
