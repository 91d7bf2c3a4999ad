"""Waivers: dated permissions to fail, each for exactly one check."""

from __future__ import annotations

from datetime import datetime

import msgspec

from agent import compare
from agent.findings import Findings
from agent.node import Mapping, Node, Scalar, Sequence
from agent.plan.draft import Draft
from agent.plan.steps import Waiver
from agent.plan.texts import text_of
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
    reader = _Reader(root, findings)
    return tuple(dated for item in written.items if (dated := reader.waiver(item)) is not None)


class _Reader:
    """Reads the waivers of one profile; addresses in them are those inside the profile."""

    def __init__(self, root: Draft, findings: Findings) -> None:
        self.scope = root.scope
        self.findings = findings
        self.drafts = {draft.address.removeprefix(root.address): draft for draft in root.walk() if draft is not root}

    def waiver(self, node: Node) -> Dated | None:
        """Read one."""
        if not isinstance(node, Mapping):
            self.findings.wrong(f"is no waiver: a waiver is a mapping of {', '.join(_KEYS)}", node.mark)
            return None
        for entry in node.entries:
            key = entry.key.text
            if key not in _KEYS:
                self.findings.wrong(f"unknown key '{key}' of a waiver{nearest(key, _KEYS)}", entry.key.mark)
        missing = [key for key in _NEEDED if node.get(key) is None]
        if missing:
            self.findings.wrong(f"the waiver lacks {' and '.join(missing)}", node.mark)
            return None
        for key in _NEEDED:
            value = node.get(key)
            if isinstance(value, Scalar) and not value.text and not value.empty:
                self._wrong(node, key, f"{key} is empty")
        text = {key: text_of(node.get(key), key, self.scope) for key in _KEYS}
        expires, check = self._expires(node, text["expires"]), self._check(node, text["check"])
        if expires is None or check is None:
            return None
        waiver = Waiver(
            owner=text["owner"], reason=text["reason"], ticket=text["ticket"], expires=expires, mark=node.mark
        )
        return Dated(check.address, waiver)

    def _expires(self, node: Mapping, text: str) -> datetime | None:
        expires = compare.timestamp(text)
        if expires is None and text:
            self._wrong(node, "expires", f"expires is '{text}', expected a date such as 2026-12-01")
        return expires

    def _check(self, node: Mapping, text: str) -> Draft | None:
        found = self.drafts.get(text)
        if found is None and text and not self._is_unknown(text):
            checks = [address for address, draft in self.drafts.items() if draft.is_check]
            self._wrong(node, "check", f"there is no check '{text}'{self.findings.hint(text, checks)}")
        if found is not None and not found.is_check:
            self._wrong(node, "check", f"'{text}' is a section, and a waiver is for exactly one check")
            return None
        return found

    def _is_unknown(self, text: str) -> bool:
        """Tell whether it may be an element of a list that nobody knows here."""
        return any(draft.unknown and text.startswith(f"{address}[") for address, draft in self.drafts.items())

    def _wrong(self, node: Mapping, key: str, message: str) -> None:
        place = node.get(key) or node
        self.findings.wrong(message, place.mark)


def valid(dated: tuple[Dated, ...], now: datetime) -> dict[str, Waiver]:
    """Give the waivers that are valid at that time; a date ends when its day begins, in UTC."""
    return {item.check: item.waiver for item in dated if now < item.waiver.expires}
