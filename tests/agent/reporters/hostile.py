"""A report in which every text that can be anybody's is an attack."""

from itertools import count

import msgspec

from agent.report import Report
from tests.agent.reporters import samples

ATTACKS = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "first\nsecond\r\nthird\u2028fourth\x85fifth",
    "a|b|c `code` ``` *bold* _em_ [x](javascript:alert(1)) ![i](http://evil.example/i.png) ~~s~~ $x$ @dana #1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;&#60;b>",
    "]]></failure><testcase name='x'/>--><!--",
    "nul\x00 and \ufffe and \ud800 and \U000e0041",
    "\u202egnp.exe\u2066 right\u200bto\ufeffleft",
    "%0A::error::x\n::add-mask::secret\n##vso[task.setvariable variable=x]y\n##[group]z",
    "'quoted' \"double\" \\back\\ {brace} # hash # TODO no # SKIP no",
    "x" * 5000,
    "...\n---\nok 1 - forged\nnot ok 2\n1..0\nBail out!",
    '"} 1\ngonogo_run_decision{decision="GO"} 1\n# HELP x',
    "漢字かな 🚀👩‍👩‍👧 e\u0301 ﷽",
    "  leading and trailing  ",
    "",
)
TEXTS = {
    "name", "reason", "owner", "waiver", "metric", "actual", "expected", "title", "by", "host", "actor", "description",
    "kind", "file", "version",
}  # fmt: skip
LISTS = {"tags", "refs", "refutes", "expectations", "derivation", "blocked_by"}
MAPPINGS = {"subject", "readings", "unreadable"}


def replaced(report: Report, text) -> Report:
    """The same report with `text()` in every place where a text of somebody else can be."""
    numbers = count()
    ways = {
        **dict.fromkeys(TEXTS, text),
        **dict.fromkeys(LISTS, lambda: [text() for _ in range(3)]),
        **dict.fromkeys(MAPPINGS, lambda: {text(): text() for _ in range(3)}),
        "metric_refs": lambda: {text(): [text()]},
        "headline": lambda: report.decision + text(),
        "address": lambda: f"{text()}/{next(numbers)}",
        "runbook": lambda: text() or "ftp://x",
    }

    def walked(value):
        if isinstance(value, dict):
            return {key: ways[key]() if key in ways and item != "" else walked(item) for key, item in value.items()}
        return list(map(walked, value)) if isinstance(value, list | tuple) else value

    return msgspec.convert(walked(msgspec.to_builtins(report)), Report, strict=False)


def attacks():
    """Each attack in turn, for ever."""
    while True:
        yield from ATTACKS


def report(attack: str | None = None) -> Report:
    """A NO-GO full of one attack, or of all."""
    if attack is not None:
        return replaced(samples.NO_GO, lambda: attack)
    turn = attacks()
    return replaced(samples.NO_GO, lambda: next(turn))
