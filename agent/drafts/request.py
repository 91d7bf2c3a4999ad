"""HTTP requests of other people's files: the same request, with its credentials as secrets by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from agent.drafts import scalars
from agent.drafts.draft import Check, Data, Template, join

_SENSITIVE = re.compile(r"auth|cookie|token|secret|api-?key|password|credential|session", re.IGNORECASE)
_SCHEME = re.compile(r"(?:Basic|Bearer|Token|Digest) +(?=\S)", re.IGNORECASE)
ANSWERS: dict[str, Data] = {"status": {"below": 500}}
"""The limit where nobody said what a healthy answer is."""
HEALTHY: dict[str, Data] = {"status": {"min": 200, "max": 399}}
"""What Kubernetes and `curl --fail` take for healthy."""


def is_sensitive(name: str) -> bool:
    """Tell whether what is called so is probably a credential."""
    return bool(_SENSITIVE.search(name))


def secret(*words: str) -> Template:
    """Name a secret for what it opens: `$(secret:SHOP_TOKEN)`."""
    name = "_".join(filter(None, (re.sub(r"[^A-Z0-9]+", "_", word.upper()).strip("_") for word in words)))
    return Template(f"$(secret:{name if name[:1].isalpha() else f'SECRET_{name}'})")


def settings(url: str, headers: Iterable[tuple[str, str]] = (), hint: str = "") -> dict[str, Data]:
    """Give the settings of `http`; `hint` begins the names of its secrets."""
    plain, user, named = _without_user(url)
    sent = {name: _header(name, value, hint or named) for name, value in headers}
    found: dict[str, Data] = {"url": plain}
    if sent:
        found["headers"] = sent
    if user and "authorization" not in map(str.lower, sent):
        found["basic"] = {"user": user, "password": secret(hint or named, "password")}
    return found


def host(url: str) -> str:
    """Give the host of a URL; empty when it has none."""
    return _without_user(url)[2]


def _without_user(url: str) -> tuple[str, str, str]:
    """Take user and password out of a URL; gives what is left, the user and the host."""
    try:
        parts = urlsplit(url)
        user, named = unquote(parts.username or ""), parts.hostname or ""
    except ValueError:  # it stays as it is, and is refused as a setting
        return url, "", ""
    if parts.username is None:
        return url, "", named
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return (Template(plain) if isinstance(url, Template) else plain), user or "user", named


def _header(name: str, value: str, hint: str) -> str:
    if not is_sensitive(name) or not value:
        return value
    scheme = _SCHEME.match(value)
    return join(scheme[0] if scheme else "", secret(hint, name))


def warned(said: str) -> tuple[str, ...]:
    """Warn above a check of what may be a password in it."""
    suspicious = is_sensitive(re.sub(r"\$\(secret:\w+\)", "", said)) or scalars.without_user(said) != said
    return ("if a password stands in it: write $(secret:NAME) instead",) if suspicious else ()


def with_notes(check: Check) -> Check:
    """Say above a check which secrets it wants."""
    names = re.findall(r"\$\(secret:(\w+)\)", repr(check.settings))
    if not names:
        return check
    note = f"wants the secret {' and '.join(dict.fromkeys(names))}: an environment variable, or a mounted file"
    return msgspec.structs.replace(check, notes=(*check.notes, note))
