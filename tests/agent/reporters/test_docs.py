"""docs/reports.md names what there is, and nothing else."""

import re
from pathlib import Path

from agent import reporters
from tests.agent.reporters import samples

PAGE = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_every_format_is_described():
    table = PAGE.partition("## Words")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {*reporters.REPORTERS, "ndjson"}


def test_every_metric_is_described_with_its_labels():
    told = reporters.load("prometheus")(samples.NO_GO)
    labels = {}
    for name, inner in re.findall(r"^(gonogo_\w+)\{(.*)\}", told, re.MULTILINE):
        found = re.findall(r'(\w+)="', inner)
        labels[name] = {"subject_…" if label.startswith("subject_") else label for label in found} - {"profile"}
    rows = re.findall(r"^\| `(gonogo_\w+)` \| (.*?) ?\|", PAGE, re.MULTILINE)
    assert {name: set(re.findall("`(.*?)`", text)) for name, text in rows} == labels
