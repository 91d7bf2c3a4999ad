"""Which alerts are looked for, and which rules could raise them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from probes.prometheus.matchers import Matcher, matching
from probes.prometheus.ruleset import Alert, Loaded, Rule
from probes.prometheus.words import line, span

__all__ = ["Watch", "blind"]

_NAME = "alertname"


class Watch(msgspec.Struct, frozen=True):
    """What is looked for."""

    names: tuple[str, ...]
    """Of alerts; empty for all."""
    severities: tuple[str, ...]
    """Values of the label `severity`; empty for all."""
    matchers: tuple[Matcher, ...]
    ignored: frozenset[str]
    """Names of alerts that are meant to fire."""

    def sees(self, alert: Alert) -> bool:
        """Whether an alert is looked for."""
        return (
            self._named(alert.name)
            and (not self.severities or alert.labels.get("severity", "") in self.severities)
            and matching(self.matchers, alert.labels)
        )

    def guards(self, rule: Rule) -> bool:
        """Whether a rule could raise such an alert: what its own labels leave open comes from the series."""
        if rule.type != "alerting" or not self._named(rule.name):
            return False
        fixed = {label: value for label, value in rule.labels.items() if "{{" not in value} | {_NAME: rule.name}
        if self.severities and fixed.get("severity", self.severities[0]) not in self.severities:
            return False
        open_labels = rule.labels.keys() - fixed.keys()
        return all(matcher.matches(fixed) for matcher in self.matchers if matcher.label in fixed.keys() - open_labels)

    def _named(self, name: str) -> bool:
        return name not in self.ignored and (not self.names or name in self.names)


def blind(rules: Iterable[Loaded], now: float) -> Iterator[str]:
    """Say of which rules nobody knows what they would raise now."""
    for one in rules:
        age = one.age(now)
        if one.rule.health == "err":
            yield f"{one.rule.name} cannot be evaluated ({line(one.rule.lastError, 120)})"
        elif one.rule.health != "ok":
            yield f"{one.rule.name} was not evaluated yet"
        elif isinstance(age, float) and one.overdue(now):
            yield f"{one.rule.name} was last evaluated {span(age)} ago"
