"""Linking steps: every reference becomes the address of what it names, and no circle is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from agent import node
from agent.findings import Findings
from agent.node import Measured, Scalar, Sequence
from agent.plan import references
from agent.plan.check import Bound
from agent.plan.outline import Draft
from agent.plan.steps import LateLimit, Step
from agent.problem import Mark, nearest


class Links:
    """What each item needs, by address."""

    def __init__(self, root: Draft, bound: Mapping[str, Bound], findings: Findings) -> None:
        self.findings = findings
        self.bound = bound
        self.drafts = {draft.address: draft for draft in root.walk()}
        self.needs: dict[str, dict[str, Mark]] = {address: {} for address in self.drafts}
        self.wanted: dict[str, set[str]] = {}
        for draft in self.drafts.values():
            self._needs(draft)

    def step(self, draft: Draft) -> Step:
        """Give a check's step with its references resolved."""
        step = self.bound[draft.address].step
        settings = references.mapped(step.settings, lambda part, mark: self._measured(part, draft, mark))
        return msgspec.structs.replace(
            step,
            settings=settings if isinstance(settings, node.Mapping) else step.settings,
            late_limits=self._late(step.late_limits, draft),
            late_warnings=self._late(step.late_warnings, draft),
        )

    def _late(self, limits: tuple[LateLimit, ...], draft: Draft) -> tuple[LateLimit, ...]:
        def found(part: Measured, mark: Mark) -> Measured:
            return self._measured(part, draft, mark)

        return tuple(LateLimit(limit.metric, references.mapped(limit.written, found)) for limit in limits)

    def _needs(self, draft: Draft) -> None:
        written = draft.get("needs")
        if written is None or draft.of_each == "element":
            return
        resolved = draft.scope.resolve(written)
        for item in resolved.items if isinstance(resolved, Sequence) else (resolved,):
            if not isinstance(item, Scalar) or item.empty:
                self.findings.wrong("needs is not the id of a check or section, or a list of ids", item.mark)
            elif (found := self._find(item.text, draft, item.mark)) is not None:
                self.needs[draft.address][found.address] = item.mark

    def _find(self, name: str, draft: Draft, mark: Mark) -> Draft | None:
        found = references.find(name, draft)
        if found is None:
            plain = references.shown(name)
            self.findings.wrong(f"there is no '{plain}' here{nearest(plain, references.known(draft))}", mark)
        return found

    def _measured(self, part: Measured, draft: Draft, mark: Mark) -> Measured:
        found = self._find(part.address, draft, mark)
        if found is None:
            return part
        plain = f"$({references.shown(part.address)}.{part.metric})"
        if found.address not in self.bound:
            if not found.is_check:
                self.findings.wrong(f"{plain} reads a section, and only a check has readings", mark)
            return part
        other = self.bound[found.address]
        if part.metric not in other.metrics and not other.kind.open_names:
            hint = nearest(part.metric, list(other.metrics), listed=12)
            self.findings.wrong(f"{plain}: {other.kind.name} has no metric '{part.metric}'{hint}", mark)
        self.needs[draft.address].setdefault(found.address, mark)
        self.wanted.setdefault(found.address, set()).add(part.metric)
        return Measured(found.address, part.metric, part.escaped)

    # ---- circles, and what does not apply

    def around(self, draft: Draft) -> Iterator[tuple[str, Mark]]:
        """Give everything that an item needs: itself, and through the sections around it."""
        place: Draft | None = draft
        while place is not None:
            yield from self.needs[place.address].items()
            place = place.parent

    def refuse_circles(self) -> None:
        """Find needs that go in a circle; each circle is one finding."""
        state: dict[str, int] = {}
        for address in self.drafts:
            self._visit(address, state)

    def _visit(self, start: str, state: dict[str, int]) -> None:
        """Walk depth first without recursion: 1 is open, 2 is done."""
        path: list[tuple[str, Iterator[tuple[str, Mark | None]]]] = []
        if start not in state:
            state[start] = 1
            path.append((start, self._next(start)))
        while path:
            address, following = path[-1]
            step = next(following, None)
            if step is None:
                state[address] = 2
                path.pop()
            elif state.get(step[0]) == 1:
                self._circle([name for name, _ in path], *step)
            elif step[0] not in state:
                state[step[0]] = 1
                path.append((step[0], self._next(step[0])))

    def _next(self, address: str) -> Iterator[tuple[str, Mark | None]]:
        draft = self.drafts[address]
        if draft.is_check:
            yield from self.around(draft)
        yield from ((child.address, None) for child in draft.children)

    def _circle(self, path: list[str], back: str, mark: Mark | None) -> None:
        circle = [*path[path.index(back) :], back]
        checks = [name for name in circle if self.drafts[name].is_check or name == back]
        place = mark or self.drafts[back].mark
        self.findings.wrong(f"needs go in a circle: {' -> '.join(checks)}", place)

    def skipped(self) -> dict[str, str]:
        """Give what does not apply because something that it needs does not."""
        found: dict[str, str] = {}
        changed = True
        while changed:
            changed = False
            for address, draft in self.drafts.items():
                if not draft.is_check or draft.around.skipped or address in found:
                    continue
                for needed, _ in self.around(draft):
                    if self.drafts[needed].around.skipped or needed in found:
                        found[address] = f"needs {needed}, which does not apply"
                        changed = True
                        break
        return found
