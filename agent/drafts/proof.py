"""The proof of a draft: gonogo reads it before anybody else does.

What a hostile or odd source made and gonogo refuses is taken out and told, so that every draft that is
given is a valid profile.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent import source
from agent.drafts.draft import Check, Draft, Group
from agent.drafts.page import Page, Title, write
from agent.findings import Findings
from agent.plan.bind import Asked, bind
from agent.plan.given import Given
from agent.problem import Problem, ProfileError


def proved(draft: Draft, title: Title) -> tuple[Draft, Page]:
    """Write a draft that is valid.  Raises ProfileError when nothing of it is left."""
    while True:
        draft = msgspec.structs.replace(draft, groups=tuple(group for group in draft.groups if group.checks))
        if not draft.groups:
            raise ProfileError([Problem(f"{title.origin}: there is nothing to check in it"), *_reasons(draft)])
        page = write(draft, title)
        problems = _mistakes(page)
        if not problems:
            return draft, page
        draft = _without(draft, page, problems)


def _reasons(draft: Draft) -> list[Problem]:
    return [Problem(f"  {line}") for line in dict.fromkeys(draft.left)]


def _mistakes(page: Page) -> tuple[Problem, ...]:
    """Bind it as `gonogo validate --no-values` does; nothing is read but the page.

    Secrets are given, so that nothing waits for a run to be found wrong.
    """
    findings, path = Findings(), Path("draft.yaml")
    text = re.sub(r"\$\(secret:\w+\)", "secret", page.text)
    findings.sources[str(path)] = source.parse(text, str(path))
    try:
        bind((path,), Asked(given=Given(demanded=False), now=datetime.now(UTC)), findings)
    except ProfileError as error:
        return error.problems
    return ()


def _without(draft: Draft, page: Page, problems: tuple[Problem, ...]) -> Draft:
    """Take out every check that has a mistake, and what a section needs when that is one."""
    wrong: dict[int, str] = {}
    for problem in problems:
        item = page.at(problem.mark.line) if problem.mark else None
        if item is None:
            raise AssertionError(f"a draft is no profile: {problem}")
        wrong.setdefault(id(item), problem.message)
    left = list(draft.left)
    groups = [_mended(group, wrong, left) for group in draft.groups]
    return msgspec.structs.replace(draft, groups=tuple(groups), left=tuple(left))


def _mended(group: Group, wrong: dict[int, str], left: list[str]) -> Group:
    if id(group) in wrong:
        if not group.needs:
            raise AssertionError(f"a draft is no profile: {wrong[id(group)]}")
        left.append(f"{group.name} needs {', '.join(group.needs)}: {wrong[id(group)]}")
        group = msgspec.structs.replace(group, needs=())
    checks = []
    for check in group.checks:
        if id(check) in wrong:
            left.append(_told(check, wrong[id(check)]))
        else:
            checks.append(check)
    return msgspec.structs.replace(group, checks=tuple(checks))


def _told(check: Check, why: str) -> str:
    return f"{check.name} ({check.kind}): {why}"
