"""Binding: profiles in, one plan out, every mistake of every file found on the way."""

from __future__ import annotations

from collections.abc import Mapping as Table
from datetime import datetime
from pathlib import Path

import msgspec

from agent import registry
from agent.findings import Findings
from agent.plan import baselines, circles, defaults, waivers
from agent.plan.check import Checks
from agent.plan.common import common
from agent.plan.draft import Draft, Each
from agent.plan.given import Given
from agent.plan.ground import Ground
from agent.plan.head import head, subject
from agent.plan.ids import slug
from agent.plan.links import Links
from agent.plan.outline import Outliner
from agent.plan.scope import Scope
from agent.plan.select import narrowed
from agent.plan.steps import Plan, Planned, Section, Step, Waiver
from agent.plan.texts import lines_of, mapping_of, text_of
from agent.plan.together import One, together
from agent.plan.variables import Supply, Variables
from agent.plan.waivers import Dated
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


class Bind(msgspec.Struct, frozen=True):
    """A plan with what lint looks at beside it."""

    plan: Plan
    waivers: tuple[Dated, ...]
    total: int
    """Checks before narrowing."""


def bind(paths: tuple[Path, ...], asked: Asked, findings: Findings | None = None) -> Bind:
    """Read, check and resolve profiles.  Raises ProfileError with everything that is wrong."""
    findings = findings or Findings()
    whole = _whole(paths, asked, findings)
    root = narrowed(whole.root, asked.tags, asked.sections) if asked.tags or asked.sections else whole.root
    plan = Plan(
        name=whole.name,
        title=whole.title,
        description=whole.description,
        subject=whole.subject,
        root=root,
        digest=findings.digest(),
        deadline=whole.head.deadline,
        concurrency=whole.head.concurrency.total,
        per_target=whole.head.concurrency.per_target,
        active_allowed=asked.active,
        baseline=whole.baseline,
    )
    return Bind(plan, whole.dated, sum(isinstance(item, Step) for item in whole.root.walk()))


def _whole(paths: tuple[Path, ...], asked: Asked, findings: Findings) -> One:
    kinds = registry.names()
    profiles = [profile for path in paths if (profile := load(path, findings, kinds))]
    declared = [mapping_of(profile.get("vars"), "vars", findings) for profile in profiles]
    names = set[str]().union(*(one.keys() for one in declared if one))
    given = asked.given.values(names, findings, whole=len(profiles) == len(paths))
    supply = Supply(given, demanded=asked.given.demanded)
    ground = Ground(findings, kinds)
    taken: dict[str, str] = {}
    bound = [
        _Binder(profile, Scope(Variables(own, ground, supply)), asked.now).one(several=len(paths) > 1, taken=taken)
        for profile, own in zip(profiles, declared, strict=True)
    ]
    findings.stop_if_any()
    return together(bound)


class _Binder:
    """Binds one profile: the outline first, then the checks, then the references between them."""

    def __init__(self, profile: Profile, scope: Scope, now: datetime) -> None:
        self.profile = profile
        self.scope = scope
        self.findings = scope.findings
        self.now = now

    def one(self, taken: dict[str, str], *, several: bool) -> One:
        """Bind it; `taken` are the names of the profiles before it in a run of several."""
        profile, scope = self.profile, self.scope
        name = text_of(profile.get("name"), "name", scope)
        if profile.get("name") is None:
            self.findings.wrong("the profile has no name", profile.mark)
        called = self._called(name, taken) if several else slug(name)
        prefix = f"{called}:" if several else ""
        draft = Outliner(scope.ground).profile(profile, scope, prefix)
        dated = waivers.read(profile.get("waivers"), draft, self.findings)
        return One(
            name=name,
            title=draft.name,
            description=lines_of(profile.get("description"), "description", scope),
            root=self._root(draft, waivers.valid(dated, self.now)),
            subject=subject(profile.get("subject"), scope),
            head=head(profile, scope),
            baseline=baselines.read(profile.get("baseline"), scope, called, prefix),
            dated=dated,
        )

    def _called(self, name: str, taken: dict[str, str]) -> str:
        """Give what stands before the addresses of this profile in a run of several."""
        called = slug(name) or slug(self.profile.path.stem) or str(len(taken) + 1)
        if called in taken:
            message = f"{taken[called]} has the name '{name}' already, and a run tells its profiles by their names"
            self.findings.wrong(message, self.profile.mark)
        taken[called] = str(self.profile.path)
        return called

    def _root(self, root: Draft, valid: Table[str, Waiver]) -> Section:
        checks = Checks(self.findings)
        bound = {draft.address: one for draft in root.walk() if draft.is_check and (one := checks.bind(draft))}
        defaults.refuse_unknown(root, self.findings)
        links = Links(root, bound, self.findings)
        steps = {address: links.step(links.drafts[address]) for address in bound}
        circles.refuse_circles(links)
        return _Tree(links, steps, valid, circles.passed_on(links)).section(root)


class _Tree:
    """Puts steps and sections together."""

    def __init__(
        self, links: Links, steps: dict[str, Step], valid: Table[str, Waiver], skipped: dict[str, str]
    ) -> None:
        self.links = links
        self.steps = steps
        self.valid = valid
        self.skipped = skipped

    def section(self, draft: Draft) -> Section:
        """Give a section with all that is in it."""
        children: list[Planned] = []
        for child in draft.children:
            if not child.is_check:
                children.append(self.section(child))
            elif child.address in self.steps:
                children.append(self._step(child, self.steps[child.address]))
        fields = common(draft)
        fields["skipped"] = self._skipped(draft)
        return Section(**fields, require=_require(draft), children=tuple(children))

    def _step(self, draft: Draft, step: Step) -> Step:
        needs = tuple(dict.fromkeys(address for address, _ in self.links.around(draft)))
        wanted = self.links.wanted.get(draft.address)
        waiver, skipped = self.valid.get(draft.address), self._skipped(draft)
        if not (needs or wanted or waiver or skipped):
            return step
        return msgspec.structs.replace(
            step,
            needs=needs,
            wanted=frozenset(wanted or ()),
            waiver=waiver,
            skipped=skipped,
            ready=None if skipped else step.ready,
        )

    def _skipped(self, draft: Draft) -> str:
        return draft.around.skipped or self.skipped.get(draft.address, "")


def _require(draft: Draft) -> Require:
    node, key, scope = draft.own("require")
    text = text_of(node, key, scope)
    if not text or node is None:
        return Require()
    try:
        require = Require.parse(text)
    except ValueError as error:
        scope.findings.wrong(f"require: {error}", node.mark)
        return Require()
    count = _written(draft)
    if require.census not in (None, count) and not draft.unknown and not draft.around.skipped:
        written = f"{count} {'is' if count == 1 else 'are'} written here"
        scope.findings.wrong(f"require {text} counts {require.census} children, and {written}", node.mark)
    return require


def _written(draft: Draft) -> int:
    """Count the children of a section as they are written; one that has a mistake counts too."""
    if draft.each is Each.SECTION:
        return len(draft.children)
    return draft.body.written if draft.body else draft.item.written
