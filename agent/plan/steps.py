"""The plan: what will run, resolved, in the order of the profile; immutable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from agent import node
from agent.limit import Limit, Metric
from agent.model import Severity
from agent.probe import Probe, Value
from agent.problem import Mark
from agent.verdict import Require


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How a check is tried over time; all durations are in seconds (DESIGN section 2, "Time")."""

    timeout: float = 10.0
    """Of one attempt."""
    attempts: int = 1
    """With `retry`: how many attempts there are at most; the first pass ends it."""
    delay: float = 1.0
    """Between two of them."""
    within: float | None = None
    """Until the first pass; None: there is one attempt, or `attempts`."""
    every: float = 5.0
    """From the start of one attempt to the start of the next, with `within` and `hold`."""
    hold: float | None = None
    """From the first pass it keeps passing for this long."""
    tolerate: float = 0.0
    """Breaches during `hold` that are over within this are forgiven."""


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A dated permission to fail, valid when the run starts; it changes exactly its check."""

    owner: str
    reason: str
    expires: datetime
    ticket: str = ""
    mark: Mark

    def __str__(self) -> str:
        ticket = f", {self.ticket}" if self.ticket else ""
        return f"waived by {self.owner}: {self.reason}{ticket}, until {self.expires:%Y-%m-%d}"


class LateLimit(msgspec.Struct, frozen=True):
    """A limit with a value that is known only when its check starts."""

    metric: Metric
    written: node.Node


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What checks and sections have in common."""

    address: str
    name: str
    mark: Mark
    severity: Severity = Severity.NORMAL
    owner: str = ""
    runbook: str = ""
    tags: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    metric_refs: Mapping[str, tuple[str, ...]] = {}
    refutes: tuple[str, ...] = ()
    skipped: str = ""
    """Why it does not apply; settled here: nothing that happens in a run takes a check out of the count."""
    slug: bool = False
    """The address rests on the slug of a name, which changes with the name."""


class Step(Item, frozen=True, kw_only=True):
    """One check, ready to run."""

    kind: str
    probe: type[Probe]
    settings: node.Mapping
    """Resolved but for secrets and readings."""
    ready: Probe | None = None
    """The probe itself, when its settings hold nothing late and the check applies."""
    limits: tuple[Limit, ...] = ()
    """From `expect` and the kind's own defaults."""
    late_limits: tuple[LateLimit, ...] = ()
    warnings: tuple[Limit, ...] = ()
    late_warnings: tuple[LateLimit, ...] = ()
    policy: Policy = Policy()
    active: bool = False
    always: bool = False
    needs: tuple[str, ...] = ()
    """Addresses of checks and sections, from `needs` (its own and those around it) and from readings."""
    waiver: Waiver | None = None
    wanted: frozenset[str] = frozenset()
    """Its metrics that other checks use; the engine keeps just these at full length."""


class Section(Item, frozen=True, kw_only=True):
    """Items that are judged together; the profile is the outermost one."""

    require: Require = Require()
    children: tuple[Step | Section, ...] = ()

    def walk(self) -> Iterator[Step | Section]:
        """Give this and everything below it in the order of the profile."""
        yield self
        for child in self.children:
            if isinstance(child, Section):
                yield from child.walk()
            else:
                yield child


Planned: TypeAlias = Step | Section


class Baseline(msgspec.Struct, frozen=True):
    """Readings of an earlier run to compare with; `missing` says why there are none."""

    readings: Mapping[str, Mapping[str, Value]] = {}
    """Address of a check to its metrics."""
    missing: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A run before it happens."""

    name: str
    title: str
    description: str = ""
    subject: Mapping[str, str] = {}
    root: Section
    digest: str
    """SHA-256 of all files that the plan was made from, `sha256:…`."""
    deadline: float | None = None
    """Of the run, in seconds."""
    concurrency: int = 50
    """Checks that run at once."""
    per_target: int = 10
    """Checks that run at once against one host."""
    active_allowed: bool = False
    baseline: Baseline | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every check, those that do not apply among them, in the order of the profile."""
        return tuple(item for item in self.root.walk() if isinstance(item, Step))
