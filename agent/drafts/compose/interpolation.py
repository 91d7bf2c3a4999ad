"""`${NAME:-default}` of compose files, as variables of the profile; what sounds secret is a secret."""

from __future__ import annotations

import re

from agent.drafts.draft import Template, Variable, join
from agent.drafts.request import is_sensitive

_TOKEN = re.compile(r"\$\$|\$\{(\w+)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\}|\$([A-Za-z_]\w*)", re.ASCII)
_TAKEN = ("item", "key")


class Unclear(Exception):
    """A text that cannot be written as a profile's; the message says why."""


class Interpolation:
    """Puts variables where a compose file has those of the environment, and keeps what they are."""

    def __init__(self, reserved: tuple[str, ...]) -> None:
        self.variables: dict[str, Variable] = {}
        self._reserved = reserved

    def __call__(self, text: str) -> Template:
        """Give a text with `$(name)` for `${NAME}`.  Raises Unclear."""
        parts: list[str] = []
        end = 0
        for match in _TOKEN.finditer(text):
            parts.append(text[end : match.start()])
            parts.append("$" if match[0] == "$$" else self._variable(match))
            end = match.end()
        parts.append(text[end:])
        return self._joined(parts)

    def _joined(self, parts: list[str]) -> Template:
        """Join; a `$` before a substitution would make it plain text."""
        plain = ""
        for part in parts:
            if isinstance(part, Template) and part.startswith("$(") and plain.endswith("$"):
                raise Unclear("a '$' stands directly before a variable, which a profile cannot write")
            plain = f"{plain}{part}"
        merged: list[str] = []
        for part in parts:  # plain neighbours first, so that a `$(` made of two of them is escaped too
            if merged and not isinstance(part, Template) and not isinstance(merged[-1], Template):
                merged[-1] += part
            else:
                merged.append(part)
        return join(*merged)

    def _variable(self, match: re.Match[str]) -> Template:
        name = match[1] or match[4]
        if match[2] in ("+", ":+"):
            raise Unclear(f"{match[0]} depends on whether a variable is set")
        if is_sensitive(name):
            return Template(f"$(secret:{name})")
        own = name.lower()
        own = f"{own}_" if own in (*_TAKEN, *self._reserved) else own
        if own[:1].isdigit():
            raise Unclear(f"{match[0]} is no name for a variable")
        default = self(match[3]) if match[2] in ("-", ":-") and match[3] else ""
        self.variables.setdefault(own, Variable(default, f"{name} of the compose file"))
        return Template(f"$({own})")
