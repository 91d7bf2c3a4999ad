"""Variables that are given from outside: `--vars-file`, the environment, `--var`; the later wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from agent.findings import Findings
from agent.node import Node, Scalar
from agent.plan.scope import environment_name
from agent.problem import Mark, nearest


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator gave beside the profile."""

    options: tuple[str, ...] = ()
    """Of `--var`, each `name=value`."""
    files: tuple[Path, ...] = ()
    """Of `--vars-file`, each a YAML mapping of names to values."""
    environment: Mapping[str, str] = {}
    demanded: bool = True
    """Whether a variable that is used must have a value; without, what uses one is looked at as far as it goes."""

    def values(self, declared: Iterable[str], findings: Findings) -> dict[str, Node]:
        """Give the values for these variables; a name that nobody declares is a finding, but for the environment."""
        known = list(declared)
        values = self._from_files(known, findings)
        for name in known:
            if (found := self.environment.get(environment_name(name))) is not None:
                values[name] = _text(found, environment_name(name))
        for option in self.options:
            name, equals, value = option.partition("=")
            if not equals:
                findings.wrong(f"--var {option}: write it as --var name=value", None)
            elif name not in known:
                findings.wrong(f"--var {name}: the profile declares no such variable{nearest(name, known)}", None)
            else:
                values[name] = _text(value, f"--var {name}")
        return values

    def _from_files(self, known: list[str], findings: Findings) -> dict[str, Node]:
        values: dict[str, Node] = {}
        for path in self.files:
            source = findings.read(path)
            for entry in source.root.entries if source else ():
                name = entry.key.text
                if name not in known:
                    findings.wrong(f"the profile declares no variable '{name}'{nearest(name, known)}", entry.key.mark)
                values[name] = entry.value
        return values


def _text(value: str, origin: str) -> Scalar:
    """Take it as if it stood plain in the profile; an empty one is an empty text and not "no value"."""
    return Scalar(value, Mark(origin, 1, 1), plain=bool(value))
