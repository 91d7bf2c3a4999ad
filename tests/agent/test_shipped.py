"""What ships, the sample of the design and its examples: bound as an operator would."""

import re
from pathlib import Path

import pytest

from agent import registry
from agent.cli.validate import mistakes
from agent.findings import SHIPPED
from agent.plan.given import Given

HERE = Path(__file__).parent / "profiles"
NO_VALUES = Given(demanded=False)

KINDS = {
    "sample.yaml": {"attestation", "kubernetes.rollout", "prometheus.metric"},
    "examples/smoke.yaml": {
        "attestation", "http.rate_limit", "http.sampled", "logs", "prometheus.metric", "prometheus.query",
    },
    "examples/rollback.yaml": {
        "attestation", "postgres.query", "prometheus.query", "sarif", "verdict",
    },
    "examples/pre-deploy.yaml": {
        "alertmanager", "attestation", "aws.backup", "aws.call", "aws.queue", "aws.target_health", "coverage", "env", "git",
        "http.rate_limit", "http.redirects", "http.security_headers", "junit", "kubernetes.pods", "kubernetes.resource",
        "kubernetes.rollout", "link", "logs", "metrics_page", "postgres.connection", "postgres.query",
        "prometheus.metric", "prometheus.query", "prometheus.targets", "redis", "report", "sarif",
    },
    "examples/lib/grafana-dashboard.yaml": {"prometheus.query"},
    "examples/lib/kubernetes-web-app.yaml": {"kubernetes.pods", "kubernetes.rollout"},
    "examples/lib/pagerduty-on-call.yaml": set(),
}  # fmt: skip
"""Kinds that these files use and that need not be there; their settings' names are suggestions."""

SUGGESTED = {
    "examples/pre-deploy.yaml": [
        "variable 'previous_version' is never used",
        "'0.1%' is not a plain number; name the reading for its unit, as …_seconds or …_bytes",
    ],
    "examples/rollback.yaml": [
        "query: a column is called rows, which is a metric of this kind: call it something else"
    ],
}
"""What is otherwise wrong with them here."""


@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_wrong_but_kinds_that_are_not_there(name):
    told = [problem.message for problem in mistakes(HERE / name, NO_VALUES)]
    unknown = {match[1] for message in told if (match := re.match(r"unknown kind '([\w.]+)'", message))}
    assert unknown == KINDS[name] - {*registry.names()}
    assert [message for message in told if not message.startswith("unknown kind")] == SUGGESTED.get(name, [])


def test_the_sample_asks_for_the_one_value_that_it_lacks():
    told = [
        problem.message for problem in mistakes(HERE / "sample.yaml", Given()) if "unknown kind" not in problem.message
    ]
    assert told == [
        "variable 'version' has no value: give it with --var version=…, GONOGO_VAR_VERSION or --vars-file"
    ] * len(told)
    assert told


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(SHIPPED))) for path in sorted(SHIPPED.rglob("*.yaml"))]
)
def test_what_ships_is_without_mistakes(path):
    assert mistakes(path, NO_VALUES) == ()
