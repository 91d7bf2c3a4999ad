"""How a check is tried over time, from its own keys and the defaults around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from agent.coerce import Coercion, holds_late, rests_on_run
from agent.findings import Findings
from agent.node import Entry, Scalar
from agent.plan.draft import Defaults, Draft, is_null
from agent.plan.steps import Policy
from agent.probe import Seconds, Value
from agent.profile.keys import POLICY
from agent.settings import fields


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """`retry: {attempts: 3, delay: 2s}`."""

    attempts: Annotated[int, Meta(ge=1, le=1000)] = 2
    delay: Seconds = 1.0


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a check that are about time and effect."""

    timeout: Seconds = 10.0
    retry: Retry | None = None
    within: Seconds | None = None
    every: Seconds = 5.0
    hold: Seconds | None = None
    tolerate: Seconds = 0.0
    active: bool = False
    always: bool = False


_FIELDS = {field.encode_name: field for field in fields(Written)}
_ONCE = Retry(attempts=1)
_FASTEST = 0.01
"""Seconds; a shorter `every` or `timeout` is a slip of the pen, and would load the target."""


class Policies:
    """Binds policies; defaults are typed once, and not once for each check below them."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._defaults: dict[tuple[Defaults, bool], dict[str, Value]] = {}

    def bind(self, draft: Draft) -> tuple[Policy, bool, bool]:
        """Give the policy of a check, whether it is active, and whether it is clean-up."""
        own = [entry for name, entry in draft.item.keys.items() if name in _FIELDS]
        values = dict(self._of_defaults(draft.around.defaults, idle=bool(draft.around.skipped)))
        resolved = (Entry(entry.key, draft.typing.resolve(entry.value)) for entry in own if not _is_taken(entry))
        typed = self._typed(resolved)
        if typed.get("active"):
            values.pop("retry", None)  # what changes something is not changed again by default
        for entry in own:
            values.pop(entry.key.text, None)
        written = Written(**values, **typed)
        self._agree(written, {entry.key.text: entry.key for entry in own})
        return _policy(written), written.active, written.always

    def _of_defaults(self, defaults: Defaults | None, *, idle: bool) -> dict[str, Value]:
        if defaults is None:
            return {}
        if (defaults, idle) not in self._defaults:
            self._defaults[defaults, idle] = self._typed(defaults.block("", idle=idle).values())
        return self._defaults[defaults, idle]

    def _typed(self, entries: Iterable[Entry]) -> dict[str, Value]:
        """Give the values that are right; the others are findings."""
        found: dict[str, Value] = {}
        reader = Coercion()
        for entry in entries:
            name = entry.key.text
            if not holds_late(entry.value):
                before = len(reader.mistakes)
                value = reader.read(entry.value, _FIELDS[name].type, name)
                if len(reader.mistakes) == before and not self._too_short(name, value, entry):
                    found[name] = value
            elif rests_on_run(entry.value):
                message = f"{name} cannot rest on a secret or a reading: it is settled before the run"
                self.findings.wrong(message, entry.value.mark)
        for mistake in reader.mistakes:
            self.findings.wrong(mistake.message, mistake.mark)
        return found

    def _too_short(self, name: str, value: Value, entry: Entry) -> bool:
        shortest, message = _SHORTEST.get(name, (0.0, ""))
        if shortest and value < shortest:
            self.findings.wrong(message, entry.value.mark)
        return bool(shortest and value < shortest)

    def _agree(self, written: Written, own: dict[str, Scalar]) -> None:
        """Refuse what does not fit together; only what the check itself says can be wrong."""
        waits = written.within is not None or written.hold is not None
        twice = waits and written.retry is not None
        rules = (
            ("retry", twice, "does not go with within or hold, which try again by themselves"),
            ("every", not waits, "wants within or hold beside it"),
            ("tolerate", written.hold is None, "wants hold beside it"),
            ("always", written.always and not written.active, "is for clean-up, which is active: add active: true"),
        )
        for name, wrong, message in rules:
            if wrong and name in own:
                self.findings.wrong(f"{name} {message}", own[name].mark)


_SHORTEST = {
    "timeout": (_FASTEST, "timeout is below 10ms: no answer would ever be in time"),
    "every": (_FASTEST, "every is below 10ms"),
    "within": (_FASTEST, "within is below 10ms: leave it out for one attempt"),
    "hold": (_FASTEST, "hold is below 10ms: leave it out for one pass"),
}


def _is_taken(entry: Entry) -> bool:
    """Tell whether it takes a default away; that a check is active is no default."""
    return entry.key.text in POLICY and is_null(entry.value)


def _policy(written: Written) -> Policy:
    retry = written.retry if written.within is None and written.hold is None else None
    retry = retry or _ONCE
    return Policy(
        timeout=written.timeout,
        attempts=retry.attempts,
        delay=retry.delay,
        within=written.within,
        every=written.every,
        hold=written.hold,
        tolerate=written.tolerate,
    )
