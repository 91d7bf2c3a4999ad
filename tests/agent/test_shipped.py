"""What ships is without mistakes, whatever its variables will be."""

import pytest

from agent.cli.validate import mistakes
from agent.findings import SHIPPED
from agent.plan.given import Given

PROFILES = [pytest.param(path, id=str(path.relative_to(SHIPPED))) for path in sorted(SHIPPED.rglob("*.yaml"))]


@pytest.mark.parametrize("path", PROFILES)
def test_what_ships_is_without_mistakes(path):
    assert mistakes(path, Given(demanded=False)) == ()
