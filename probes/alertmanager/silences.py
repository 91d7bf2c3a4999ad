"""What is silenced now, by whom, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from probes.alertmanager.api import Silence, SilenceMatcher
from probes.prometheus.matchers import Labels, Matcher, matching
from probes.prometheus.words import line, span

__all__ = ["measured"]

_STRANGER = {"alertname": "An alert of which nobody has heard"}
"""A silence that mutes this one mutes everything that no label exempts."""
_TOLD = 20


def measured(silences: Sequence[Silence], labels: Labels, now: float) -> dict[str, Any]:
    """Measure those that are active; with labels only those that would mute such an alert.  Raises ProbeError."""
    active = [one for one in silences if one.status.state == "active" and (not labels or _mutes(one, labels))]
    active.sort(key=lambda one: one.endsAt)
    ends = [one.endsAt.timestamp() - now for one in active]
    return {
        "silences": len(active),
        "silenced": bool(active) if labels else None,
        "blanket_silences": sum(_mutes(one, _STRANGER) for one in active),
        "pending_silences": sum(one.status.state == "pending" for one in silences),
        "ends_in_seconds": ends[0] if ends else None,
        "silenced_by": [_told(one, left) for one, left in zip(active, ends, strict=True)][:_TOLD],
    }


def _mutes(silence: Silence, labels: Labels) -> bool:
    return matching(map(_matcher, silence.matchers), labels)


def _matcher(told: SilenceMatcher) -> Matcher:
    if told.isRegex:
        return Matcher(told.name, "=~" if told.isEqual else "!~", told.value)
    return Matcher(told.name, "=" if told.isEqual else "!=", told.value)


def _told(silence: Silence, left: float) -> str:
    what = ", ".join(str(_matcher(one)) for one in silence.matchers)
    by = f" by {silence.createdBy}" if silence.createdBy else ""
    return line(f"{what}{by}, ends in {span(left)}" + (f": {silence.comment}" if silence.comment else ""))
