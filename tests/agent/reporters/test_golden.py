"""Every format of every sample, compared with the file that a person has read.

After a wanted change: `GONOGO_UPDATE_GOLDEN=1 pytest tests/agent/reporters`, then read the difference.
"""

import json
import os
from pathlib import Path

import pytest

from agent import reporters
from agent.events import AttemptFinished, CheckFinished, CheckStarted, RunFinished, RunStarted
from agent.model import Decision
from agent.reporters import ndjson, schema, text
from tests.agent.reporters import samples

GOLDEN = Path(__file__).parent / "golden"
DOCS = Path(__file__).parents[3] / "docs"


def compare(path: Path, now: str) -> None:
    if os.environ.get("GONOGO_UPDATE_GOLDEN"):
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", samples.SAMPLES)
@pytest.mark.parametrize("name", reporters.REPORTERS)
def test_a_report_is_told_as_in_its_golden_file(sample, name):
    compare(GOLDEN / f"{sample}.{name}", reporters.load(name)(samples.SAMPLES[sample]))


@pytest.mark.parametrize(("width", "color"), [(120, False), (80, True), (40, False)])
def test_the_text_fits_other_terminals(width, color):
    kind = f"{width}{'-color' if color else ''}"
    compare(GOLDEN / f"no-go.{kind}.text", text.render(samples.NO_GO, width=width, color=color))


def events():
    """What the narrowed run looked like while it happened."""
    checks = list(samples.NARROWED.root.checks())
    yield RunStarted(at_seconds=0, name="post-deploy", started_at=samples.NARROWED.started_at, checks=3)
    for entry in checks:
        for attempt in entry.result.attempts:
            yield CheckStarted(
                at_seconds=attempt.started_seconds, address=entry.address, name=entry.name, kind=entry.kind
            )
            ended = attempt.started_seconds + attempt.duration_seconds
            yield AttemptFinished(at_seconds=ended, address=entry.address, attempt=attempt)
        yield CheckFinished(at_seconds=1.3, name=entry.name, result=entry.result)
    yield RunFinished(at_seconds=1.31, interrupted="SIGINT", decision=Decision.INCONCLUSIVE)


def test_events_are_told_one_to_a_line():
    compare(GOLDEN / "narrowed.ndjson", "".join(f"{ndjson.encode(event)}\n" for event in events()))


@pytest.mark.parametrize(
    ("name", "made"), [("report.schema.json", schema.of_report), ("event.schema.json", schema.of_event)]
)
def test_the_schemas_in_docs_are_current(name, made):
    compare(DOCS / name, json.dumps(made(), indent=2, ensure_ascii=False) + "\n")


def test_no_golden_file_is_left_over():
    wanted = {f"{sample}.{name}" for sample in samples.SAMPLES for name in reporters.REPORTERS}
    wanted |= {"no-go.120.text", "no-go.80-color.text", "no-go.40.text", "narrowed.ndjson"}
    assert {path.name for path in GOLDEN.iterdir()} == wanted
