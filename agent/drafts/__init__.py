"""Drafts of profiles, from what is there already: `gonogo init --from FORMAT SOURCE`.

Each format has a module with `draft(sources)`, loaded when it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import msgspec

from agent.drafts.draft import Draft
from agent.drafts.page import Title
from agent.drafts.proof import proved
from agent.drafts.written import Written, documents
from agent.problem import Problem, ProfileError


class Format(msgspec.Struct, frozen=True):
    """One kind of source."""

    what: str
    """What it is, for a message."""
    remedy: str
    """The command whose output has no tags and no templates left in it."""
    several: bool = False
    """Whether it may be several documents, and a folder of files."""

    def load(self, name: str) -> Callable[[str, list[Written]], Draft]:
        """Give the function that drafts."""
        found: Callable[[str, list[Written]], Draft] = importlib.import_module(f"agent.drafts.{name}").draft
        return found


FORMATS = {
    "compose": Format("a compose file", "'docker compose config'"),
    "kubernetes": Format("Kubernetes manifests", "'helm template', 'kubectl kustomize' or 'kubectl get -o yaml'", True),
    "prometheus": Format("the configuration of Prometheus", "your template"),
    "goss": Format("a gossfile", "'goss render'"),
}
ANNOUNCED = {"checklist": "Markdown checklists"}
"""Formats of a later version."""


class Drafted(msgspec.Struct, frozen=True):
    """A profile that was drafted."""

    text: str
    checks: int
    left: int
    """Things of the source that are not in the checks; the end of the text lists them."""


class File(msgspec.Struct, frozen=True):
    """One file of a source."""

    name: str
    data: bytes


def drafted(form: str, files: list[File], title: Title) -> Drafted:
    """Draft a profile.  Raises ProfileError when the source cannot be read or has nothing to check in it."""
    known = FORMATS[form]
    read = [document for file in files for document in documents(file.name, file.data, known.remedy)]
    if not read:
        raise ProfileError([Problem(f"{title.origin}: holds nothing, expected {known.what}")])
    if len(read) > 1 and not known.several:
        raise ProfileError([Problem(f"a second document starts here, and {known.what} is one", read[1].mark)])
    draft, page = proved(known.load(form)(title.source, read), title)
    return Drafted(page.text, sum(len(group.checks) for group in draft.groups), len(dict.fromkeys(draft.left)))
