"""One file per mistake in `bad/`, each with the whole message beside it.

`GONOGO_UPDATE_GOLDEN=1` writes the messages.
"""

import os
from pathlib import Path

import pytest

from agent.cli.validate import mistakes
from agent.plan.given import Given

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yaml")))
def test_each_mistake_is_told_where_it_is_and_how_to_mend_it(name, monkeypatch):
    monkeypatch.chdir(BAD)
    golden = BAD / f"{name}.txt"
    told = "".join(f"{problem}\n" for problem in mistakes(Path(f"{name}.yaml"), Given()))
    if os.environ.get("GONOGO_UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


def test_no_message_has_lost_its_file():
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in BAD.glob("*.yaml")}
