"""markdown: the job summary of a CI system, or a comment on a pull request.

GitHub-flavoured, which others read too.  What did not pass is told whole, the rest as a folded tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent.model import Outcome
from agent.report import Entry, Report
from agent.reporters import evidence, standing, telling, wording
from agent.reporters.clean import line

_SIGNS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.ERROR: "⚠️",
    Outcome.BLOCKED: "⛔",
    Outcome.PENDING: "✋",
    Outcome.SKIPPED: "➖",  # noqa: RUF001  it is a sign, not a minus
    Outcome.WAIVED: "🏳️",
    Outcome.INCONCLUSIVE: "❔",
}
_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)")
"""What can mean something in the middle of a line: also `$` (formulas); `a_b` is left as it is."""
_OPENING = re.compile(r"[-+=#:]|\d+[.)]")
"""What can mean something at the beginning of a line: lists, headings, underlines."""
_MOST = 1_000_000
"""Bytes; GitHub drops a job summary above 1 MiB."""
_REST = "The rest is left out, because a job summary may have 1 MiB; the json and html reports have it."


def render(report: Report) -> str:
    """Tell the verdict and why, the troubles one by one, and the tree."""
    forgiven = standing.forgiven(report.root)
    parts = [_head(report)]
    parts += [_trouble(entry, forgiven.get(entry.address, "")) for entry in standing.troubles(report)]
    parts += ["\n<details open><summary>All checks</summary>\n\n", *_tree(report.root)]
    return _fitted(parts) + "\n</details>\n"


def _fitted(parts: Iterable[str]) -> str:
    size, kept = 0, list[str]()
    for part in parts:
        size += len(part.encode())
        if size > _MOST:
            return "".join([*kept, f"\n**{_REST}**\n<details>"])
        kept.append(part)
    return "".join(kept)


def _head(report: Report) -> str:
    why = "\n".join(f"> {_indent(text)}{md(text.lstrip(), opening=True)}  " for text in report.derivation)
    about = "\n".join(f"| {label} | {md(text)} |" for label, text in wording.about(report))
    told = f"\n{md(report.description, opening=True)}\n" if report.description else ""
    return f"# {md(report.headline)}\n\n{why}\n{told}\n| | |\n|---|---|\n{about}\n"


def _indent(text: str) -> str:
    return "&emsp;" * ((len(text) - len(text.lstrip())) // 2)


def _trouble(entry: Entry, forgiven: str) -> str:
    marks = "".join(f" · {mark}" for mark in wording.marks(entry))
    found = evidence.findings(entry)
    table = "".join(
        f"| {md(breach.metric)} | **{md(breach.actual)}** | {md(breach.expected)} |\n" for breach in found.breaches
    )
    head = f"\n### {_SIGNS[entry.outcome]} {wording.WORDS[entry.outcome]}: {md(entry.name)}{marks}\n\n"
    rows = f"| metric | measured | expected |\n|---|---|---|\n{table}\n" if table else ""
    pairs = (pair for pair in telling.pairs(entry, forgiven) if pair[0] != "measured")
    return head + rows + "".join(f"- **{label}** {_linked(label, text)}\n" for label, text in pairs)


def _linked(label: str, text: str) -> str:
    return f"<{text}>" if label == "runbook" and wording.is_link(text) else md(text)


def _tree(root: Entry) -> Iterator[str]:
    """Give the items below the profile, as a nested list."""
    for depth, entry in root.walk():
        if depth:
            yield "  " * (depth - 1) + _item(entry) + "\n"


def _item(entry: Entry) -> str:
    quiet = entry.outcome in wording.QUIET
    name = md(entry.name) if entry.result else f"**{md(entry.name)}**"
    word = "" if quiet else f"{wording.WORDS[entry.outcome]} "
    timing = wording.took(entry.result) if entry.result else wording.tally(entry)
    notes = "".join(f" · {md(note)}" for note in (*wording.marks(entry), timing) if note)
    remarks = "".join(f"<br>{md(remark)}" for remark in wording.remarks(entry))
    return f"- {_SIGNS[entry.outcome]} {word}{name}{notes}{remarks}"


def md(text: str, *, opening: bool = False) -> str:
    """Write text so that Markdown takes nothing in it for its own; `opening` at the beginning of a line."""
    escaped = line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _SPECIAL.sub(r"\\\g<0>", escaped).replace("@", "@&#8203;")  # a zero-width space: nobody is called
    if opening and (match := _OPENING.match(escaped)):
        return escaped[: match.end() - 1] + "\\" + escaped[match.end() - 1 :]
    return escaped
