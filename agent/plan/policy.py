"""How a check is tried over time, from its own keys and the defaults around it."""

from __future__ import annotations

import msgspec
from msgspec import inspect

from agent.coerce import Coercion, holds_late
from agent.node import Entry, Mapping
from agent.plan.outline import Draft
from agent.plan.steps import Policy
from agent.probe import Seconds
from agent.profile.items import POLICY

_FLAGS = ("active", "always")


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """`retry: {attempts: 3, delay: 2s}`."""

    attempts: int = 2
    delay: Seconds = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= 1000:
            raise ValueError(f"attempts is {self.attempts}, expected a whole number from 1 to 1000")


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


_INFO = inspect.type_info(Written)
_FASTEST = 0.01
"""Seconds; a shorter `every` or `timeout` is a slip of the pen, and would load the target."""


def bind_policy(draft: Draft) -> tuple[Policy, bool, bool]:
    """Give the policy of a check, whether it is active, and whether it is clean-up."""
    own = {entry.key.text: entry for entry in _own(draft)}
    written = _read(draft, {**_defaults(draft, active=_is_true(own.get("active"))), **own})
    if written is None:
        return Policy(), False, False
    _agree(draft, written, own)
    retry = written.retry if written.within is None and written.hold is None else None
    policy = Policy(
        timeout=written.timeout,
        attempts=retry.attempts if retry else 1,
        delay=retry.delay if retry else Policy.__struct_defaults__[2],
        within=written.within,
        every=written.every,
        hold=written.hold,
        tolerate=written.tolerate,
    )
    return policy, written.active, written.always


def _own(draft: Draft) -> tuple[Entry, ...]:
    keys = draft.item.keys.entries
    return tuple(
        Entry(entry.key, draft.scope.resolve(entry.value)) for entry in keys if entry.key.text in POLICY + _FLAGS
    )


def _defaults(draft: Draft, *, active: bool) -> dict[str, Entry]:
    """Nearest wins; `retry` never reaches a check that changes something."""
    found: dict[str, Entry] = {}
    for defaults in draft.around.defaults:
        for entry in defaults.written.entries:
            if entry.key.text in POLICY and not (active and entry.key.text == "retry"):
                found[entry.key.text] = Entry(entry.key, defaults.scope.resolve(entry.value))
    return found


def _is_true(entry: Entry | None) -> bool:
    return getattr(entry.value, "text", "") == "true" if entry else False


def _read(draft: Draft, entries: dict[str, Entry]) -> Written | None:
    kept = []
    for entry in entries.values():
        if not holds_late(entry.value):
            kept.append(entry)
        elif not draft.scope.lenient:
            message = f"{entry.key.text} cannot rest on a secret or a reading: it is settled before the run"
            draft.scope.findings.wrong(message, entry.value.mark)
    reader = Coercion()
    assert isinstance(_INFO, inspect.StructType)  # noqa: S101  a Struct's info is a StructType
    values = reader.struct(Mapping(tuple(kept), draft.mark), _INFO, "key of a check")
    for mistake in reader.mistakes:
        draft.scope.findings.wrong(mistake.message, mistake.mark)
    return None if reader.mistakes else Written(**values)


def _agree(draft: Draft, written: Written, own: dict[str, Entry]) -> None:
    """Refuse what does not fit together; only what the check itself says can be wrong."""
    for name, message in _conflicts(written, own):
        draft.scope.findings.wrong(message, own[name].key.mark)


def _conflicts(written: Written, own: dict[str, Entry]) -> list[tuple[str, str]]:
    waits = written.within is not None or written.hold is not None
    rules = [
        ("retry", waits, "retry does not go with within or hold, which try again by themselves"),
        ("every", not waits, "every wants within or hold beside it"),
        ("tolerate", written.hold is None, "tolerate wants hold beside it"),
        (
            "always",
            written.always and not written.active,
            "always is for clean-up, which is active: add active: true",
        ),
        ("timeout", written.timeout < _FASTEST, "timeout is below 10ms: no answer would ever be in time"),
        ("every", written.every < _FASTEST, "every is below 10ms"),
        ("within", written.within == 0, "within is zero: leave it out for one attempt"),
        ("hold", written.hold == 0, "hold is zero: leave it out for one pass"),
    ]
    return [(name, message) for name, wrong, message in rules if wrong and name in own]
