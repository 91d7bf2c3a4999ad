"""Binding: profiles in, one plan out, every mistake of every file found on the way."""

from __future__ import annotations

from collections.abc import Mapping as Table
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import inspect

from agent import registry
from agent.coerce import Coercion, holds_late
from agent.findings import Findings
from agent.node import Entry, Mapping, Node, Scalar
from agent.plan import baselines, defaults, waivers
from agent.plan.check import Bound, bind_check
from agent.plan.common import common
from agent.plan.given import Given
from agent.plan.links import Links
from agent.plan.outline import Draft, Outliner, mapping_of, text_of
from agent.plan.scope import Scope, Supply, Variables
from agent.plan.select import narrowed
from agent.plan.steps import Baseline, Plan, Planned, Section, Step, Waiver
from agent.plan.waivers import Dated
from agent.probe import Seconds
from agent.problem import Mark
from agent.profile import Profile, load
from agent.verdict import Require


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator asked for beside the profiles."""

    given: Given = Given()
    active: bool = False
    """`--allow-active`."""
    tags: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    now: datetime
    """When the run starts; waivers are valid or not at that time."""


class Concurrency(msgspec.Struct, frozen=True, kw_only=True):
    """`concurrency: {total: 100, per_target: 20}`."""

    total: int = 50
    per_target: int = 10

    def __post_init__(self) -> None:
        if not (1 <= self.total <= 10_000 and 1 <= self.per_target <= 10_000):
            raise ValueError("expected whole numbers from 1 to 10000")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a profile's head that are about the run."""

    deadline: Seconds | None = None
    concurrency: Concurrency | int = 50


class _Bound(msgspec.Struct, frozen=True, kw_only=True):
    """One profile, bound."""

    name: str
    title: str
    description: str
    root: Section
    subject: Table[str, str]
    head: Head
    baseline: Baseline | None
    dated: tuple[Dated, ...]


class Bind(msgspec.Struct, frozen=True):
    """A plan with what lint looks at beside it."""

    plan: Plan
    waivers: tuple[Dated, ...]
    total: int
    """Checks before narrowing."""


def bind(paths: tuple[Path, ...], asked: Asked, findings: Findings | None = None) -> Bind:
    """Read, check and resolve profiles.  Raises ProfileError with everything that is wrong."""
    findings = findings or Findings()
    profiles = [profile for path in paths if (profile := load(path, findings, registry.names()))]
    declared = [mapping_of(profile.get("vars"), "vars", findings) for profile in profiles]
    given = asked.given.values(set[str]().union(*(one.keys() for one in declared if one)), findings)
    bound = [_profile(profile, given, asked, findings, several=len(paths) > 1) for profile in profiles]
    findings.stop_if_any()
    whole = _together(bound)
    root = narrowed(whole.root, asked.tags, asked.sections) if asked.tags or asked.sections else whole.root
    total, per_target = _concurrency(whole.head)
    plan = Plan(
        name=whole.name,
        title=whole.title,
        description=whole.description,
        subject=whole.subject,
        root=root,
        digest=findings.digest(),
        deadline=whole.head.deadline,
        concurrency=total,
        per_target=per_target,
        active_allowed=asked.active,
        baseline=whole.baseline,
    )
    return Bind(plan, whole.dated, sum(isinstance(item, Step) for item in whole.root.walk()))


def _concurrency(head: Head) -> tuple[int, int]:
    wanted = head.concurrency
    return (wanted, Concurrency().per_target) if isinstance(wanted, int) else (wanted.total, wanted.per_target)


def _together(bound: list[_Bound]) -> _Bound:
    """Make several profiles the children of one root; the longest deadline and the widest concurrency hold."""
    if len(bound) == 1:
        return bound[0]
    names = ", ".join(one.name for one in bound)
    first = bound[0].root
    root = Section(address="", name=names, mark=first.mark, children=tuple(one.root for one in bound))
    deadlines = [one.head.deadline for one in bound]
    known = [deadline for deadline in deadlines if deadline is not None]
    limits = [_concurrency(one.head) for one in bound]
    return _Bound(
        name=names,
        title=", ".join(one.title for one in bound),
        description="",
        root=root,
        subject={key: value for one in reversed(bound) for key, value in one.subject.items()},
        head=Head(
            deadline=max(known) if len(known) == len(deadlines) else None,
            concurrency=Concurrency(total=max(one[0] for one in limits), per_target=max(one[1] for one in limits)),
        ),
        baseline=baselines.together([one.baseline for one in bound]),
        dated=tuple(item for one in bound for item in one.dated),
    )


def _profile(profile: Profile, given: Table[str, Node], asked: Asked, findings: Findings, *, several: bool) -> _Bound:
    declared = profile.get("vars")
    own = declared if isinstance(declared, Mapping) else None
    scope = Scope(Variables(profile.path, findings, own, Supply(given, demanded=asked.given.demanded)))
    name = text_of(profile.get("name"), "name", scope)
    if profile.get("name") is None:
        findings.wrong("the profile has no name", profile.mark)
    outliner = Outliner(findings, registry.names())
    draft = outliner.profile(profile, scope, f"{name}:" if several else "")
    baseline = baselines.read(profile.get("baseline"), scope)
    dated = waivers.read(profile.get("waivers"), draft, findings)
    root = _Binder(draft, findings, waivers.valid(dated, asked.now)).root()
    head = _head(profile, scope)
    subject = _subject(profile.get("subject"), scope)
    description = text_of(profile.get("description"), "description", scope)
    for variables in outliner.variables:
        variables.unused()
    return _Bound(
        name=name,
        title=draft.name,
        description=description,
        root=root,
        subject=subject,
        head=head,
        baseline=baseline,
        dated=dated,
    )


class _Binder:
    """Binds one outline: checks first, then the references between them."""

    def __init__(self, draft: Draft, findings: Findings, valid: Table[str, Waiver]) -> None:
        self.draft = draft
        self.findings = findings
        self.valid = valid
        self.bound: dict[str, Bound] = {}

    def root(self) -> Section:
        for draft in self.draft.walk():
            if draft.is_check and (bound := bind_check(draft, self.findings)) is not None:
                self.bound[draft.address] = bound
        defaults.refuse_unknown(self.draft, self.findings)
        self.links = Links(self.draft, self.bound, self.findings)
        steps = {address: self.links.step(self.links.drafts[address]) for address in self.bound}
        self.links.refuse_circles()
        return self._section(self.draft, steps, self.links.skipped())

    def _section(self, draft: Draft, steps: dict[str, Step], skipped: dict[str, str]) -> Section:
        children: list[Planned] = []
        for child in draft.children:
            if not child.is_check:
                children.append(self._section(child, steps, skipped))
            elif child.address in steps:
                children.append(self._step(child, steps[child.address], skipped))
        return Section(**common(draft), require=self._require(draft), children=tuple(children))

    def _step(self, draft: Draft, step: Step, skipped: dict[str, str]) -> Step:
        return msgspec.structs.replace(
            step,
            needs=tuple(dict.fromkeys(address for address, _ in self.links.around(draft))),
            wanted=frozenset(self.links.wanted.get(draft.address, ())),
            waiver=self.valid.get(draft.address),
            skipped=step.skipped or skipped.get(draft.address, ""),
        )

    def _require(self, draft: Draft) -> Require:
        node = draft.get("require") if draft.of_each != "element" else None
        if node is None and draft.body is not None:
            node = draft.body.get("require")
        text = text_of(node, "require", draft.scope)
        if not text or node is None:
            return Require()
        try:
            require = Require.parse(text)
        except ValueError as error:
            self.findings.wrong(f"require: {error}", node.mark)
            return Require()
        count = len(draft.children)
        if require.census not in (None, count) and not draft.around.skipped:
            written = f"{count} {'is' if count == 1 else 'are'} written here"
            self.findings.wrong(f"require {text} counts {require.census} children, and {written}", node.mark)
        return require


def _head(profile: Profile, scope: Scope) -> Head:
    info = inspect.type_info(Head)
    assert isinstance(info, inspect.StructType)  # noqa: S101  a Struct's info is a StructType
    written = [entry for entry in profile.keys.entries if entry.key.text in ("deadline", "concurrency")]
    entries = [Entry(entry.key, scope.resolve(entry.value)) for entry in written]
    for entry in entries:
        if holds_late(entry.value):
            scope.findings.wrong(f"{entry.key.text} cannot rest on a secret or a reading", entry.value.mark)
    reader = Coercion()
    known = tuple(entry for entry in entries if not holds_late(entry.value))
    values = reader.struct(Mapping(known, profile.mark), info, "key of a profile")
    for mistake in reader.mistakes:
        scope.findings.wrong(mistake.message, mistake.mark)
    if not reader.mistakes and values.get("deadline") == 0:
        scope.findings.wrong("deadline is zero: nothing could run", _mark(profile.get("deadline"), profile.mark))
    return Head() if reader.mistakes else Head(**values)


def _mark(node: Node | None, otherwise: Mark) -> Mark:
    return node.mark if node is not None else otherwise


def _subject(node: Node | None, scope: Scope) -> dict[str, str]:
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        scope.findings.wrong("subject is not a mapping, as {name: shop, version: $(version)}", node.mark)
        return {}
    return {
        entry.key.text: text_of(entry.value, f"subject.{entry.key.text}", scope)
        for entry in node.entries
        if not (isinstance(entry.value, Scalar) and entry.value.empty)
    }
