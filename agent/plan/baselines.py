"""Baselines: the readings of an earlier run, from its JSON report, to compare with.

A missing one is no mistake of the profile: the checks that compare with it cannot be judged, and end in
ERROR.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from agent.node import Node
from agent.plan.scope import Scope
from agent.plan.steps import Baseline
from agent.plan.texts import text_of

_LARGEST = 1 << 28
"""Bytes; a report of ten thousand checks has a tenth of it."""


class _Attempt(msgspec.Struct):
    readings: dict[str, Any] = {}


class _Result(msgspec.Struct):
    outcome: str = ""
    attempts: list[_Attempt] = []


class _Entry(msgspec.Struct):
    address: str = ""
    result: _Result | None = None
    children: list[_Entry] = []


class _Report(msgspec.Struct):
    decision: str
    root: _Entry
    selection: msgspec.Raw = msgspec.Raw(b"null")


def read(node: Node | None, scope: Scope, profile: str, prefix: str) -> Baseline | None:
    """Read the baseline that a profile names; None when it names none.

    `profile` is what a run of several calls this one, `prefix` what stands before its addresses in this run.
    """
    name = text_of(node, "baseline", scope)
    if not name:
        return None
    try:
        report = msgspec.json.decode(_content(Path(name)), type=_Report)
    except OSError as error:
        return Baseline(missing=f"there is no baseline '{name}': {(error.strerror or str(error)).lower()}")
    except ValueError as error:  # not JSON, or another; or no file can have this name
        return Baseline(missing=f"the baseline '{name}' is no JSON report: {error}")
    except RecursionError:
        return Baseline(missing=f"the baseline '{name}' is no JSON report: nested too deep")
    if bytes(report.selection) != b"null":
        return Baseline(missing=f"the baseline '{name}' is the report of a narrowed run")
    return Baseline(readings=dict(_readings(report.root, profile, prefix)))


def _content(path: Path) -> bytes:
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("not a regular file")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"larger than {_LARGEST // 1024**2} MiB")
    return data


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _readings(root: _Entry, profile: str, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each check's readings at the attempt that decided; only a check that passed is a measure."""
    waiting = [root]
    while waiting:
        entry = waiting.pop()
        waiting += entry.children
        result = entry.result
        own = _own(entry.address, profile)
        if own and result is not None and result.outcome == "pass" and result.attempts:
            yield f"{prefix}{own}", result.attempts[-1].readings


def _own(address: str, profile: str) -> str:
    """Give an address inside the profile, if it is of this one; no id has a `:` in it."""
    before, colon, own = address.partition(":")
    if not colon or "[" in before:
        return address
    return own if before == profile else ""


def together(found: list[Baseline | None]) -> Baseline | None:
    """Make one of the baselines of several profiles."""
    known = [baseline for baseline in found if baseline is not None]
    if not known:
        return None
    readings = {address: metrics for baseline in known for address, metrics in baseline.readings.items()}
    return Baseline(readings, "; ".join(baseline.missing for baseline in known if baseline.missing))
