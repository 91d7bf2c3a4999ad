"""What binding costs: modules that a run need not import, and work that grows with the profile and no faster."""

import cProfile
import pstats
import subprocess
import sys

import pytest

CODE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import agent.cli.run
from agent.plan.bind import Asked, bind
bind((Path("p.yaml"),), Asked(now=datetime.now(UTC)))
print(*sys.modules)
"""
NOT_FOR_A_RUN = {
    "agent.lint", "agent.describe", "agent.schema", "agent.planned", "agent.demo", "agent.drafts", "importlib.metadata",
    "probes.tls.probe", "probes.dns.probe",
}  # fmt: skip


def test_a_run_imports_what_it_needs(room):
    room.write("p.yaml", "name: p\nchecks:\n  - {name: One, http: {url: 'http://a.example/'}}\n")
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"agent.plan.bind", "probes.http.probe"} <= loaded
    assert loaded & NOT_FOR_A_RUN == set()


def calls(room, text: str) -> int:
    """Count the calls that binding makes: the same on every machine, however busy."""
    room.write("p.yaml", text)
    profile = cProfile.Profile()
    profile.enable()
    try:
        room.bind()
    finally:
        profile.disable()
    return pstats.Stats(profile).total_calls


CHECK = """  - name: Check {n} answers
    acme.healthy: {{host: 'https://$(domain)/{n}', json: {{state_{n}: a}}, regex: {{pid: 'x$(domain)'}}}}
    expect: {{state_{n}: $(domain), count: {{max: {n}}}}}
    retry: {{attempts: 3}}
    refs: {{state_{n}: R-{n}}}
    tags: [t{n}]
"""


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(CHECK, id="checks"),
        pytest.param(CHECK + "    needs: [check-{p}-answers]\n", id="a chain of needs"),
        pytest.param(CHECK + "    warn: {{state: $(check-0-answers.state)}}\n", id="readings of one check"),
        pytest.param(CHECK + "    when: {{domain: {{exists: false}}}}\n", id="what does not apply"),
        pytest.param("  - name: S{n}\n    defaults: {{timeout: {n}s}}\n    checks:\n      - {{name: A, acme.healthy: {{}}}}\n", id="sections"),
        pytest.param("  - {{name: P{n}, include: part.yaml, vars: {{host: 'h{n}'}}}}\n", id="one file included often"),
        pytest.param("  - {{name: E{n}, id: e{n}, each: [a, b, c], acme.healthy: {{host: $(item)}}, needs: ['e{p}[b]']}}\n", id="elements"),
    ],
)  # fmt: skip
def test_work_grows_with_the_profile_and_no_faster(room, one):
    room.write("part.yaml", "name: part\nvars: {host: }\nchecks:\n  - {name: One, acme.healthy: {host: $(host)}}\n")

    def profile(count: int) -> str:
        checks = "  - {name: First, id: check-0-answers, acme.healthy: {host: $(domain)}}\n  - {name: E, id: e0, each: [b], acme.healthy: {}}\n"
        checks += "".join(one.format(n=number, p=number - 1) for number in range(1, count))
        waivers = "".join(
            f"  - {{check: check-0-answers, owner: o, reason: r, expires: 2099-01-0{number % 9 + 1}}}\n"
            for number in range(count)
        )
        return f"name: p\nvars: {{domain: a}}\nchecks:\n{checks}waivers:\n{waivers}"

    room.bind(profile(5))
    few, many = calls(room, profile(100)), calls(room, profile(400))
    assert many < 4.3 * few
