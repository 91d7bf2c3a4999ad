"""Linking steps: every reference becomes the address of what it names, and no circle is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table

import msgspec

from agent.findings import Findings
from agent.node import Mapping, Measured, Node, Scalar, Sequence
from agent.plan import references
from agent.plan.check import Bound
from agent.plan.draft import Draft, Each
from agent.plan.references import Anchored
from agent.plan.steps import LateLimit, Step
from agent.problem import Mark, nearest


class Links:
    """What each item needs, by address."""

    def __init__(self, root: Draft, bound: Table[str, Bound], findings: Findings) -> None:
        self.findings = findings
        self.bound = bound
        self.drafts = {draft.address: draft for draft in root.walk()}
        self.needs: dict[str, dict[str, Mark]] = {}
        self.wanted: dict[str, set[str]] = {}
        self._by_id = {draft.id: draft for draft in reversed(self.drafts.values()) if draft is not root}
        for draft in self.drafts.values():
            written = draft.get("needs")
            if written is not None:
                self._needs(draft, draft.scope.resolve(written))

    def step(self, draft: Draft) -> Step:
        """Give a check's step with its references resolved."""
        step = self.bound[draft.address].step
        if step.ready is not None and not step.late_limits and not step.late_warnings:
            return step

        def found(part: Measured, mark: Mark) -> Measured:
            return self._measured(part, draft, mark)

        settings = references.mapped(step.settings, found)
        assert isinstance(settings, Mapping)  # noqa: S101  a mapping stays one
        return msgspec.structs.replace(
            step,
            settings=settings,
            late_limits=_mapped(step.late_limits, found),
            late_warnings=_mapped(step.late_warnings, found),
        )

    # ---- looking up

    def _needs(self, draft: Draft, resolved: Node) -> None:
        needs = self.needs.setdefault(draft.address, {})
        for item in resolved.items if isinstance(resolved, Sequence) else (resolved,):
            if not isinstance(item, Scalar) or item.empty:
                self.findings.wrong("needs is not the id of a check or section, or a list of ids", item.mark)
            elif (found := self._find(item.text, draft, item.mark)) is not None:
                if wrong := _within(draft, found):
                    self.findings.wrong(wrong, item.mark)
                else:
                    needs[found.address] = item.mark

    def _find(self, name: str, draft: Draft, mark: Mark, about: str = "") -> Draft | None:
        found = references.find(name, draft)
        if found is None:
            self.findings.wrong(f"there is no '{name}' here{self._instead(name, draft)}", mark, about)
        return found

    def _instead(self, name: str, draft: Draft) -> str:
        of_each = references.find(name.rpartition("[")[0], draft)
        if of_each is not None and of_each.each is Each.SECTION:
            return f": {of_each.id} has the elements {', '.join(of_each.ids)}"
        further = self._by_id.get(name)
        if further is None:
            return "" if self.findings.tired else self.findings.hint(name, references.known(draft))
        path = references.path_to(further, draft)
        if path:
            return f", did you mean '{path}'?"
        return "; an included file sees its own checks, and what 'vars' beside its 'include' give it"

    def _measured(self, part: Measured, draft: Draft, mark: Mark) -> Measured:
        plain = f"$({part.address}.{part.metric})"
        start = self.drafts[part.start] if isinstance(part, Anchored) else draft
        found = self._find(part.address, start, mark, plain)
        if found is None:
            return part
        if found is draft:
            self.findings.wrong(f"{plain} is a reading of this check itself", mark, plain)
        elif not found.is_check:
            if not found.unknown:
                self.findings.wrong(f"{plain} reads a section, and only a check has readings{_one(found)}", mark, plain)
        else:
            self._seen(found, part.metric, plain, mark)
            self.needs.setdefault(draft.address, {}).setdefault(found.address, mark)
            self.wanted.setdefault(found.address, set()).add(part.metric)
        return Measured(found.address, part.metric, part.escaped)

    def _seen(self, found: Draft, metric: str, plain: str, mark: Mark) -> None:
        other = self.bound.get(found.address)  # None when its kind is not there, which is a finding already
        if other is not None and metric not in other.metrics and not other.kind.open_names:
            hint = nearest(metric, list(other.metrics), listed=12)
            self.findings.wrong(f"{plain}: {other.kind.name} has no metric '{metric}'{hint}", mark, plain)

    def around(self, draft: Draft) -> Iterator[tuple[str, Mark]]:
        """Give everything that an item needs: itself, and through the sections around it."""
        for place in draft.up():
            yield from self.needs.get(place.address, {}).items()


def _one(section: Draft) -> str:
    """Say how to name one of the elements of `each`."""
    label = next(iter(section.ids), "") if section.each is Each.SECTION else ""
    return f"; one of these is '{section.id}[{label}]'" if label else ""


def _mapped(limits: tuple[LateLimit, ...], change: Callable[[Measured, Mark], Measured]) -> tuple[LateLimit, ...]:
    return tuple(LateLimit(late.metric, references.mapped(late.written, change)) for late in limits)


def _within(draft: Draft, needed: Draft) -> str:
    """Say why an item cannot wait for another: one stands in the other."""
    if needed is draft:
        return "needs itself"
    if needed in draft.up():
        return f"needs '{needed.id}', the section that it stands in"
    return f"needs '{needed.id}', which stands in it" if draft in needed.up() else ""
