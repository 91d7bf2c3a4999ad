"""The outline: every section and check that there will be, with its address, before any is bound.

Here `each` is unrolled, `include` is followed, `when` is settled, and what sections hand down is handed
down.  Only then can a reference be looked up, because only then is it known what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.findings import Findings, locate
from agent.node import Late, Mapping, Node, Scalar, Sequence
from agent.plan import conditions
from agent.plan.references import anchored
from agent.plan.scope import Scope, Supply, Variables
from agent.problem import Mark, nearest
from agent.profile import Item, Profile, load

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ELEMENT_LENGTH = 80


class Defaults(NamedTuple):
    """`defaults` of one section, with the scope that they are written in."""

    written: Mapping
    scope: Scope


class Around(NamedTuple):
    """What the sections around an item hand down to it."""

    owner: str = ""
    runbook: str = ""
    tags: tuple[str, ...] = ()
    defaults: tuple[Defaults, ...] = ()
    """The nearest last."""
    skipped: str = ""


class Draft:
    """One item of the outline, or the profile as a whole."""

    def __init__(self, item: Item | Profile, scope: Scope, parent: Draft | None, address: str) -> None:
        self.item = item
        self.scope = scope
        """What `$(…)` means in its own keys."""
        self.inner = scope
        """What it means in what is below; another one when a file is included."""
        self.parent = parent
        self.address = address
        self.name = ""
        self.body: Profile | None = None
        """The file that it includes."""
        self.around = Around()
        self.slug = False
        self.of_each = ""
        """`section` for what `each` makes, `element` for each of its children."""
        self.children: list[Draft] = []
        self.ids: dict[str, Draft] = {}

    @property
    def mark(self) -> Mark:
        """Where it is written."""
        return self.item.mark

    @property
    def is_check(self) -> bool:
        """Whether it is a check and no section."""
        return isinstance(self.item, Item) and self.item.is_check and self.of_each != "section"

    def get(self, key: str) -> Node | None:
        """Give what stands under a key, as written."""
        return self.item.get(key)

    def element(self, label: str) -> Draft | None:
        """Give the child that `each` made for an element."""
        wanted = f"{self.address}[{label}]"
        return next((child for child in self.children if child.address == wanted), None)

    def at(self, address: str) -> Draft:
        """Give the item at an address that is known to be there."""
        return next(draft for draft in self.walk() if draft.address == address)

    def walk(self) -> Iterator[Draft]:
        """Give this and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


class Outliner:
    """Builds the outline of one profile; every file's variables are kept, to see which are never used."""

    def __init__(self, findings: Findings, kinds: tuple[str, ...]) -> None:
        self.findings = findings
        self.kinds = kinds
        self.variables: list[Variables] = []

    def profile(self, profile: Profile, scope: Scope, prefix: str) -> Draft:
        """Outline a whole profile; `prefix` stands before its addresses when a run has several."""
        self.variables.append(scope.variables)
        root = Draft(profile, scope, None, prefix)
        self._hand_down(root, Around())
        title = "title" if profile.get("title") is not None else "name"
        root.name = text_of(profile.get(title), title, root.scope) or profile.path.stem
        self._children(root, profile.items, (profile.path.resolve().as_posix(),))
        return root

    def _children(self, parent: Draft, items: tuple[Item, ...], files: tuple[str, ...]) -> None:
        for item in items:
            draft = self._draft(item, parent)
            if draft is not None:
                parent.children.append(draft)
                self._fill(draft, item, files)

    def _draft(self, item: Item, parent: Draft) -> Draft | None:
        name, written = item.get("name"), item.get("id")
        identity = self._identity(name, written, item)
        if identity is None:
            return None
        while (other := parent.ids.get(identity)) is not None:
            mark = written.mark if written else name.mark if name else item.mark
            self.findings.wrong(
                f"has the id '{identity}' of its sibling in line {other.mark.line}: give it an id", mark
            )
            identity += "+"  # no id can be that, and the rest of it is looked at all the same
        draft = Draft(item, parent.inner, parent, _join(parent.address, identity))
        draft.slug = written is None
        parent.ids[identity] = draft
        draft.of_each = "section" if item.get("each") is not None else ""
        self._hand_down(draft, parent.around)
        draft.name = self._name(draft) if not draft.of_each else _placeholder(name, identity)
        return draft

    def _identity(self, name: Node | None, written: Node | None, item: Item) -> str | None:
        if written is not None:
            if isinstance(written, Scalar) and _ID.fullmatch(written.text) and written.text not in ("item", "key"):
                return written.text
            self.findings.wrong("is no id: letters, digits, '-' and '_', and neither 'item' nor 'key'", written.mark)
            return None
        if not isinstance(name, Scalar) or name.empty:
            self.findings.wrong("has no name", name.mark if name else item.mark)
            return None
        if not (made := slug(name.text)):
            self.findings.wrong(f"the name '{name.text}' gives no id (it has no a-z or 0-9): give it an id", name.mark)
            return None
        if made in ("item", "key"):
            self.findings.wrong(f"the id '{made}' is reserved: give it another id", name.mark)
            return None
        return made

    def _hand_down(self, draft: Draft, around: Around) -> None:
        when = draft.get("when") if draft.of_each != "element" else None
        skipped = around.skipped or conditions.skipped(when, draft.scope)
        draft.scope = draft.inner = draft.scope.at(lenient=bool(skipped))
        defaults = mapping_of(draft.get("defaults"), "defaults", self.findings)
        own = (Defaults(defaults, draft.scope),) if defaults else ()
        for one in own:
            one.scope.touch(one.written)
        each = draft.of_each == "section"  # what is its own may name the element, and belongs to the children
        draft.around = Around(
            owner=(not each and self._own(draft, "owner")) or around.owner,
            runbook=(not each and self._own(draft, "runbook")) or around.runbook,
            tags=around.tags if each else (*around.tags, *texts_of(draft.get("tags"), "tags", draft.scope)),
            defaults=(*around.defaults, *own),
            skipped=skipped,
        )

    def _own(self, draft: Draft, key: str) -> str:
        return text_of(draft.get(key), key, draft.scope)

    def _name(self, draft: Draft) -> str:
        written = draft.get("name")
        shown = text_of(written, "name", draft.scope) if written is not None else ""
        if shown or draft.around.skipped or written is None:
            return shown or draft.address.rpartition("/")[2]
        return draft.address.rpartition("/")[2]

    def _fill(self, draft: Draft, item: Item, files: tuple[str, ...]) -> None:
        """Give a draft its children: of `each`, of the list below it, or of the file that it includes."""
        if draft.of_each == "section":
            self._unroll(draft, item, files)
        elif item.include is not None:
            self._include(draft, item, files)
        else:
            self._children(draft, item.children, files)

    def _unroll(self, section: Draft, item: Item, files: tuple[str, ...]) -> None:
        seen: dict[str, None] = {}
        for label, key, element in self._elements(item.get("each"), section.scope):
            if label in seen:
                self.findings.wrong(f"each holds '{label}' twice", element.mark)
                continue
            seen[label] = None
            scope = section.inner.at(item=element, key=key)
            child = Draft(item, scope, section, f"{section.address}[{label}]")
            child.of_each, child.slug = "element", section.slug
            self._hand_down(child, section.around)
            child.name = self._element_name(child, label)
            section.children.append(child)
            self._fill(child, item, files)

    def _element_name(self, child: Draft, label: str) -> str:
        written = child.get("name")
        name = self._name(child)
        named = isinstance(written, Scalar) and "$(" in written.text
        return name if named else f"{name} [{label}]"

    def _elements(self, written: Node | None, scope: Scope) -> Iterator[tuple[str, Node | None, Node]]:
        """Give each element with its label and, of a mapping, its key."""
        node = scope.resolve(written) if written is not None else None
        if isinstance(node, Mapping):
            for entry in node.entries:
                yield entry.key.text, Scalar(entry.key.text, entry.key.mark), entry.value
        elif isinstance(node, Sequence):
            for index, element in enumerate(node.items):
                yield _label(element, index), None, element
        elif node is not None and not scope.lenient:
            self.findings.wrong("each wants a list or a mapping, of the file or of a variable", node.mark)

    def _include(self, draft: Draft, item: Item, files: tuple[str, ...]) -> None:
        written = item.include
        if written is None or "$(" in written.text:
            self.findings.wrong("include takes no substitution", written.mark if written else item.mark)
            draft.scope.touch(written or Scalar("", item.mark))
            return
        path = locate(written.text, draft.scope.variables.path)
        name = path.resolve().as_posix()
        if name in files:
            self.findings.wrong(f"include goes in a circle: {written.text} leads back to itself", written.mark)
            return
        found = load(path, self.findings, self.kinds, asked=written.mark, fragment=True)
        if found is not None:
            draft.body = found
            draft.inner = Scope(self._given(draft, found, item.given), lenient=draft.scope.lenient)
            self._hand_down_file(draft, found)
            self._children(draft, found.items, (*files, name))

    def _given(self, draft: Draft, found: Profile, given: Mapping | None) -> Variables:
        """Give the included file its variables: it sees these, resolved out here, and no others."""
        declared = mapping_of(found.get("vars"), "vars", self.findings)
        known = declared.keys() if declared else ()
        values = {}
        for entry in given.entries if given else ():
            name = entry.key.text
            if name not in known:
                hint = nearest(name, known)
                self.findings.wrong(f"{found.path.name} declares no variable '{name}'{hint}", entry.key.mark)
            values[name] = anchored(draft.scope.resolve(entry.value), draft.address)
        supply = Supply(values, included=True, demanded=draft.scope.variables.supply.demanded)
        variables = Variables(found.path, self.findings, declared, supply)
        self.variables.append(variables)
        return variables

    def _hand_down_file(self, draft: Draft, found: Profile) -> None:
        around, inner = draft.around, draft.inner
        skipped = around.skipped or conditions.skipped(found.get("when"), inner)
        draft.inner = inner.at(lenient=bool(skipped))
        defaults = mapping_of(found.get("defaults"), "defaults", self.findings)
        if defaults:
            draft.inner.touch(defaults)
        draft.around = Around(
            owner=around.owner or text_of(found.get("owner"), "owner", inner),
            runbook=around.runbook or text_of(found.get("runbook"), "runbook", inner),
            tags=(*around.tags, *texts_of(found.get("tags"), "tags", inner)),
            defaults=(*around.defaults, *([Defaults(defaults, draft.inner)] if defaults else [])),
            skipped=skipped,
        )


def slug(name: str) -> str:
    """Make an id of a name: lower case, other runs than a-z and 0-9 become `-`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _join(prefix: str, identity: str) -> str:
    return f"{prefix}{identity}" if prefix.endswith(":") or not prefix else f"{prefix}/{identity}"


def _placeholder(name: Node | None, identity: str) -> str:
    """Name the section that `each` makes: what stands for the element is left open."""
    written = name.text if isinstance(name, Scalar) else ""
    return re.sub(r"\$\([^()]*\)", "…", written) or identity


def _label(element: Node, index: int) -> str:
    """Tell an element from its siblings: its text, else its number from 1."""
    text = element.text if isinstance(element, Scalar) else ""
    return text if 0 < len(text) <= _ELEMENT_LENGTH and not re.search(r"[\[\]\n]", text) else str(index + 1)


def mapping_of(node: Node | None, name: str, findings: Findings) -> Mapping | None:
    """Take a node as a mapping; another form is a finding."""
    if node is None or isinstance(node, Mapping):
        return node
    findings.wrong(f"{name} is not a mapping", node.mark)
    return None


def text_of(node: Node | None, name: str, scope: Scope) -> str:
    """Take a node as text that is known before the run; another form is a finding."""
    if node is None:
        return ""
    found = scope.resolve(node)
    if isinstance(found, Scalar) and not found.empty:
        return found.text
    late = isinstance(found, Late)
    unknown = isinstance(found, Late) and not found.parts  # a variable without a value that nobody demands
    if not scope.lenient and not unknown:
        wrong = "cannot hold a secret or a reading" if late else "is not text"
        scope.findings.wrong(f"{name} {wrong}", node.mark)
    return ""


def texts_of(node: Node | None, name: str, scope: Scope) -> tuple[str, ...]:
    """Take a node as a text or a list of texts."""
    if node is None:
        return ()
    found = scope.resolve(node)
    items = found.items if isinstance(found, Sequence) else (found,)
    return tuple(text for item in items if (text := text_of(item, name, scope)))
