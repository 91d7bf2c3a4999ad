"""tap: version 13 of the Test Anything Protocol (prove and every other consumer read it).

Flat, because a subtest that failed may not stand in a section that passed, and a quorum makes just that.
A failure that the verdict does not rest on is TODO, which a consumer shows and does not count: that of
an advisory or waived check, and one that a section above forgave.  The last point is the verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from agent.model import Decision, Outcome
from agent.report import Entry, Report
from agent.reporters import standing, telling, wording
from agent.reporters.clean import line


def render(report: Report) -> str:
    """Tell each check as one test point, and the verdict as the last."""
    checks = list(_checks(report.root, ""))
    forgiven = standing.forgiven(report.root)
    lines = ["TAP version 13", f"1..{len(checks) + 1}", f"# {line(report.headline)}"]
    lines += [f"# {label}: {line(text)}" for label, text in wording.about(report)]
    for number, (entry, path) in enumerate(checks, start=1):
        ok = "ok" if entry.outcome in wording.QUIET else "not ok"
        lines.append(f"{ok} {number} - {_described(path)}{_directive(entry, forgiven)}")
        lines += _diagnosed(entry)
    ok = "ok" if report.decision is Decision.GO else "not ok"
    lines.append(f"{ok} {len(checks) + 1} - {_described(report.headline)}")
    lines += _block(("reason", text) for text in report.derivation)
    return "\n".join(lines) + "\n"


def _checks(entry: Entry, path: str) -> Iterator[tuple[Entry, str]]:
    """Give each check with the names that lead to it; the profile's all have in common."""
    if entry.result is not None:
        yield entry, path
    for child in entry.children:
        yield from _checks(child, f"{path} / {child.name}" if path else child.name)


def _directive(entry: Entry, forgiven: dict[str, str]) -> str:
    if entry.outcome is Outcome.SKIPPED:
        return f" # SKIP {_described(entry.reason)}"
    why = forgiven.get(entry.address)
    return f" # TODO {_described(why)}" if why else ""


def _diagnosed(entry: Entry) -> Iterator[str]:
    if entry.outcome is Outcome.PASS:
        remarks = [("remark", said) for said in wording.remarks(entry)]
        return _block(remarks) if remarks else iter(())
    return iter(()) if entry.outcome is Outcome.SKIPPED else _block([("outcome", entry.outcome), *telling.pairs(entry)])


def _described(text: str) -> str:
    return line(text).replace("\\", "\\\\").replace("#", "\\#")


def _block(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Write a YAML block in the little of YAML that prove knows: unlike keys, texts in single quotes."""
    seen: Counter[str] = Counter()
    yield "  ---"
    for label, text in pairs:
        key = label.replace(" ", "_") or "more"
        seen[key] += 1
        quoted = line(text).replace("'", "''")
        yield f"  {key}{f'_{seen[key]}' if seen[key] > 1 else ''}: '{quoted}'"
    yield "  ..."
