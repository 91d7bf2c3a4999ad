"""The report: everything that a reporter may tell, as data; its JSON is the documented schema.

A reporter renders a `Report` and counts nothing.  Settings are not in it, so that no secret is either.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.model import Decision, Outcome, Result, Severity
from agent.verdict import Tally

SCHEMA_VERSION = 1
"""Rises when a consumer of the JSON would have to change."""


class Place(msgspec.Struct, frozen=True):
    """Where an item is written."""

    file: str
    line: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the tree, a check or a section, judged."""

    address: str
    """Path of ids inside the profile; with several profiles in a run the profile's name and `:` before it."""
    name: str
    severity: Severity
    outcome: Outcome
    reason: str = ""
    """Why it is not a plain pass, in one line; for a section its tally."""
    owner: str = ""
    runbook: str = ""
    tags: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    """What this proves, all metrics together."""
    metric_refs: dict[str, tuple[str, ...]] = {}
    """The same for single metrics."""
    refutes: tuple[str, ...] = ()
    place: Place | None = None
    kind: str = ""
    """Of a check, `http`; empty for a section."""
    expectations: tuple[str, ...] = ()
    """Of a check: its limits as sentences, `status: at least 200`."""
    result: Result | None = None
    """Of a check."""
    waiver: str = ""
    """Of a waived check: owner, reason, ticket and end of its waiver in one line."""
    require: str = ""
    """Of a section: `all`, `19/20`, `95%`."""
    tally: Tally | None = None
    """Of a section."""
    children: tuple[Entry, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Entry]]:
        """Give this and everything below it, in the order of the profile, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)

    def checks(self) -> Iterator[Entry]:
        """Give the checks at and below this, in the order of the profile."""
        return (entry for _, entry in self.walk() if entry.result is not None)


class Selection(msgspec.Struct, frozen=True):
    """A run that `--tag` or `--section` narrowed: how many checks of how many."""

    chosen: int
    total: int
    by: str
    """The options as they were given."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run, told once."""

    decision: Decision
    headline: str
    """The first line of every format: `GO: Post-deploy smoke verification`, or for a narrowed run
    `GO for 12 of 203 checks: …`."""
    derivation: tuple[str, ...]
    """Why, from the outermost section inwards: `NO-GO: Smoke 17/20, needs 19`, then what made it so."""
    name: str
    title: str
    subject: dict[str, str]
    profile_digest: str
    """SHA-256 of the profile's files as read, `sha256:…`."""
    started_at: str
    """RFC 3339, UTC."""
    duration_seconds: float
    version: str
    """Of gonogo."""
    host: str
    """Where it ran."""
    actor: str
    """Who ran it: the CI actor, else the operating-system user."""
    root: Entry
    counts: dict[str, int]
    """Outcome to number of checks, for every outcome that occurs."""
    selection: Selection | None = None
    interrupted: str = ""
    """`SIGINT` or `SIGTERM`; empty when the run took its course, its deadline included."""
    active_allowed: bool = False
    description: str = ""
    schema_version: int = SCHEMA_VERSION
