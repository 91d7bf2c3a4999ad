"""What may be shown: the one place where text is masked and cut, and values become JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import UTC, datetime

from agent import compare, units
from agent.engine.judge import Observation
from agent.engine.late import Reading, parts
from agent.mask import MASKED, Mask
from agent.model import Attempt, Breach
from agent.node import Measured
from agent.plan.steps import Step
from agent.probe import Unreadable, Value
from agent.units import Unit

TEXT = 2_000
"""Characters of one text."""
ITEMS = 100
"""Elements of one list or mapping."""
VALUES = 1_000
"""Values in one reading, those inside its lists and mappings among them."""
DEPTH = 8
_WHOLE = 2**63
"""Larger numbers are text: not every reader of JSON could read them."""

_CREDENTIALS = (
    "token", "password", "passwd", "passphrase", "secret", "cookie", "authorization", "bearer", "credential",
    "session", "apikey", "api_key", "private_key", "access_key", "jwt",
)  # fmt: skip
_CARRIERS = frozenset({"headers", "basic", "auth"})
"""Settings that are not called like a credential, and in which a reading of another check is one."""
_LONG = 8
"""Characters; a shorter credential is masked where it was read, but would blacken everything else."""


def credentials(steps: Iterable[Step]) -> frozenset[Reading]:
    """Find the readings that other checks use as credentials: in headers, as a bearer token, a password."""
    written = (found for step in steps if step.ready is None for found in parts(step.settings))
    return frozenset(
        (part.address, part.metric)
        for part, path in written
        if isinstance(part, Measured) and any(key in _CARRIERS or _is_called(key) for key in path)
    )


def _is_called(name: str) -> bool:
    """Tell whether something is called like a credential: `access_token`, `X-Api-Key`."""
    return any(word in name.lower().replace("-", "_") for word in _CREDENTIALS)


class Record:
    """Writes down what was seen as it may be shown to anybody."""

    def __init__(self, mask: Mask, used: Set[Reading]) -> None:
        self._mask = mask
        self._used = used

    def text(self, text: str) -> str:
        """Give a text on one line, masked, cut, and without what would move a terminal's cursor."""
        line = " ".join(self._mask(text).splitlines())
        return _cut(line if line.isprintable() else "".join(map(_printable, line)))

    def attempt(self, address: str, number: int, seen: Observation, times: tuple[float, float]) -> Attempt:
        """Write an attempt down; `times` are its start and its end, in seconds since the start of the run."""
        hidden = self._hidden(address, seen)
        breaches = self._breaches(seen.breaches, seen, hidden)
        return Attempt(
            number=number,
            started_seconds=times[0],
            duration_seconds=times[1] - times[0],
            outcome=seen.outcome,
            reason=self.text(seen.reason or _why(breaches, seen)),
            readings={
                self._name(metric): MASKED if metric in hidden else self.value(value)
                for metric, value in seen.values.items()
                if not isinstance(value, Unreadable)
            },
            unreadable={
                self._name(metric): self.text(value.reason)
                for metric, value in seen.values.items()
                if isinstance(value, Unreadable)
            },
            breaches=breaches,
            warnings=self._breaches(seen.warnings, seen, hidden),
        )

    def _hidden(self, address: str, seen: Observation) -> Set[str]:
        """Find the readings that are masked as a whole, and hide them wherever else they turn up."""
        hidden = set()
        for metric, value in seen.values.items():
            used = (address, metric) in self._used
            if _can_hide(value) and (used or (metric in seen.named and _is_credential(metric, value))):
                hidden.add(metric)
                for text in _texts(value):
                    if used or len(text) >= _LONG:
                        self._mask.add(text)
        return hidden

    def _breaches(self, breaches: Iterable[Breach], seen: Observation, hidden: Set[str]) -> tuple[Breach, ...]:
        return tuple(self._breach(breach, seen.values.get(breach.metric), hidden) for breach in breaches)

    def _breach(self, breach: Breach, value: Value, hidden: Set[str]) -> Breach:
        actual = MASKED if breach.metric in hidden else self.text(self._actual(breach.actual, value))
        return Breach(self._name(breach.metric), actual, self.text(breach.expected))

    def _actual(self, actual: str, value: Value) -> str:
        """Write anew what a breach says of a value with a secret in it: it may have cut the secret in two."""
        masked = self._mask.value(value)
        return actual if masked == value else compare.shown(masked)

    def _name(self, metric: str) -> str:
        """Show a metric's name; a column of a query may be called anything."""
        return metric if metric.isidentifier() else self.text(metric)

    def value(self, value: Value) -> Value:
        """Give a value masked and cut, as JSON has it."""
        masked = self._mask.value(value)
        return _Cut().value(masked) if isinstance(masked, list | dict) else _scalar(masked)


def _can_hide(value: Value) -> bool:
    """Whether it tells anything: absent, true and false are no credentials."""
    return not (value is None or isinstance(value, bool | Unreadable))


def _is_credential(metric: str, value: Value) -> bool:
    """`session_token` is; `token_expires_in_seconds` is not, and neither is a number of `sessions`."""
    if units.of(metric) is not Unit.PLAIN or isinstance(value, datetime):
        return False
    return metric.lower().endswith(_CREDENTIALS) if compare.is_number(value) else _is_called(metric)


def _cut(text: str) -> str:
    if len(text) <= TEXT:
        return text
    note = f"… ({len(text)} characters)"
    return text[: TEXT - len(note)] + note


def _printable(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]


class _Cut:
    """Cuts one reading, however large a hostile answer made it."""

    def __init__(self) -> None:
        self._left = VALUES

    def value(self, value: Value, depth: int = 0) -> Value:
        self._left -= 1
        if isinstance(value, list | Mapping):
            return self._collection(value, depth + 1) if depth < DEPTH else "…"
        return _scalar(value)

    def _collection(self, value: Value, depth: int) -> Value:
        room = max(0, min(ITEMS, self._left))
        if isinstance(value, Mapping):
            kept = {_cut(key): self.value(value[key], depth) for key in list(value)[:room]}
            return kept if len(value) <= room else kept | {"…": f"{len(value) - room} more"}
        items = [self.value(item, depth) for item in value[:room]]
        return items if len(value) <= room else [*items, f"… {len(value) - room} more"]


def _scalar(value: Value) -> Value:
    if isinstance(value, str):
        return _cut(str(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return compare.shown(value.astimezone(UTC))
    if isinstance(value, Unreadable):
        return compare.shown(value)
    return _number(value)


def _number(value: Value) -> int | float | str:
    """Give a number that JSON has; what is none (`nan`), or too large, is text."""
    if not math.isfinite(value) or abs(value) >= _WHOLE:
        return str(value)
    return float(value) if isinstance(value, float) or value != int(value) else int(value)


def _why(breaches: Iterable[Breach], seen: Observation) -> str:
    """Join the breaches; a kind that reads its own `reason` (why a port is not open) is quoted with them."""
    told = "; ".join(map(str, breaches))
    reason = seen.values.get("reason") if "reason" not in seen.named else None
    quoted = isinstance(reason, str) and reason and told and all(breach.metric != "reason" for breach in breaches)
    return f"{told} ({reason})" if quoted else told


def _texts(value: Value) -> Iterator[str]:
    """Give every text and number in a value, as it is written elsewhere."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) or compare.is_number(value):
        yield compare.Word.of(value).text
