"""The sample of the design and the long examples: what an operator would like to write, and what of it loads."""

import re
from pathlib import Path

import pytest

from agent.cli.validate import mistakes
from agent.plan.given import Given

PROFILES = Path(__file__).parent / "profiles"
COMING = {
    "attestation", "coverage", "git", "http.rate_limit", "http.redirects", "http.sampled", "http.security_headers", "junit",
    "link", "logs", "sarif", "verdict",
}  # fmt: skip
"""Kinds that do not exist yet."""
RENAMED = {"report", "env"}
"""What the examples call `document` and `environment`."""
REST = {
    "rollback.yaml:59": "query: a column is called rows, which is a metric of this kind: call it something else",
    "pre-deploy.yaml:10": "variable 'previous_version' is never used",
    "pre-deploy.yaml:807": "'0.1%' is not a plain number; name the reading for its unit, as …_seconds or …_bytes",
}
"""Mistakes that these files really have."""


@pytest.mark.parametrize(
    "name", ["sample.yaml", "examples/smoke.yaml", "examples/rollback.yaml", "examples/pre-deploy.yaml"]
)
def test_a_profile_loads_as_far_as_its_kinds_exist(name, monkeypatch):
    monkeypatch.chdir(PROFILES)
    path = Path(name)
    found = {f"{path.name}:{problem.mark.line}": problem.message for problem in mistakes(path, Given(demanded=False))}
    assert {place: said for place, said in found.items() if _kind(said) not in COMING | RENAMED} == {
        place: said for place, said in REST.items() if place.startswith(path.name)
    }


def _kind(message):
    match = re.match(r"unknown (?:kind|key) '([^']+)'", message)
    return match[1] if match else None


def test_the_sample_is_whole_but_for_the_signature(monkeypatch):
    monkeypatch.chdir(PROFILES)
    assert [problem.message for problem in mistakes(Path("sample.yaml"), Given(demanded=False))] == [
        "unknown kind 'attestation'"
    ]
