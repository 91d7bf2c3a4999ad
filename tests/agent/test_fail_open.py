"""Every way in which another tool was seen to say "go" without having looked, shut.

The list is of sixteen tools, ten of which have such a path (prowler, sslyze, argo-rollouts, keptn, kayenta,
flagger, troubleshoot, goss, pint, monitoring-plugins), and of six checkers whose source was read.  Each
test runs the command line as a pipeline does, and asserts that the exit code is not 0.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from agent import cli
from agent.model import Decision
from agent.report import Report


@pytest.fixture
def gonogo(tmp_path, monkeypatch, capsys):
    """Run `gonogo run` on a profile; gives the exit code, the report (None when there is none) and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(checks, *options, head=""):
        Path("p.yaml").write_text(f"name: p\n{head}\nchecks:\n{checks}\n")
        report = Path("report.json")
        code, _ = cli.invoke(["run", "p.yaml", "--quiet", "--report", f"json:{report}", *options])
        found = msgspec.json.decode(report.read_bytes(), type=Report) if report.exists() else None
        return code, found, capsys.readouterr().err

    return run


ECHO = "{name: Echo, exec: {command: [echo, hi]}}"


def outcomes(report):
    return {entry.address: entry.outcome.value for entry in report.root.checks()}


def test_the_control_is_go(gonogo):
    code, report, _ = gonogo(f"  - {ECHO}")
    assert (code, report.decision, outcomes(report)) == (0, Decision.GO, {"echo": "pass"})


# ---- sslyze: every target unreachable, a bad command line, JSON to standard output


def test_every_target_unreachable_is_no_go(gonogo, closed_port):
    code, report, _ = gonogo(f"  - {{name: Port, tcp: {{host: 127.0.0.1, port: {closed_port}}}}}")
    assert (code, report.decision) == (1, Decision.NO_GO)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "no-such-file.yaml"],
        ["run", "--no-such-option", "x"],
        ["ruin"],
        ["run", "x", "--report", "jsno"],
    ],
)
def test_a_bad_command_line_is_two(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.invoke(arguments)[0] == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "form", ["text", "json", "ndjson", "junit", "tap", "markdown", "html", "github", "prometheus", "nagios"]
)
def test_no_format_changes_the_exit_code(form, tmp_path, monkeypatch, capsys):
    """goss -f structured, sslyze --json_out=-, each of which ends in 0 whatever was found."""
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text("name: p\nchecks:\n  - {name: No, exec: {command: ['false']}}\n")
    assert cli.invoke(["run", "p.yaml", "--quiet", "--report", form])[0] == 1
    assert capsys.readouterr().out


# ---- prowler: a check that raises, a permission that is denied


def test_a_command_that_cannot_be_looked_at_is_inconclusive(gonogo):
    code, report, _ = gonogo("  - {name: No such tool, exec: {command: [no-such-tool-here]}}")
    assert (code, report.decision, outcomes(report)) == (3, Decision.INCONCLUSIVE, {"no-such-tool": "error"})


def test_a_witness_that_denies_is_inconclusive(gonogo, denying_server):
    code, report, _ = gonogo(f"  - {{name: Witness, api: {{url: '{denying_server}'}}}}")
    assert (code, outcomes(report)) == (3, {"witness": "error"})


def test_a_missing_secret_is_inconclusive(gonogo):
    code, report, _ = gonogo("  - {name: Secret, exec: {command: [echo, $(secret:GONOGO_TEST_NO_SUCH)]}}")
    assert (code, outcomes(report)) == (3, {"secret": "error"})


# ---- argo-rollouts, keptn, flagger, goss: nothing is asserted, nothing is measured


@pytest.mark.parametrize(
    "checks",
    [
        pytest.param("  []", id="no checks"),
        pytest.param("  - {name: Section, checks: []}", id="an empty section"),
        pytest.param("  - {name: Nothing, runner: {}}", id="a check that looks at nothing"),
        pytest.param("  - {name: Empty, exec: {command: [echo]}, expect: {}}", id="an empty expect"),
        pytest.param("  - {name: Empty, exec: {command: [echo]}, expect: {stdout: []}}", id="an empty list"),
        pytest.param(
            "  - {name: Empty, exec: {command: [echo]}, expect: {stdout: {contains: []}}}", id="contains nothing"
        ),
        pytest.param("  - {name: Empty, exec: {command: [echo]}, expect: {stdout: {}}}", id="an empty limit"),
    ],
)
def test_what_asserts_nothing_is_refused(checks, gonogo):
    code, report, said = gonogo(checks)
    assert (code, report) == (2, None)
    assert said


def test_a_profile_without_checks_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text("name: p\n")
    assert cli.invoke(["run", "p.yaml"])[0] == 2


def test_each_of_nothing_is_inconclusive(gonogo):
    code, report, _ = gonogo(
        "  - {name: Each $(item), each: $(hosts), exec: {command: [echo, $(item)]}}", head="vars: {hosts: []}"
    )
    assert (code, report.decision) == (3, Decision.INCONCLUSIVE)


def test_all_skipped_is_inconclusive(gonogo):
    code, report, _ = gonogo("  - {name: Off, when: {on: true}, exec: {command: [echo]}}", head="vars: {on: false}")
    assert (code, outcomes(report)) == (3, {"off": "skipped"})


def test_all_advisory_is_inconclusive(gonogo):
    code, _, _ = gonogo("  - {name: By the way, severity: advisory, exec: {command: [echo]}}")
    assert code == 3


def test_all_waived_is_inconclusive(gonogo):
    waivers = "waivers: [{check: no, owner: me, reason: known, expires: 2099-01-01}]"
    code, report, _ = gonogo("  - {name: 'No', exec: {command: ['false']}}", head=waivers)
    assert (code, outcomes(report)) == (3, {"no": "waived"})


def test_an_expired_waiver_waives_nothing(gonogo):
    waivers = "waivers: [{check: no, owner: me, reason: known, expires: 2020-01-01}]"
    code, report, _ = gonogo(f"  - {{name: 'No', exec: {{command: ['false']}}}}\n  - {ECHO}", head=waivers)
    assert (code, outcomes(report)) == (1, {"no": "fail", "echo": "pass"})


def test_an_error_is_never_waived(gonogo):
    waivers = "waivers: [{check: no-tool, owner: me, reason: known, expires: 2099-01-01}]"
    code, report, _ = gonogo(f"  - {{name: No tool, exec: {{command: [no-such-tool-here]}}}}\n  - {ECHO}", head=waivers)
    assert (code, outcomes(report)) == (3, {"no-tool": "error", "echo": "pass"})


def test_a_dry_run_is_no_go_ahead(gonogo):
    code, report, _ = gonogo(f"  - {ECHO}", "--dry-run")
    assert (code, report) == (3, None)


# ---- argo-rollouts, schemathesis: the run was cut short


def test_the_deadline_makes_what_it_cuts_an_error(gonogo):
    code, report, _ = gonogo("  - {name: Long, exec: {command: [sleep, '20']}, timeout: 30s}", head="deadline: 200ms")
    assert (code, outcomes(report)) == (3, {"long": "error"})


HEEDING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from agent.__main__ import main; main()"
)
"""`gonogo`, also where a shell had its background job ignore SIGINT."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_is_never_go(number, code, tmp_path):
    profile, report, mark = tmp_path / "p.yaml", tmp_path / "r.json", tmp_path / "started"
    profile.write_text(
        "name: p\nrequire: any\nchecks:\n  - {name: Echo, exec: {command: [echo]}}\n"
        f"  - {{name: Long, exec: {{command: [sh, -c, 'touch {mark}; sleep 60']}}, timeout: 90s}}\n"
    )
    command = [sys.executable, "-c", HEEDING, "run", str(profile), "-q", "--report", f"json:{report}"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        _until(mark.exists)
        os.kill(process.pid, number)
        assert process.wait(30) == code
    found = msgspec.json.decode(report.read_bytes(), type=Report)
    assert (found.decision, found.interrupted) == (Decision.INCONCLUSIVE, number.name)


def _until(condition):
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, "it never came"
        os.sched_yield()


# ---- gatus, kayenta: a value that is none


@pytest.mark.parametrize(
    "text",
    ["oops", "", "NaN", "null", "-", "1e999", "0x10", "\uff11\uff12"],
)
def test_text_that_is_no_number_is_not_zero(text, gonogo):
    code, _, _ = gonogo(
        f"  - {{name: Errors, exec: {{command: [printf, 'errors=%s', {text!r}], regex: {{errors: 'errors=(.*)'}}}}, "
        "expect: {errors: {below: 10}}}"
    )
    assert code == 1


def test_an_absent_reading_is_not_zero(gonogo):
    code, _, _ = gonogo(
        "  - {name: Errors, exec: {command: [echo, '{}'], json: {errors: count}}, expect: {errors: {max: 10}}}"
    )
    assert code == 1


def test_an_empty_list_holds_no_limit(gonogo):
    code, _, _ = gonogo(
        "  - {name: All up, exec: {command: [echo, '[]'], json: {up: '[]'}}, expect: {up: {equals: true}}}"
    )
    assert code == 1


def test_cut_json_holds_no_limit(gonogo):
    code, _, _ = gonogo(
        """  - {name: Cut, exec: {command: [echo, '{"a": 1'], json: {a: a}}, expect: {a: {exists: false}}}"""
    )
    assert code == 1


# ---- keptn, kayenta: nothing to compare with


def test_a_baseline_that_is_not_there_is_an_error(gonogo):
    code, report, _ = gonogo(
        "  - {name: Grown, exec: {command: [echo, '5'], regex: {n: '(.*)'}}, expect: {n: {max_increase: 5%}}}",
        head="baseline: no-such-report.json",
    )
    assert (code, outcomes(report)) == (3, {"grown": "error"})


# ---- troubleshoot: an outcome that no rule matches; pint: a warning; plugins: UNKNOWN below OK


def test_unknown_of_a_plugin_is_not_below_ok(gonogo):
    code, report, _ = gonogo(
        f"  - {ECHO}\n  - {{name: Plugin, exec: {{command: [sh, -c, 'echo UNKNOWN; exit 3'], nagios: true}}}}"
    )
    assert (code, outcomes(report)) == (3, {"echo": "pass", "plugin": "error"})


def test_an_error_is_never_outvoted_by_a_pass_that_needs_it(gonogo):
    code, report, _ = gonogo(
        "  - {name: No tool, id: tool, exec: {command: [no-such-tool-here]}}\n"
        f"  - {{name: After, needs: [tool], exec: {{command: [echo]}}}}\n  - {ECHO}"
    )
    assert (code, outcomes(report)) == (3, {"tool": "error", "after": "blocked", "echo": "pass"})


def test_an_active_check_that_may_not_run_is_not_passed_over(gonogo):
    code, report, _ = gonogo(f"  - {ECHO}\n  - {{name: Write, active: true, exec: {{command: [echo]}}}}")
    assert (code, outcomes(report)) == (3, {"echo": "pass", "write": "blocked"})


# ---- goss, YAML: a key that overwrites another, a key that nobody reads


@pytest.mark.parametrize(
    "checks",
    [
        pytest.param("  - {name: Echo, exec: {command: ['false']}, exec: {command: [echo]}}", id="a key twice"),
        pytest.param("  - {name: Echo, exec: {command: [echo]}, expct: {stdout: no}}", id="a misspelt key"),
        pytest.param("  - {name: Echo, exec: {command: [echo]}, expect: {stdot: no}}", id="a misspelt metric"),
        pytest.param("  - {name: Echo, exec: {command: [echo], shel: true}}", id="a misspelt setting"),
        pytest.param(
            "  - {name: Echo, exec: {command: [echo]}, expect: {stdout: {mtches: no}}}", id="a misspelt limit"
        ),
        pytest.param("  - {name: Echo, exec: {command: [echo, $(hots)]}}", id="a misspelt variable"),
        pytest.param("  - {name: Echo, needs: [ehco], exec: {command: [echo]}}", id="a misspelt reference"),
    ],
)
def test_what_is_misspelt_is_refused(checks, gonogo):
    assert gonogo(checks)[:2] == (2, None)


def test_a_census_that_lost_a_check_is_refused(gonogo):
    assert gonogo(f"  - {{name: Section, require: 1/2, checks: [{ECHO}]}}")[:2] == (2, None)


def test_a_tag_that_nothing_has_selects_nothing(gonogo):
    assert gonogo(f"  - {ECHO}", "--tag", "smoke")[:2] == (2, None)


# ---- the report that was asked for


def test_a_report_that_cannot_be_written_is_not_a_go(gonogo):
    code, _, said = gonogo(f"  - {ECHO}", "--report", "junit:/no/such/folder/junit.xml")
    assert code == 4
    assert (
        said
        == "gonogo: the junit report could not be written to /no/such/folder/junit.xml: No such file or directory\n"
    )


def test_no_go_wins_over_a_report_that_cannot_be_written(gonogo):
    code, _, _ = gonogo("  - {name: 'No', exec: {command: ['false']}}", "--report", "junit:/no/such/folder/junit.xml")
    assert code == 1


def test_events_that_cannot_be_written_are_not_a_go(gonogo):
    assert gonogo(f"  - {ECHO}", "--report", "ndjson:/dev/full")[0] == 4


def test_what_the_deadline_cut_is_no_go_whatever_the_quorum(gonogo):
    checks = f"  - {ECHO}\n  - {{name: Long, exec: {{command: [sleep, '20']}}, timeout: 30s}}"
    code, report, _ = gonogo(checks, head="deadline: 500ms\nrequire: any")
    assert (code, outcomes(report)) == (3, {"echo": "pass", "long": "error"})
    assert report.derivation[0] == "INCONCLUSIVE: p 1/2 (1 undecided), needs 1; the run was cut short"
