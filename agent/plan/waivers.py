"""Waivers: dated permissions to fail, each for exactly one check."""

from __future__ import annotations

from collections.abc import Mapping as Table
from datetime import datetime

import msgspec

from agent import compare
from agent.findings import Findings
from agent.node import Mapping, Node, Sequence
from agent.plan.outline import Draft, text_of
from agent.plan.scope import Scope
from agent.plan.steps import Waiver
from agent.problem import nearest

_KEYS = ("check", "owner", "reason", "ticket", "expires")
_NEEDED = ("check", "owner", "reason", "expires")


class Dated(msgspec.Struct, frozen=True):
    """A waiver and the check that it is for; lint looks at those that are over."""

    check: str
    waiver: Waiver


def read(written: Node | None, root: Draft, findings: Findings) -> tuple[Dated, ...]:
    """Read the waivers of a profile; what is wrong is a finding."""
    if written is None:
        return ()
    if not isinstance(written, Sequence):
        findings.wrong("waivers is not a list", written.mark)
        return ()
    checks = {draft.address.removeprefix(root.address): draft.address for draft in root.walk() if draft.is_check}
    found = [_waiver(item, root.scope, checks, findings) for item in written.items]
    return tuple(waiver for waiver in found if waiver is not None)


def _waiver(node: Node, scope: Scope, checks: Table[str, str], findings: Findings) -> Dated | None:
    if not isinstance(node, Mapping):
        findings.wrong(f"is no waiver: a waiver is a mapping of {', '.join(_KEYS)}", node.mark)
        return None
    for entry in node.entries:
        if entry.key.text not in _KEYS:
            findings.wrong(
                f"unknown key '{entry.key.text}' of a waiver{nearest(entry.key.text, _KEYS)}", entry.key.mark
            )
    missing = [key for key in _NEEDED if node.get(key) is None]
    if missing:
        findings.wrong(f"the waiver lacks {' and '.join(missing)}", node.mark)
        return None
    text = {key: text_of(node.get(key), key, scope) for key in _KEYS}
    return _dated(node, text, checks, findings)


def _dated(node: Mapping, text: Table[str, str], checks: Table[str, str], findings: Findings) -> Dated | None:
    expires = compare.timestamp(text["expires"])
    if expires is None and text["expires"]:
        place = node.get("expires") or node
        findings.wrong(f"expires is '{text['expires']}', expected a date such as 2026-12-01", place.mark)
    address = checks.get(text["check"])
    if address is None and text["check"]:
        place = node.get("check") or node
        findings.wrong(f"there is no check '{text['check']}'{nearest(text['check'], list(checks))}", place.mark)
    if expires is None or address is None:
        return None
    waiver = Waiver(owner=text["owner"], reason=text["reason"], ticket=text["ticket"], expires=expires, mark=node.mark)
    return Dated(address, waiver)


def valid(dated: tuple[Dated, ...], now: datetime) -> dict[str, Waiver]:
    """Give the waivers that are valid at that time; a date ends when its day begins, in UTC."""
    return {item.check: item.waiver for item in dated if now < item.waiver.expires}
