"""The rules that an operator asks for, out of those that are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from agent.probe import ProbeError, Unknown, Value
from probes.extract import full_match
from probes.prometheus.rulefile import Written
from probes.prometheus.ruleset import Loaded, Rule
from probes.prometheus.words import line, span

__all__ = ["Chosen", "Health", "Wanted"]

Health: TypeAlias = Literal["ok", "unknown", "err"]

_WORST: tuple[Health, ...] = ("err", "unknown", "ok")


class Wanted(msgspec.Struct, frozen=True):
    """Which rules are asked for; with nothing named, all."""

    alerts: tuple[str, ...]
    records: tuple[str, ...]
    pattern: str | None
    written: tuple[Written, ...]

    def has(self, rule: Rule) -> bool:
        """Whether a rule is asked for."""
        if not (self.alerts or self.records or self.pattern or self.written):
            return True
        return (rule.kind, rule.name) in self._names() or self._matches(rule)

    def missing(self, found: Iterable[Rule]) -> list[str]:
        """Name what is asked for and not found."""
        rules = list(found)
        known = {(rule.kind, rule.name) for rule in rules}
        missing = [name for kind, name in self._names() if (kind, name) not in known]
        if self.pattern and not any(map(self._matches, rules)):
            missing.append(self.pattern)
        return missing

    def _names(self) -> dict[tuple[str, str], None]:
        names = [("alert", name) for name in self.alerts] + [("record", name) for name in self.records]
        return dict.fromkeys([*names, *((one.kind, one.name) for one in self.written)])

    def _matches(self, rule: Rule) -> bool:
        try:
            return self.pattern is not None and full_match(rule.name, self.pattern)
        except ValueError as error:
            raise ProbeError(f"`pattern` cannot be held against {rule.name[:40]}: {error}") from error


class Chosen(msgspec.Struct, frozen=True):
    """What was found of them, at a time by the server's clock."""

    loaded: list[Loaded]
    missing: list[str]
    now: float
    everything: list[Loaded]
    """What is loaded beside them, in the same groups and with the same labels."""

    def facts(self) -> dict[str, Any]:
        """Measure them."""
        rules = [one.rule for one in self.loaded]
        ages = [age for one in self.loaded if (age := one.age(self.now)) is not None]
        unknown = next((age for age in ages if isinstance(age, Unknown)), None)
        return {
            "rules": len(rules),
            "health": min(map(_health, rules), key=_WORST.index, default=None),
            "severity": _each([rule.labels.get("severity") for rule in rules]),
            "runbook": _each([rule.annotations.get("runbook_url") for rule in rules]),
            "query": _each([rule.query for rule in rules]),
            "for_seconds": _each([rule.duration for rule in rules if rule.type == "alerting"]),
            "evaluation_age_seconds": unknown or max((age for age in ages if isinstance(age, float)), default=None),
            "overdue": unknown or sum(one.overdue(self.now) for one in self.loaded),
        }

    def problems(self) -> list[str]:
        """Say what is wrong with which rule."""
        return [f"{name} is not loaded" for name in self.missing] + [
            f"{one.rule.name} {problem}" for one in self.loaded if (problem := self._problem(one))
        ]

    def _problem(self, one: Loaded) -> str:
        age = one.age(self.now)
        if _health(one.rule) == "err":
            return f"cannot be evaluated: {line(one.rule.lastError) or 'it is not said why'}"
        if _health(one.rule) == "unknown":
            return "was not evaluated yet"
        return f"was evaluated {span(age)} ago" if isinstance(age, float) and one.overdue(self.now) else ""


def _health(rule: Rule) -> Health:
    """Give a rule's health; what this does not know is no good health."""
    return rule.health if rule.health in _WORST else "err"


def _each(values: Sequence[Value]) -> Value:
    """Give the value of one rule, the list of several, nothing of none."""
    return list(values) if len(values) > 1 else values[0] if values else None
