"""Sources for drafts, as text."""

from datetime import UTC, datetime
from pathlib import Path

from agent import source
from agent.drafts import File, drafted
from agent.drafts.page import Title
from agent.findings import Findings
from agent.plan.bind import Asked, bind
from agent.plan.given import Given
from agent.problem import ProfileError

DATA = Path(__file__).parent / "data"
TITLE = Title(name="shop", file="shop.yaml", origin="source.yaml", source="source.yaml")


def draft(form, text):
    """Draft from a text; it is taken as it stands."""
    data = text if isinstance(text, bytes) else text.encode()
    return drafted(form, [File("source.yaml", data)], TITLE)


def refused(form, text):
    """Give what is said of a text that no draft can be made from."""
    try:
        made = draft(form, text)
    except ProfileError as error:
        return str(error)
    raise AssertionError(made.text)


def bound(text):
    """Bind a profile that stands nowhere, as `gonogo validate --no-values` does."""
    findings, path = Findings(), Path("draft.yaml")
    findings.sources[str(path)] = source.parse(text, str(path))
    return bind((path,), Asked(given=Given(demanded=False), now=datetime(2026, 1, 1, tzinfo=UTC)), findings).plan


def checks(made):
    """Give the lines of a draft that say what is checked, without what is around them."""
    lines = made.text.split("checks:\n", 1)[1].split("\n\n# In the source")[0].splitlines()
    return [line.strip() for line in lines]


def left(made):
    """Give what a draft says it leaves out."""
    _, _, end = made.text.partition("# In the source, and not in the checks above:\n")
    return [line.removeprefix("#   ") for line in end.splitlines()]
