"""What a file mentions: every `$(…)` in it is seen, whether or not anything will ever ask for it.

So a variable that nothing uses is found, and one that is not declared where it stands in what does not
apply; and a mistake elsewhere in the file makes no variable look unused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Table

from agent.findings import Findings
from agent.node import Mapping, Node, Scalar, Sequence
from agent.problem import Mark
from agent.template import NAME, OPENING, RESERVED, Ref, Source, TemplateError, parse

_NAMES = re.compile(r"\$\(([\w-]+)")
"""What looks like variables in a text that cannot be read."""


def check(root: Mapping, before: tuple[Mapping, ...], findings: Findings) -> None:
    """See that what the file mentions is declared, and what it declares is mentioned.

    `before` are the files that it extends, as they are written: what they mention is not unused because a
    change took it away.
    """
    declared = _declared(root, findings)
    mentions = _Mentions(declared, findings)
    mentions.look(root)
    for other in before:
        mentions.look(other)
    for name, mark in declared.items():
        if name not in mentions.used:
            findings.wrong(f"variable '{name}' is never used", mark)


def nodes(root: Node) -> Iterator[Node]:
    """Give a node and all that is in it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Mapping):
            waiting += [entry.value for entry in node.entries]
        elif isinstance(node, Sequence):
            waiting += node.items


def undeclared(name: str, declared: Table[str, object], findings: Findings) -> str:
    """Say that a variable is not declared."""
    hint = findings.hint(name, declared.keys())
    return f"variable '{name}' is not declared{hint or f'; for the text itself write $$({name})'}"


def _declared(root: Mapping, findings: Findings) -> dict[str, Mark]:
    variables = root.get("vars")
    declared = {}
    for entry in variables.entries if isinstance(variables, Mapping) else ():
        name, mark = entry.key.text, entry.key.mark
        if name in RESERVED:
            findings.wrong(f"'{name}' is what 'each' calls its own: name the variable otherwise", mark)
        elif NAME.fullmatch(name):
            declared[name] = mark
        else:
            findings.wrong(f"'{name}' is no name for a variable: letters, digits, '-' and '_', no digit first", mark)
    return declared


class _Mentions:
    """Looks through whole files."""

    def __init__(self, declared: Table[str, Mark], findings: Findings) -> None:
        self.declared = declared
        self.findings = findings
        self.used: set[str] = set()

    def look(self, root: Mapping) -> None:
        """Look at every text in a file; the variables of each `when` are used."""
        for node in nodes(root):
            if isinstance(node, Mapping):
                self._keys(node)
            elif isinstance(node, Scalar) and OPENING in node.text:
                self._text(node)

    def _keys(self, node: Mapping) -> None:
        for entry in node.entries:
            text = entry.key.text
            if text == "when" and isinstance(entry.value, Mapping):
                self.used.update(entry.value.keys())
            elif OPENING in text:
                self.findings.wrong("a key takes no substitution", entry.key.mark)
                self.used.update(_NAMES.findall(text))

    def _text(self, node: Scalar) -> None:
        try:
            parts = parse(node.text)
        except TemplateError as error:
            self.findings.wrong(str(error), node.mark, error.text)
            self.used.update(_NAMES.findall(node.text))
            return
        for part in parts:
            if isinstance(part, Ref) and part.source is Source.VARIABLE:
                self._variable(part, node)

    def _variable(self, ref: Ref, node: Scalar) -> None:
        self.used.add(ref.name)
        if ref.name not in self.declared:
            self.findings.wrong(undeclared(ref.name, self.declared, self.findings), node.mark, ref.text)
