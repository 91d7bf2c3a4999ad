"""Baselines: the readings of an earlier run, from its JSON report, to compare with.

A missing one is no mistake of the profile: the checks that compare with it cannot be judged, and end in
ERROR.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent.node import Node
from agent.plan.outline import text_of
from agent.plan.scope import Scope
from agent.plan.steps import Baseline
from agent.probe import Value


def read(node: Node | None, scope: Scope) -> Baseline | None:
    """Read the baseline that a profile names; None when it names none."""
    name = text_of(node, "baseline", scope)
    if not name:
        return None
    path = Path(name)
    try:
        report = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        return Baseline(missing=f"there is no baseline '{name}': {error.strerror}")
    except msgspec.DecodeError as error:
        return Baseline(missing=f"the baseline '{name}' is no JSON report: {error}")
    if not isinstance(report, dict) or report.get("decision") is None or report.get("selection"):
        return Baseline(missing=f"the baseline '{name}' is not the JSON report of a whole run")
    return Baseline(readings=dict(_readings(report.get("root"))))


def _readings(entry: Value) -> Iterator[tuple[str, dict[str, Value]]]:
    """Give each check's readings at the attempt that decided; only a check that passed is a measure."""
    if not isinstance(entry, dict):
        return
    result = entry.get("result")
    if isinstance(result, dict) and result.get("outcome") == "pass" and result.get("attempts"):
        yield str(entry.get("address")), result["attempts"][-1].get("readings", {})
    for child in entry.get("children", ()):
        yield from _readings(child)


def together(found: list[Baseline | None]) -> Baseline | None:
    """Make one of the baselines of several profiles."""
    known = [baseline for baseline in found if baseline is not None]
    if not known:
        return None
    readings = {address: metrics for baseline in known for address, metrics in baseline.readings.items()}
    return Baseline(readings, "; ".join(baseline.missing for baseline in known if baseline.missing))
