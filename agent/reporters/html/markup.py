"""Writing HTML: text becomes harmless and escaped here, and nowhere else does text meet a tag."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from agent.reporters import wording
from agent.reporters.clean import line


def esc(text: str) -> str:
    """Write text for an element or a quoted attribute."""
    return escape(line(text), quote=True)


def anchor(address: str) -> str:
    """Give the fragment that leads to an item: what a URL may hold, and the same in `id` and in `href`."""
    return f"item-{quote(line(address), safe='/[].:-')}"


def link(url: str) -> str:
    """Write a runbook, as a link when it is one; whoever follows it takes nothing along."""
    if not wording.is_link(url):
        return esc(url)
    return f'<a href="{esc(url)}" rel="noopener noreferrer">{esc(url)}</a>'


def description_list(name: str, pairs: list[tuple[str, str]]) -> str:
    """Write labels with their values; the values are markup already."""
    rows = "".join(
        f'<div class="{esc(label.replace(" ", "-"))}"><dt>{esc(label)}</dt><dd>{markup}</dd></div>'
        for label, markup in pairs
    )
    return f'<dl class="{name}">{rows}</dl>'
