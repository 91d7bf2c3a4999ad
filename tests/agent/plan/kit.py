"""What the tests of binding are made of: profiles in a folder, bound, and their mistakes told."""

import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.plan.bind import Asked, Bind, bind
from agent.plan.given import Given
from agent.plan.steps import Section, Step
from agent.planned import written
from agent.problem import ProfileError

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Room:
    """A folder with profiles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return Path(name)

    def bind(self, text: str = "", *paths: str, **asked) -> Bind:
        """Bind `p.yaml`, which is written here when there is text, or these files."""
        if text:
            self.write("p.yaml", text)
        given = Given(
            **{key: asked.pop(key) for key in ("options", "files", "environment", "demanded") if key in asked}
        )
        return bind(tuple(map(Path, paths or ("p.yaml",))), Asked(given=given, **{"now": NOW, **asked}))

    def items(self, text: str = "", *paths: str, **asked) -> dict[str, Step | Section]:
        """Bind, and give everything in the plan by address."""
        return {item.address: item for item in self.bind(text, *paths, **asked).plan.root.walk()}

    def step(self, text: str, **asked) -> Step:
        """Bind, and give the one check."""
        (step,) = self.bind(text, **asked).plan.steps
        return step

    def settings(self, text: str, **asked) -> dict:
        """Bind, and give the settings of the one check."""
        return written(self.step(text, **asked).settings)

    def told(self, text: str = "", *paths: str, **asked) -> list[str]:
        """Tell what is wrong: place and message, without the line that is quoted."""
        with pytest.raises(ProfileError) as caught:
            self.bind(text, *paths, **asked)
        return [str(problem).partition("\n")[0].removeprefix("p.yaml:") for problem in caught.value.problems]
