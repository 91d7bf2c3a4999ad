"""The outline: every section and check that there will be, with its address, before any is bound.

Here `each` is unrolled, `include` is followed, `when` is settled, and what sections hand down is handed
down.  Only then can a reference be looked up, because only then is it known what there is.
"""

from __future__ import annotations

from pathlib import Path

from agent.findings import locate, real
from agent.node import Scalar
from agent.plan import conditions, elements, ids
from agent.plan.draft import Around, Defaults, Draft, Each
from agent.plan.ground import Ground
from agent.plan.ids import slug
from agent.plan.references import anchored
from agent.plan.scope import Scope
from agent.plan.texts import mapping_of, text_of, texts_of
from agent.plan.variables import Origin, Supplied, Supply, Variables
from agent.profile import Item, Profile, load
from agent.template import OPENING

__all__ = ["Outliner", "slug"]


class Outliner:
    """Builds the outline of one profile."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.findings = ground.findings
        self._fragments: dict[Path, Profile] = {}

    def profile(self, profile: Profile, scope: Scope, prefix: str) -> Draft:
        """Outline a whole profile; `prefix` stands before its addresses when a run has several."""
        root = Draft(profile, scope, None, prefix)
        self._hand_down(root, Around())
        title = "title" if profile.get("title") is not None else "name"
        root.name = text_of(profile.get(title), title, root.scope) or profile.path.stem
        self._children(root, profile.items, (real(profile.path),))
        return root

    # ---- items

    def _children(self, parent: Draft, items: tuple[Item, ...], files: tuple[str, ...]) -> None:
        for item in items:
            draft = self._draft(item, parent)
            if draft is not None:
                parent.children.append(draft)
                self._fill(draft, item, files)

    def _draft(self, item: Item, parent: Draft) -> Draft | None:
        identity = self._identity(item, parent)
        if not identity:
            return None
        draft = Draft(item, parent.inner, parent, ids.join(parent.address, identity))
        self.ground.item(draft.depth, draft.mark)
        draft.id, draft.slug = identity, item.get("id") is None
        parent.ids[identity] = draft
        draft.each = Each.SECTION if item.get("each") is not None else Each.NO
        self._hand_down(draft, parent.around)
        if draft.each is Each.SECTION:
            draft.name = elements.name_of_section(draft)
        else:
            draft.name = text_of(item.get("name"), "name", draft.scope) or identity
        return draft

    def _identity(self, item: Item, parent: Draft) -> str:
        identity = ids.identity(item, self.findings)
        other = parent.ids.get(identity)
        if other is not None:
            written = item.get("id") or item.get("name")
            remedy = "give it another id" if item.get("id") is not None else "give it an id"
            message = f"has the id '{identity}' of its sibling in line {other.mark.line}: {remedy}"
            self.findings.wrong(message, written.mark if written else item.mark)
        while identity in parent.ids:
            identity += "+"  # no id can be that, and the rest of it is looked at all the same
        return identity

    def _fill(self, draft: Draft, item: Item, files: tuple[str, ...]) -> None:
        """Give a draft its children: of `each`, of the list below it, or of the file that it includes."""
        if draft.each is Each.SECTION:
            self._unroll(draft, item, files)
        elif item.include is not None:
            self._include(draft, item, item.include, files)
        else:
            self._children(draft, item.children, files)

    def _unroll(self, section: Draft, item: Item, files: tuple[str, ...]) -> None:
        for element in elements.elements(section):
            scope = section.inner.at(item=element.node, key=element.key)
            child = Draft(item, scope, section, f"{section.address}[{element.label}]")
            self.ground.item(child.depth, child.mark)
            child.each, child.id, child.slug = Each.ELEMENT, section.id, section.slug
            self._hand_down(child, section.around)
            child.name = elements.name_of_element(child, element.label)
            section.children.append(child)
            section.ids[element.label] = child
            self._fill(child, item, files)

    # ---- what is handed down

    def _hand_down(self, draft: Draft, around: Around) -> None:
        draft.around = self._around(draft, draft.scope, around)
        if draft.around.skipped:
            draft.scope = draft.scope.idle()
        draft.inner = draft.scope

    def _around(self, written: Draft | Profile, scope: Scope, around: Around) -> Around:
        """Give what holds below: what is written there, and what comes from around it."""
        skipped = around.skipped or conditions.skipped(written.get("when"), scope)
        scope = scope.idle() if skipped else scope
        own = mapping_of(written.get("defaults"), "defaults", self.findings)
        tags = texts_of(written.get("tags"), "tags", scope)
        return Around(
            owner=text_of(written.get("owner"), "owner", scope) or around.owner,
            runbook=text_of(written.get("runbook"), "runbook", scope) or around.runbook,
            tags=tuple(dict.fromkeys((*around.tags, *tags))),
            defaults=Defaults(own, scope, around.defaults) if own else around.defaults,
            skipped=skipped,
        )

    # ---- included files

    def _include(self, draft: Draft, item: Item, written: Scalar, files: tuple[str, ...]) -> None:
        path = locate(written.text, written.mark)
        wrong = ""
        if OPENING in written.text:
            wrong = "include takes no substitution: what a profile is made of is the same in every run"
        elif real(path) in files:
            wrong = f"include goes in a circle: {written.text} leads back to itself"
        if wrong:
            self.findings.wrong(wrong, written.mark)
            return
        found = self._fragment(path, written)
        if found is not None:
            draft.body = found
            scope = Scope(self._variables(draft, found, item, written))
            draft.inner = self._hand_in(draft, found, scope)
            self._children(draft, found.items, (*files, real(path)))

    def _fragment(self, path: Path, written: Scalar) -> Profile | None:
        if path not in self._fragments:
            found = load(path, self.findings, self.ground.kinds, asked=written.mark, fragment=True)
            if found is None:
                return None
            self._fragments[path] = found
        return self._fragments[path]

    def _hand_in(self, draft: Draft, found: Profile, scope: Scope) -> Scope:
        """Hand down what the head of an included file says; what stands beside the `include` goes before it."""
        beside = {key: getattr(draft.around, key) for key in ("owner", "runbook") if draft.item.get(key) is not None}
        draft.around = self._around(found, scope, draft.around)._replace(**beside)
        return scope.idle() if draft.around.skipped else scope

    def _variables(self, draft: Draft, found: Profile, item: Item, written: Scalar) -> Variables:
        """Give the included file its variables: it sees these, resolved out here, and no others."""
        declared = mapping_of(found.get("vars"), "vars", self.findings)
        known = declared.keys() if declared else ()
        values = {}
        for entry in item.given.entries if item.given else ():
            name = entry.key.text
            if name not in known:
                hint = self.findings.hint(name, known)
                self.findings.wrong(f"{found.path.name} declares no variable '{name}'{hint}", entry.key.mark)
            values[name] = Supplied(anchored(draft.scope.resolve(entry.value), draft.address), Origin.INCLUDE)
        whole = item.sound and values.keys() <= {*known}  # else what is missing is there by another name
        demanded = draft.scope.variables.supply.demanded and whole
        return Variables(declared, self.ground, Supply(values, demanded, written.mark))
