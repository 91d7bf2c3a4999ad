"""Every fault of the sample system is noticed, by the check that should, with the reason and the exit code."""

import re

import msgspec
import pytest

from agent import cli
from agent.demo.faults import FAULTS
from agent.model import Decision
from agent.report import Report

CODES = {Decision.GO: 0, Decision.NO_GO: 1, Decision.INCONCLUSIVE: 3}


def demo(tmp_path, *options):
    """Run the demo as the command line does; gives the exit code and the report."""
    file = tmp_path / "report.json"
    code, _ = cli.invoke(["demo", "--quiet", "--report", f"json:{file}", *options])
    return code, msgspec.json.decode(file.read_bytes(), type=Report)


def test_the_whole_sample_is_go(tmp_path):
    code, report = demo(tmp_path)
    assert (code, report.decision, report.headline) == (0, Decision.GO, "GO: Demo shop")
    assert report.counts == {"pass": 15}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_turns_the_verdict(fault, tmp_path):
    code, report = demo(tmp_path, "--break", fault.name)
    results = {entry.address: entry.result for entry in report.root.checks()}
    noticed = results[fault.check]
    assert (report.decision, code) == (fault.decision, CODES[fault.decision])
    assert re.match(fault.reason, noticed.reason), noticed.reason


def test_there_are_at_least_twelve_faults_of_each_kind_of_verdict():
    assert len(FAULTS) >= 12
    assert {fault.decision for fault in FAULTS.values()} == set(Decision)
