"""html: one file that needs nothing else, to attach to a release or to open on a phone.

No script, no font, no image, and a content security policy that would refuse them: the style is
allowed by its hash, so that even an escaping mistake could load and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from agent.report import Report
from agent.reporters import wording
from agent.reporters.html.markup import description_list, esc
from agent.reporters.html.style import CSS
from agent.reporters.html.tree import Tree

_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
_FEW = 8
"""Lines of the derivation that stand open."""
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def render(report: Report) -> str:
    """Tell the report as a page."""
    tree = Tree.of(report)
    items = tree.items(report.root.children) or "<p>Nothing was checked.</p>"
    return (
        f'<!doctype html>\n<html lang="en">\n{_head(report)}\n<body>\n{_verdict(report)}\n'
        f"<main>\n{_about(report)}\n<h2>Checks</h2>\n{tree.clock.axis()}\n{items}\n</main>\n"
        f"<footer>{_footer(report)}</footer>\n</body>\n</html>\n"
    )


def _head(report: Report) -> str:
    return (
        '<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{esc(report.headline)}</title>\n<style>{CSS}</style>\n</head>"
    )


def _verdict(report: Report) -> str:
    """Write the headline, its decision large; the colon behind it is only there to be heard and copied."""
    decision, rest = report.headline[: len(report.decision)], report.headline[len(report.decision) :]
    colon = '<span class="heard">: </span>' if rest.startswith(": ") else ""
    title = f'<span class="decision">{esc(decision)}</span>{colon}{esc(rest.removeprefix(": "))}'
    return (
        f'<header class="{report.decision.lower()}"><div>\n<h1>{title}</h1>\n'
        f"{_why(report.derivation[:_FEW])}{_folded(report.derivation[_FEW:])}\n</div></header>"
    )


def _why(derivation: Sequence[str]) -> str:
    return f'<ul class="why">{"".join(map(_reason, derivation))}</ul>'


def _folded(derivation: Sequence[str]) -> str:
    """Fold what would push the checks off the screen."""
    return f'<details class="more"><summary>all of it</summary>{_why(derivation)}</details>' if derivation else ""


def _reason(text: str) -> str:
    depth = min((len(text) - len(text.lstrip(" "))) // 2, 4)
    return f'<li class="deep{depth}">{esc(text.strip())}</li>'


def _about(report: Report) -> str:
    described = f'<p class="description">{esc(report.description)}</p>' if report.description else ""
    pairs = [(label, esc(text)) for label, text in wording.about(report)]
    return described + description_list("about", pairs)


def _footer(report: Report) -> str:
    return f"gonogo {esc(report.version)} · profile {esc(report.name)} · {esc(report.profile_digest)}"
