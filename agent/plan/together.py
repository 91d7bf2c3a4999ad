"""Several profiles in one run: the children of one root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from agent.plan import baselines
from agent.plan.head import Concurrency, Head
from agent.plan.steps import Baseline, Section
from agent.plan.waivers import Dated


class One(msgspec.Struct, frozen=True, kw_only=True):
    """One profile, bound, or several together."""

    name: str
    title: str
    description: str
    root: Section
    subject: Mapping[str, str]
    head: Head
    baseline: Baseline | None
    dated: tuple[Dated, ...]


def together(bound: Sequence[One]) -> One:
    """Make several profiles one; the longest deadline and the widest concurrency hold."""
    if len(bound) == 1:
        return bound[0]
    names = ", ".join(one.name for one in bound)
    return One(
        name=names,
        title=", ".join(one.title for one in bound),
        description="",
        root=Section(address="", name=names, mark=bound[0].root.mark, children=tuple(one.root for one in bound)),
        subject={key: value for one in reversed(bound) for key, value in one.subject.items()},
        head=_head([one.head for one in bound]),
        baseline=baselines.together([one.baseline for one in bound]),
        dated=tuple(dated for one in bound for dated in one.dated),
    )


def _head(heads: Sequence[Head]) -> Head:
    known = [head.deadline for head in heads if head.deadline is not None]
    return Head(
        deadline=max(known) if len(known) == len(heads) else None,
        concurrency=Concurrency(
            total=max(head.concurrency.total for head in heads),
            per_target=max(head.concurrency.per_target for head in heads),
        ),
    )
