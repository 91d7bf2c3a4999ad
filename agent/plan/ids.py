"""Ids and addresses: what items are called, and how they are told from their siblings."""

from __future__ import annotations

import re

from agent.findings import Findings
from agent.node import Node, Scalar
from agent.profile import Item
from agent.template import OPENING, RESERVED

LONGEST = 200
"""Characters of an id; an address is a path of them, and stands wherever a check is named."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LABEL = 80


def slug(name: str) -> str:
    """Make an id of a name: lower case, other runs than a-z and 0-9 become `-`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def identity(item: Item, findings: Findings) -> str:
    """Give an item's id, from its `id` or its name as written; empty, and a finding, when it has none."""
    written = item.get("id")
    if written is not None:
        return _written(written, findings)
    name = item.get("name")
    if not isinstance(name, Scalar) or name.empty:
        wrong = "has no name" if name is None or isinstance(name, Scalar) else "name is not text"
        findings.wrong(wrong, name.mark if name else item.mark)
        return ""
    return _of_name(name, findings)


def _written(written: Node, findings: Findings) -> str:
    text = written.text if isinstance(written, Scalar) else ""
    if OPENING in text:
        wrong = "an id takes no substitution: it is the same in every run"
    elif not _ID.fullmatch(text):
        wrong = "is no id: letters, digits, '-' and '_', a letter or digit first"
    elif text in RESERVED:
        wrong = f"the id '{text}' is reserved: 'each' calls its own so"
    elif len(text) > LONGEST:
        wrong = f"an id has at most {LONGEST} characters, and this one {len(text)}"
    else:
        return text
    findings.wrong(wrong, written.mark)
    return ""


def _of_name(name: Scalar, findings: Findings) -> str:
    made = slug(name.text)
    if not made:
        wrong = f"the name '{name.text}' gives no id (it has no a-z or 0-9): give it an id"
    elif made in RESERVED:
        wrong = f"the name gives the id '{made}', which is reserved: give it an id"
    elif len(made) > LONGEST:
        wrong = f"the name gives an id of more than {LONGEST} characters: give it an id"
    else:
        return made
    findings.wrong(wrong, name.mark)
    return ""


def join(around: str, own: str) -> str:
    """Give the address of an item in a section; that of a profile ends with `:` when a run has several."""
    return f"{around}{own}" if around.endswith(":") or not around else f"{around}/{own}"


def label(element: Node, index: int) -> str:
    """Tell an element of `each` from its siblings: its text, else its number from 1."""
    text = element.text if isinstance(element, Scalar) else ""
    usable = 0 < len(text) <= _LABEL and text.isprintable() and not {"[", "]"} & set(text)
    return text if usable else str(index + 1)
