"""Binding profiles from text."""

from datetime import UTC, datetime

import msgspec
import pytest

from agent.plan.bind import Asked, bind
from agent.plan.given import Given
from agent.plan.steps import Step
from agent.planned import written
from agent.problem import ProfileError
from tests.agent import strangers
from tests.agent.plan.kit import Room

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Bound:
    """A bound profile, easy to ask."""

    def __init__(self, bound):
        self.bound = bound
        self.plan = bound.plan
        self.items = {item.address: item for item in bound.plan.root.walk()}

    def __getitem__(self, address):
        return self.items[address]

    def addresses(self):
        """All addresses but the root's."""
        return [address for address in self.items if address]

    def settings(self, address):
        return written(self.items[address].settings)

    def command(self, address):
        return self.settings(address)["command"]

    def needs(self):
        return {item.address: item.needs for item in self.items.values() if isinstance(item, Step) and item.needs}


@pytest.fixture
def bound(tmp_path, monkeypatch):
    """Bind `p.yaml` of these checks, beside these files."""
    monkeypatch.chdir(tmp_path)

    def make(checks, *, head="", files=None, environment=None, **asked):
        (tmp_path / "p.yaml").write_text(f"name: p\n{head}\nchecks:\n{checks}\n")
        for name, text in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        options = tuple(asked.pop("var", ()))
        vars_files = tuple(asked.pop("vars_files", ()))
        given = Given(
            options=options, files=vars_files, environment=environment or {}, demanded=asked.pop("demanded", True)
        )
        paths = tuple(asked.pop("paths", (tmp_path.__class__("p.yaml"),)))
        return Bound(bind(paths, msgspec.structs.replace(Asked(now=NOW), given=given, **asked)))

    return make


@pytest.fixture
def refused(bound):
    """Give what is wrong with a profile, one line each without the excerpt."""

    def make(*arguments, **options):
        with pytest.raises(ProfileError) as caught:
            bound(*arguments, **options)
        return [
            f"{problem.mark}: {problem.message}" if problem.mark else problem.message
            for problem in caught.value.problems
        ]

    return make


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder that is the working directory, with `acme.thing`, `acme.healthy` and `acme.query` installed."""
    module = "tests.agent.plan.kinds"
    strangers.kinds(
        tmp_path / "site", monkeypatch, thing=f"{module}:Thing", healthy=f"{module}:Healthy", query=f"{module}:Query"
    )
    folder = tmp_path / "profiles"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield Room(folder)
    monkeypatch.undo()
    strangers.forget()
