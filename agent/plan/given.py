"""Variables that are given from outside: `--vars-file`, the environment, `--var`; the later wins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from agent.findings import Findings
from agent.node import Scalar
from agent.plan.scope import environment_name
from agent.plan.variables import Origin, Supplied
from agent.problem import Mark


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator gave beside the profile."""

    options: tuple[str, ...] = ()
    """Of `--var`, each `name=value`."""
    files: tuple[Path, ...] = ()
    """Of `--vars-file`, each a YAML mapping of names to values."""
    environment: Mapping[str, str] = {}
    demanded: bool = True
    """Whether a variable that is used must have a value; without, what uses one is looked at as far as it goes."""

    def values(self, declared: Collection[str], findings: Findings, *, whole: bool = True) -> dict[str, Supplied]:
        """Give the values for these variables; a name that nobody declares is a finding, but for the environment.

        `whole`: these are all; else a profile could not be read, and may declare any other.
        """
        known = {*declared}
        values = self._from_files(known, findings, whole=whole)
        for name in sorted(known):
            variable = environment_name(name)
            if variable in self.environment:
                _give(values, name, self.environment[variable], variable, findings)
        for option in self.options:
            name, equals, value = option.partition("=")
            if not equals:
                findings.wrong(f"--var {option}: write it as --var name=value", None)
            elif name not in known and whole:
                findings.wrong(f"--var {name}: the profile declares no such variable{findings.hint(name, known)}", None)
            else:
                _give(values, name, value, f"--var {name}", findings)
        return values

    def _from_files(self, known: Collection[str], findings: Findings, *, whole: bool) -> dict[str, Supplied]:
        values: dict[str, Supplied] = {}
        for path in self.files:
            source = findings.read(path)
            for entry in source.root.entries if source else ():
                name = entry.key.text
                if name not in known and whole:
                    hint = findings.hint(name, known)
                    findings.wrong(f"the profile declares no variable '{name}'{hint}", entry.key.mark)
                values[name] = Supplied(entry.value, Origin.FILE)
        return values


def _give(values: dict[str, Supplied], name: str, text: str, origin: str, findings: Findings) -> None:
    if not text.isascii() and text.encode(errors="ignore").decode() != text:
        findings.wrong(f"{origin} is not UTF-8", None)
    values[name] = Supplied(Scalar(text, Mark(origin, 1, 1)), Origin.SHELL)
