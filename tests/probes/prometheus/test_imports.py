"""Which kinds load the client's library: those that use it, and no other."""

import subprocess
import sys

import pytest

HEAVY = ("prometheus_api_client", "requests", "dateparser", "yaml", "lxml")


def loaded(code):
    """Run code in a fresh interpreter, and tell which heavy libraries it loaded."""
    tell = f"import sys; {code}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("probes.prometheus.metric", ["prometheus_api_client", "requests"]),
        ("probes.prometheus.query", ["prometheus_api_client", "requests"]),
        ("probes.prometheus.rules", ["prometheus_api_client", "requests"]),
        ("probes.prometheus.targets", []),
        ("probes.prometheus.alerts", []),
        ("probes.alertmanager.probe", []),
        ("probes.metrics_page.probe", []),
    ],
)
def test_only_those_who_use_the_client_load_it(module, libraries):
    assert loaded(f"import {module}") == libraries


def test_another_kind_loads_none_of_it():
    assert loaded("from agent import registry; registry.find('http')") == []
